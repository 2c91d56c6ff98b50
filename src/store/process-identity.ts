import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

/** Who wrote a lock or a temporary file. */
export interface ProcessIdentity {
  /** Name of the machine (a container has its own). */
  host: string;
  pid: number;
  /** When the process began, in a form that only this machine understands; '' where it can't be known. */
  started: string;
}

let own: ProcessIdentity | undefined;
let counter = 0;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { host: hostname(), pid: process.pid, started: startOf(process.pid) };
  return own;
}

/**
 * Is the process still running? A pid alone would lie after a restart, when somebody else has the number, so
 * the start time is compared too where the system tells it.
 *
 * @returns 'unknown' for a process of another machine (a shared drive, a container)
 */
export function processState(identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (identity.host !== ownIdentity().host) return 'unknown';
  if (!pidExists(identity.pid)) return 'dead';
  if (identity.started === '') return 'alive';
  const started = startOf(identity.pid);
  return started === '' || started === identity.started ? 'alive' : 'dead';
}

/** A name that no other process, thread or call makes: `<host>-<pid>-<start>-<thread>-<number>`, each in hex or decimal. */
export function uniqueToken(): string {
  const { host, pid, started } = ownIdentity();
  counter += 1;
  return `${shortHash(host)}-${pid}-${shortHash(started)}-${threadId}-${counter.toString(36)}${randomPart()}`;
}

/** Like {@link processState}, for a name made by {@link uniqueToken}; undefined when it is no such name. */
export function tokenState(token: string): 'alive' | 'dead' | 'unknown' | undefined {
  const match = /^([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-\d+-[0-9a-z]+$/.exec(token);
  if (!match) return undefined;
  const [, host, pid, started] = match;
  if (host !== shortHash(ownIdentity().host)) return 'unknown';
  if (!pidExists(Number(pid))) return 'dead';
  const now = startOf(Number(pid));
  return now === '' || started === shortHash('') || started === shortHash(now) ? 'alive' : 'dead';
}

function pidExists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Linux: the boot's id and the start time in clock ticks since boot (proc(5), field 22). Elsewhere ''. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name (field 2) is in brackets and may hold anything, so count from the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields[19];
    if (ticks === undefined) return '';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${ticks}`;
  } catch {
    return '';
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function randomPart(): string {
  return Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
}
