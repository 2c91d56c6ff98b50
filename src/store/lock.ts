import { linkSync, readFileSync, rmSync, statSync } from 'node:fs';
import { HolotypeError } from '../contract/errors.ts';
import { fileSystem } from './file-system.ts';
import { ownIdentity, processState, uniqueToken } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { errnoOf, storageError } from './storage-error.ts';

/** A lock file that this process holds. */
export interface Lock {
  path: string;
  /** Is the file still ours? False after somebody took it for a leftover or deleted it. */
  isHeld(): boolean;
  /** Gives it back; safe to call twice. */
  release(): void;
}

/** A lock of another machine counts as left behind when neither it nor its work has been touched for this long. */
const foreignStaleMs = 60 * 60 * 1000;
/** A lock file that can't be read is still being written, or was cut off by a crash: this long is enough to tell. */
const unreadableStaleMs = 5_000;

/**
 * Takes a lock file, so that two processes never write the same thing. A lock whose process is gone is taken
 * over; one of another machine, when an hour has passed since the last sign of life.
 *
 * @param what what is locked, for the message: `the run "..."`
 * @param signsOfLife files that the holder keeps writing; the newest change of any of them counts
 * @throws HolotypeError('busy') naming the holder, 'storage' when the file can't be written
 */
export function acquireLock(path: string, what: string, signsOfLife: readonly string[] = []): Lock {
  const token = uniqueToken();
  for (let attempt = 0; attempt < 16; attempt += 1) {
    if (create(path, token)) return held(path, token);
    const found = read(path);
    if (found === undefined) continue; // released this very moment
    const reason = whyBusy(found, path, signsOfLife);
    if (reason !== undefined)
      throw new HolotypeError('busy', `${upperFirst(what)} is in use by ${reason}.`, {
        remedy: `Wait until it is done or stop it. If you are sure that nothing uses it, delete "${path}".`,
        details: { path, holder: reason, ...found.identity },
      });
    removeStale(path, found.text);
  }
  throw new HolotypeError('busy', `${upperFirst(what)} is being opened by several programs at once.`, {
    remedy: 'Try again in a moment.',
    details: { path },
  });
}

/** Who holds the lock, as a phrase ("another program (process 12)"); undefined when nobody does. */
export function lockHolder(path: string, signsOfLife: readonly string[] = []): string | undefined {
  const found = read(path);
  return found === undefined ? undefined : whyBusy(found, path, signsOfLife);
}

/**
 * Takes a lock whoever holds it: from then on `isHeld()` is false for the one who had it, who has to ask before every
 * write. What they had begun to write may still be on its way to the disk.
 *
 * @throws HolotypeError('storage') when the file can't be written
 */
export function seizeLock(path: string): Lock {
  const token = uniqueToken();
  const own = `${path}.${token}`;
  if (!create(own, token)) throw new HolotypeError('failed', `"${own}" is there already.`);
  try {
    fileSystem.renameSync(own, path); // in one go: nobody finds the place empty in between
  } catch (error) {
    rmSync(own, { force: true });
    throw storageError(error, path);
  }
  return held(path, token);
}

interface Found {
  text: string;
  identity: ProcessIdentity | undefined;
}

function create(path: string, token: string): boolean {
  let file: number;
  try {
    file = fileSystem.openSync(path, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw storageError(error, path);
  }
  try {
    fileSystem.writeSync(file, JSON.stringify({ ...ownIdentity(), token }));
  } catch (error) {
    rmSync(path, { force: true });
    throw storageError(error, path);
  } finally {
    fileSystem.closeSync(file);
  }
  return true;
}

function held(path: string, token: string): Lock {
  let released = false;
  const isHeld = (): boolean => !released && (read(path)?.text.includes(token) ?? false);
  return {
    path,
    isHeld,
    release() {
      if (isHeld()) rmSync(path, { force: true });
      released = true;
    },
  };
}

function read(path: string): Found | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw storageError(error, path);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'host' in value && 'pid' in value) {
      const { host, pid } = value;
      const started = 'started' in value && typeof value.started === 'string' ? value.started : '';
      if (typeof host === 'string' && typeof pid === 'number')
        return { text, identity: { host, pid, started } };
    }
  } catch {
    // cut off: no identity
  }
  return { text, identity: undefined };
}

/** Who holds the lock, or undefined when it was left behind. */
function whyBusy(found: Found, path: string, signsOfLife: readonly string[]): string | undefined {
  const { identity } = found;
  if (identity === undefined)
    return quietMs([path]) < unreadableStaleMs ? 'a program that is just starting' : undefined;
  const state = processState(identity);
  if (state === 'dead') return undefined;
  if (state === 'unknown') {
    if (quietMs([path, ...signsOfLife]) >= foreignStaleMs) return undefined;
    return `process ${identity.pid} on "${identity.host}"`;
  }
  return identity.pid === ownIdentity().pid
    ? `this program already (process ${identity.pid})`
    : `another program (process ${identity.pid})`;
}

/** Milliseconds since the newest change of any of the files; 0 when none can be looked at. */
function quietMs(paths: readonly string[]): number {
  const changed = paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? [found.mtimeMs] : [];
  });
  return changed.length === 0 ? 0 : Date.now() - Math.max(...changed);
}

/**
 * Removes a lock that was judged to be left behind. Another process may have done so and taken the lock since:
 * the file is moved aside first, which only one can do, and put back if it isn't the one that was judged.
 */
function removeStale(path: string, judged: string): void {
  const aside = `${path}.${uniqueToken()}`;
  try {
    fileSystem.renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw storageError(error, path);
  }
  try {
    if (readFileSync(aside, 'utf8') !== judged) linkSync(aside, path);
  } catch {
    // a third process was faster; the holder will see that its lock is gone
  } finally {
    rmSync(aside, { force: true });
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
