import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { decodeConcurrency, decodeViews } from '../data/decode.ts';
import type { View } from '../data/decode.ts';
import type { OnnxSession } from '../devices/onnx-session.ts';

/** A photo whose features are wanted. */
export interface PhotoToRead {
  /** The caller's number for it. */
  readonly index: number;
  readonly bytes: number;
  readonly views: readonly View[];
  /** Reads the file. */
  read(): Promise<Uint8Array>;
}

export type FeatureEvent =
  | { readonly type: 'vector'; readonly index: number; readonly view: number; readonly vector: Float32Array }
  | { readonly type: 'failed'; readonly index: number; readonly reason: string };

/** Where the time of a feature pass went, in seconds of wall time that each part was waited for or worked on. */
export interface FeatureTimes {
  decode: number;
  inference: number;
}

/** Files being read or decoded at once never hold more than this. */
const bytesInFlight = 256 * 1024 * 1024;

/** Batches of pixels that may wait for the backbone. */
const batchesAhead = 2;

interface Decoded {
  readonly photo: PhotoToRead;
  readonly pixels: readonly Uint8Array[];
  readonly error: string | undefined;
}

/**
 * Runs photos through the trunk. Decoding goes on in libuv's threads while the session computes, because enough
 * photos are always under way; results come in the photos' order, so the batches, and so the bits, are the same
 * every time.
 *
 * @param session takes uint8 [n, height, width, 3], returns [n, dimension]
 * @param batchSize views a run of the session
 * @param times added to as the pass goes
 * @throws the signal's reason, within a batch of its abort
 */
export async function* extractFeatures(
  photos: readonly PhotoToRead[],
  policy: InputPolicy,
  session: OnnxSession,
  batchSize: number,
  times: FeatureTimes,
  signal?: AbortSignal,
): AsyncGenerator<FeatureEvent, void> {
  const size = policy.height * policy.width * 3;
  let slots: { index: number; view: number }[] = [];
  let batch = new Uint8Array(batchSize * size);

  async function* flush(): AsyncGenerator<FeatureEvent, void> {
    if (slots.length === 0) return;
    signal?.throwIfAborted();
    const started = performance.now();
    const pixels = batch.subarray(0, slots.length * size);
    const [features] = await session.run(pixels, [slots.length, policy.height, policy.width, 3]);
    times.inference += (performance.now() - started) / 1000;
    if (features === undefined) throw new HolotypeError('failed', 'The backbone returned nothing.');
    const dimension = features.length / slots.length;
    const done = slots;
    slots = [];
    for (const [at, { index, view }] of done.entries()) {
      yield { type: 'vector', index, view, vector: features.subarray(at * dimension, (at + 1) * dimension) };
    }
  }

  const decoded = decodeAhead(photos, policy, batchSize * batchesAhead, times, signal);
  for await (const { photo, pixels, error } of decoded) {
    if (error !== undefined) {
      yield { type: 'failed', index: photo.index, reason: error };
      continue;
    }
    for (const [view, values] of pixels.entries()) {
      batch.set(values, slots.length * size);
      slots.push({ index: photo.index, view });
      if (slots.length === batchSize) yield* flush();
    }
  }
  yield* flush();
  batch = new Uint8Array(0);
}

/** Decodes photos in order, keeping at most about `ahead` views and {@link bytesInFlight} under way. */
async function* decodeAhead(
  photos: readonly PhotoToRead[],
  policy: InputPolicy,
  ahead: number,
  times: FeatureTimes,
  signal: AbortSignal | undefined,
): AsyncGenerator<Decoded, void> {
  const queue: { promise: Promise<Decoded>; views: number; bytes: number }[] = [];
  let next = 0;
  let views = 0;
  let bytes = 0;
  const fill = (): void => {
    while (next < photos.length) {
      const photo = photos[next];
      if (photo === undefined) break;
      const room = views < ahead && bytes < bytesInFlight;
      if (!room && queue.length >= decodeConcurrency()) break;
      if (bytes >= bytesInFlight && queue.length > 0) break;
      next += 1;
      views += photo.views.length;
      bytes += photo.bytes;
      const promise = decodeOne(photo, policy);
      promise.catch(() => undefined); // awaited in turn; an early rejection must not count as unhandled
      queue.push({ promise, views: photo.views.length, bytes: photo.bytes });
    }
  };
  for (;;) {
    signal?.throwIfAborted();
    fill();
    const first = queue.shift();
    if (first === undefined) return;
    const started = performance.now();
    const result = await first.promise;
    times.decode += (performance.now() - started) / 1000;
    views -= first.views;
    bytes -= first.bytes;
    fill();
    yield result;
  }
}

async function decodeOne(photo: PhotoToRead, policy: InputPolicy): Promise<Decoded> {
  try {
    return { photo, pixels: await decodeViews(await photo.read(), policy, photo.views), error: undefined };
  } catch (error) {
    if (error instanceof HolotypeError) return { photo, pixels: [], error: error.message };
    throw error;
  }
}
