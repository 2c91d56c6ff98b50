import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { View } from '../../engine/data/decode.ts';
import { createPool } from '../../engine/devices/onnx-pool.ts';
import type { OnnxSession } from '../../engine/devices/onnx-session.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../engine/graph/graph.ts';
import { batchSize, extractFeatures } from '../../engine/train/extract-features.ts';
import { readPhoto } from '../../store/photos.ts';

/** So many photos in a row tell how long one takes. */
const timedPhotos = 64;

/** A network that is run on photos: loaded at its first use, on every core. */
export class PhotoRunner {
  readonly #graph: ModelGraph;
  readonly #policy: InputPolicy;
  readonly #roots: readonly string[];
  #session: Promise<OnnxSession> | undefined;
  /** Photos run since the runner was made. */
  computed = 0;
  /** What a photo takes from file to vector, once some have been run in a row. */
  secondsPerPhoto: number | undefined;

  /** @param graph takes RGB 0..255; its one output is a vector */
  constructor(graph: ModelGraph, policy: InputPolicy, roots: readonly string[]) {
    this.#graph = graph;
    this.#policy = policy;
    this.#roots = roots;
  }

  /**
   * Runs photos in their order. A photo's vector is the same bits, whatever photos it is run with.
   *
   * @yields the vector of each photo with its place in `photos`
   * @throws HolotypeError('bad-input') when a photo that was fine before can't be read any more
   */
  async *run(
    photos: readonly Photo[],
    viewOf: (place: number) => View,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly place: number; readonly vector: Float32Array }, void> {
    if (photos.length === 0) return;
    this.#session ??= createPool(exportOnnx(this.#graph, { inputType: 'uint8' }));
    const session = await this.#session;
    const size = batchSize(this.#policy);
    // Whole batches only: in a batch of another size a matrix product may add up in another order.
    const jobs = Array.from({ length: Math.ceil(photos.length / size) * size }, (_, index) => {
      const place = Math.min(index, photos.length - 1);
      const photo = photos[place] as Photo;
      const read = (): Promise<Uint8Array> => readPhoto(this.#roots[photo.root] ?? '', photo.path);
      return { index, bytes: photo.bytes, views: [viewOf(place)], read };
    });
    const times = { decode: 0, inference: 0 };
    const started = performance.now();
    for await (const event of extractFeatures(jobs, this.#policy, session, size, times, signal)) {
      if (event.index >= photos.length) continue;
      if (event.type === 'failed')
        throw new HolotypeError(
          'bad-input',
          `The photo "${photos[event.index]?.path ?? ''}" can't be read any more: ${event.reason}.`,
          {
            remedy: 'Check that the folder of photos is still there and unchanged, then train with --resume.',
          },
        );
      this.computed += 1;
      const done = event.index + 1;
      if (done === photos.length || done % timedPhotos === 0)
        this.#timed(done, (performance.now() - started) / 1000);
      yield { place: event.index, vector: event.vector };
    }
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.release();
  }

  #timed(photos: number, seconds: number): void {
    if (photos >= timedPhotos || this.secondsPerPhoto === undefined) this.secondsPerPhoto = seconds / photos;
  }
}
