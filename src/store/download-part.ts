/**
 * Part files: what has come of a download so far. Their names tell whose they are and what they are the
 * beginning of: `<target>.<validator>.<owner>.part`. No second file has to be kept in step with them, and two
 * processes never write into the same one: taking a part over is a rename, which only one can win.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileSystem } from './file-system.ts';
import { tokenState, uniqueToken } from './process-identity.ts';
import type { Answer } from './proxy.ts';
import { storageError } from './storage-error.ts';

const noValidator = 'new';
const nobody = 'idle';

export class Part {
  readonly #target: string;
  readonly #token: string;
  #validator: string;

  constructor(target: string, token: string, validator: string) {
    this.#target = target;
    this.#token = token;
    this.#validator = validator;
  }

  get path(): string {
    return partPath(this.#target, this.#validator, this.#token);
  }

  /** What these bytes are the beginning of; see {@link partValidator}. */
  get validator(): string {
    return this.#validator;
  }

  /** Says what the (still empty) part will be the beginning of. */
  async name(validator: string): Promise<void> {
    if (validator === this.#validator) return;
    const from = this.path;
    this.#validator = validator;
    await fileSystem.rename(from, this.path).catch((error: unknown) => {
      if (!isMissing(error)) throw storageError(error, from);
    });
  }
}

/** A part of our own, with nothing in it yet. */
export function newPart(target: string): Part {
  return new Part(target, uniqueToken(), noValidator);
}

/** The longest part that nobody works on any more, taken over; or a new one. */
export async function adoptPart(target: string): Promise<Part> {
  const token = uniqueToken();
  for (const { path, validator } of await idleParts(target)) {
    const part = new Part(target, token, validator);
    try {
      await fileSystem.rename(path, part.path);
      return part;
    } catch (error) {
      if (!isMissing(error)) throw storageError(error, path); // missing: somebody was quicker
    }
  }
  return new Part(target, token, noValidator);
}

/** Leaves a part for the next download to go on with; one that can't be recognized again is removed. */
export async function parkPart(part: Part, target: string): Promise<void> {
  if (part.validator === noValidator) return discardPart(part);
  // Losing a part costs time only: an error here must not hide the one that brought us here.
  await fileSystem.rename(part.path, partPath(target, part.validator, nobody)).catch(() => undefined);
}

export async function discardPart(part: Part): Promise<void> {
  await fileSystem.rm(part.path, { force: true }).catch(() => undefined);
}

/**
 * A short name for the exact file a server offers: its address, its entity tag (or date) and its length.
 *
 * @param verified whether a sha256 will tell in the end if pieces of two files were joined
 * @returns 'new', which never matches, when nothing would tell that the file was exchanged in between
 */
export function partValidator(
  url: string,
  headers: Answer['headers'],
  total: number | undefined,
  verified: boolean,
): string {
  const etag = headers.get('etag');
  // A weak tag promises the same meaning, not the same bytes.
  const strong = etag !== null && !etag.startsWith('W/') ? etag : headers.get('last-modified');
  if (strong === null && !verified) return noValidator;
  return createHash('sha256')
    .update(JSON.stringify([url, strong, total ?? null]))
    .digest('hex')
    .slice(0, 16);
}

function partPath(target: string, validator: string, owner: string): string {
  return join(dirname(target), `${basename(target)}.${validator}.${owner}.part`);
}

/** Parts of this target that are parked or whose process is dead, the longest first. */
async function idleParts(target: string): Promise<{ path: string; validator: string; size: number }[]> {
  const parts: { path: string; validator: string; size: number }[] = [];
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(target)}.`) || !name.endsWith('.part')) continue;
    const [validator = '', owner = '', ...more] = name.slice(basename(target).length + 1, -5).split('.');
    const idle = owner === nobody || tokenState(owner) === 'dead';
    if (more.length > 0 || !idle) continue;
    const path = join(dirname(target), name);
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > 0 && validator !== noValidator) parts.push({ path, validator, size });
    else await fileSystem.rm(path, { force: true }).catch(() => undefined);
  }
  return parts.sort((a, b) => b.size - a.size);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
