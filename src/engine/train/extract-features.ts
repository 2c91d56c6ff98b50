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

/** Batches the session is given at a time, per lane: one it computes, one so that it never waits. */
const batchesPerLane = 2;

/** Views, in batches per lane, that are decoded or being decoded ahead of the session. */
const batchesAhead = 4;

interface Decoded {
  readonly photo: PhotoToRead;
  readonly pixels: readonly Uint8Array[];
  readonly error: string | undefined;
}

/** Views a run of a network: few, so that what passes between its layers stays in a core's cache. */
export function batchSize(policy: InputPolicy): number {
  return policy.height * policy.width > 260 * 260 ? 2 : 4;
}

/**
 * Runs photos through the trunk. Decoding goes on in libuv's threads while the session computes, because enough
 * photos are always under way; results come in the photos' order, whichever batch is done first.
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
  const lanes = session.lanes ?? 1;
  const size = policy.height * policy.width * 3;
  const running: { slots: readonly Slot[]; outputs: Promise<Float32Array[]> }[] = [];
  let slots: Slot[] = [];
  let batch = new Uint8Array(batchSize * size);

  const launch = (): void => {
    const pixels = slots.length === batchSize ? batch : batch.slice(0, slots.length * size);
    const outputs = session.run(pixels, [slots.length, policy.height, policy.width, 3]);
    outputs.catch(() => undefined); // awaited in turn; an early rejection must not count as unhandled
    running.push({ slots, outputs });
    slots = [];
    batch = new Uint8Array(batchSize * size);
  };

  /** The results of the oldest batches, until no more than `left` are under way. */
  async function* collect(left: number): AsyncGenerator<FeatureEvent, void> {
    while (running.length > left) {
      signal?.throwIfAborted();
      const oldest = running.shift();
      if (oldest === undefined) return;
      const started = performance.now();
      const [features] = await oldest.outputs;
      times.inference += (performance.now() - started) / 1000;
      if (features === undefined) throw new HolotypeError('failed', 'The backbone returned nothing.');
      const dimension = features.length / oldest.slots.length;
      for (const [at, { index, view }] of oldest.slots.entries()) {
        const vector = features.subarray(at * dimension, (at + 1) * dimension);
        yield { type: 'vector', index, view, vector };
      }
    }
  }

  const decoded = decodeAhead(photos, policy, batchSize * batchesAhead * lanes, times, signal);
  for await (const { photo, pixels, error } of decoded) {
    if (error !== undefined) {
      yield { type: 'failed', index: photo.index, reason: error };
      continue;
    }
    for (const [view, values] of pixels.entries()) {
      batch.set(values, slots.length * size);
      slots.push({ index: photo.index, view });
      if (slots.length < batchSize) continue;
      launch();
      yield* collect(batchesPerLane * lanes - 1);
    }
  }
  if (slots.length > 0) launch();
  yield* collect(0);
}

/** Whose pixels stand at a place of a batch. */
interface Slot {
  readonly index: number;
  readonly view: number;
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
