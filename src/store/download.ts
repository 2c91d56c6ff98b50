import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HolotypeError } from '../contract/errors.ts';
import { ensureFolder, renameReplacing, syncFolder, writeAll } from './atomic.ts';
import {
  cancelled,
  Interrupted,
  mismatch,
  networkError,
  Restart,
  StallWatch,
  translate,
} from './download-errors.ts';
import { adoptPart, discardPart, newPart, parkPart, partValidator } from './download-part.ts';
import type { Part } from './download-part.ts';
import { fileSystem } from './file-system.ts';
import { proxiedFetch } from './proxy.ts';
import type { Answer } from './proxy.ts';
import { storageError } from './storage-error.ts';

export interface DownloadOptions {
  /** What the file must be; without it anything is taken, and the result tells what came. */
  readonly sha256?: string;
  /** Bytes the file must have. */
  readonly size?: number;
  readonly onProgress?: (received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
  /** Whether to go on from what an earlier, interrupted download left (default true). */
  readonly resume?: boolean;
  /** How often a broken connection is taken up again (default 4), and the first pause in ms (default 500). */
  readonly retries?: number;
  readonly retryDelay?: number;
  /** Give up on a connection that sends nothing for so many ms (default 60,000). */
  readonly stallTime?: number;
}

/**
 * Downloads a file: into a part file beside the target, which is verified, synced and renamed at the end, so
 * that the target is either absent or whole. A cut connection is taken up where it broke, in this call or the
 * next one, if the server can and the file there is still the same one.
 *
 * @returns the file's sha256 and size
 * @throws HolotypeError 'network' (offline, HTTP error, cut too often), 'checksum' (not the file that was
 *   promised; nothing is kept), 'storage' (disk full, read-only, ...), 'cancelled'
 */
export async function download(
  url: string,
  target: string,
  options: DownloadOptions = {},
): Promise<{ sha256: string; size: number }> {
  await ensureFolder(dirname(target));
  let part = options.resume === false ? newPart(target) : await adoptPart(target);
  const retries = options.retries ?? 4;
  for (let attempt = 0; ; attempt += 1) {
    const before = await sizeOf(part);
    try {
      const whole = await receive(url, part, options);
      verify(url, whole, options);
      await renameReplacing(whole.part.path, target);
      await syncFolder(dirname(target));
      return { sha256: whole.sha256, size: whole.size };
    } catch (error) {
      if (error instanceof Restart && before > 0) {
        // The server can't or must not go on from our part: begin again, without counting it as a failure.
        await discardPart(part);
        part = newPart(target);
        attempt -= 1;
        continue;
      }
      if (error instanceof HolotypeError) {
        // A cancelled download may be taken up again; a wrong or unwritable one is of no use.
        if (error.code === 'cancelled' || error.code === 'network') await parkPart(part, target);
        else await discardPart(part);
        throw error;
      }
      const getsOn = (await sizeOf(part)) > before;
      if (getsOn) attempt = 0;
      if (!(error instanceof Interrupted) || attempt >= retries) {
        await parkPart(part, target);
        throw error instanceof Error ? networkError(url, error.message, error.cause) : error;
      }
    }
    await pause((options.retryDelay ?? 500) * 2 ** attempt, options.signal);
  }
}

interface Received {
  readonly part: Part;
  readonly sha256: string;
  readonly size: number;
  readonly contentType: string;
}

/** One request: appends what comes to the part. @throws Interrupted, Restart, HolotypeError */
async function receive(url: string, part: Part, options: DownloadOptions): Promise<Received> {
  const have = await sizeOf(part);
  const hash = createHash('sha256');
  if (have > 0) await hashFile(part.path, hash);
  if (have > 0 && have === options.size) {
    // Everything had come, and then the program was stopped: the hash below decides.
    const sha256 = hash.copy().digest('hex');
    if (sha256 === options.sha256) return { part, sha256, size: have, contentType: '' };
    throw new Restart();
  }
  const watch = new StallWatch(options.stallTime ?? 60_000, options.signal);
  let response: Answer | undefined;
  try {
    response = await request(url, have, watch.signal);
    const total = checkResponse(url, response, have, options);
    const validator = partValidator(url, response.headers, total, options.sha256 !== undefined);
    if (have > 0 && validator !== part.validator) throw new Restart();
    await part.name(validator);
    const size = await append({ url, part, response, hash, have, total, watch, options });
    if (total !== undefined && size < total)
      throw new Interrupted(`the connection was closed after ${size} of ${total} bytes`);
    return {
      part,
      sha256: hash.digest('hex'),
      size,
      contentType: response.headers.get('content-type') ?? '',
    };
  } catch (error) {
    throw translate(url, error, watch, options.signal);
  } finally {
    watch.stop();
    // An answer nobody reads would keep its connection open.
    if (response?.bodyUsed === false) await response.body?.cancel().catch(() => undefined);
  }
}

async function request(url: string, from: number, signal: AbortSignal): Promise<Answer> {
  const fetch = await proxiedFetch();
  return fetch(url, {
    // Compressed answers would make lengths and ranges meaningless.
    headers: { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
    signal,
  });
}

/** Total size of the file if the server tells it. @throws Restart, Interrupted, HolotypeError('network') */
function checkResponse(
  url: string,
  response: Answer,
  have: number,
  options: DownloadOptions,
): number | undefined {
  const { status } = response;
  if (status === 416 && have > 0) throw new Restart();
  if (status === 429 || status >= 500) throw new Interrupted(`the server answered ${status}`);
  if (status !== 200 && status !== 206) throw networkError(url, `the server answered ${status}`);
  let total: number | undefined;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (!range || Number(range[1]) !== have) throw new Restart();
    total = range[2] === '*' ? undefined : Number(range[2]);
  } else {
    if (have > 0) throw new Restart();
    const length = response.headers.get('content-length');
    if (length !== null && !response.headers.get('content-encoding')) total = Number(length);
  }
  if (options.size !== undefined && total !== undefined && total !== options.size)
    throw mismatch(
      url,
      `it has ${total} bytes instead of ${options.size}`,
      response.headers.get('content-type'),
    );
  return total ?? options.size;
}

/** Writes the answer's body behind what is there. @returns the part's size afterwards */
async function append(transfer: {
  url: string;
  part: Part;
  response: Answer;
  hash: Hash;
  have: number;
  total: number | undefined;
  watch: StallWatch;
  options: DownloadOptions;
}): Promise<number> {
  const { url, part, response, hash, have, total, watch, options } = transfer;
  let size = have;
  const handle = await fileSystem.open(part.path, 'a').catch((error: unknown) => {
    throw storageError(error, part.path);
  });
  try {
    options.onProgress?.(size, total);
    for await (const chunk of response.body ?? []) {
      watch.alive();
      size += chunk.length;
      if (total !== undefined && size > total)
        throw mismatch(url, `more than its ${total} bytes came`, response.headers.get('content-type'));
      hash.update(chunk);
      await writeAll(handle, chunk).catch((error: unknown) => {
        throw storageError(error, part.path);
      });
      options.onProgress?.(size, total);
    }
    await handle.sync().catch((error: unknown) => {
      throw storageError(error, part.path);
    });
  } finally {
    await handle.close();
  }
  return size;
}

function verify(url: string, received: Received, options: DownloadOptions): void {
  if (options.size !== undefined && received.size !== options.size)
    throw mismatch(url, `it has ${received.size} bytes instead of ${options.size}`, received.contentType);
  if (options.sha256 !== undefined && received.sha256 !== options.sha256)
    throw mismatch(
      url,
      `its sha256 is ${received.sha256} instead of ${options.sha256}`,
      received.contentType,
    );
}

async function pause(time: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(time, undefined, signal ? { signal } : {}).catch(() => {
    throw cancelled();
  });
}

async function sizeOf(part: Part): Promise<number> {
  return stat(part.path).then(
    (found) => found.size,
    () => 0,
  );
}

async function hashFile(path: string, hash: Hash): Promise<void> {
  const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
  for await (const chunk of chunks) hash.update(chunk);
}
