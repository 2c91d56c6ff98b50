import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { View } from '../../engine/data/decode.ts';
import { createPool } from '../../engine/devices/onnx-pool.ts';
import type { OnnxSession } from '../../engine/devices/onnx-session.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../engine/graph/graph.ts';
import { batchSize, extractFeatures } from '../../engine/train/extract-features.ts';
import { Activations } from '../../engine/train/finetune/activations.ts';
import type { BoundaryPhotos } from '../../engine/train/finetune/activations.ts';
import { trainingView } from '../../engine/train/finetune/views.ts';
import { readPhoto } from '../../store/photos.ts';

/** A network that is run on photos: loaded at its first use, on every core. */
export class PhotoRunner {
  readonly #graph: ModelGraph;
  readonly #policy: InputPolicy;
  readonly #roots: readonly string[];
  #session: Promise<OnnxSession> | undefined;

  /** @param graph takes RGB 0..255; its one output is a vector */
  constructor(graph: ModelGraph, policy: InputPolicy, roots: readonly string[]) {
    this.#graph = graph;
    this.#policy = policy;
    this.#roots = roots;
  }

  /**
   * Runs photos in their order, in the same batches every time.
   *
   * @yields the vector of each photo with its place in `photos`
   * @throws HolotypeError('bad-input') when a photo that was fine before can't be read any more
   */
  async *run(
    photos: readonly Photo[],
    viewOf: (place: number) => View,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly place: number; readonly vector: Float32Array }, void> {
    this.#session ??= createPool(exportOnnx(this.#graph, { inputType: 'uint8' }));
    const session = await this.#session;
    const jobs = photos.map((photo, index) => ({
      index,
      bytes: photo.bytes,
      views: [viewOf(index)],
      read: () => readPhoto(this.#roots[photo.root] ?? '', photo.path),
    }));
    const times = { decode: 0, inference: 0 };
    const policy = this.#policy;
    for await (const event of extractFeatures(jobs, policy, session, batchSize(policy), times, signal)) {
      if (event.type === 'failed')
        throw new HolotypeError(
          'bad-input',
          `The photo "${photos[event.index]?.path ?? ''}" can't be read any more: ${event.reason}.`,
          {
            remedy: 'Check that the folder of photos is still there and unchanged, then train with --resume.',
          },
        );
      yield { place: event.index, vector: event.vector };
    }
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.release();
  }
}

/** Photos at the freeze boundary, computed when they are asked for and kept while there is room. */
export class FrozenPhotos implements BoundaryPhotos {
  readonly labels: Int32Array;
  readonly atOnce: number;
  readonly #photos: readonly Photo[];
  readonly #runner: PhotoRunner;
  readonly #dimension: number;
  readonly #seed: number;
  readonly #mostViews: number;
  /** Oldest first. */
  readonly #views = new Map<number, { readonly photos: readonly number[]; readonly kept: Activations }>();

  /**
   * @param budget room for activations, in bytes
   * @param views how many views are worth keeping: 1 where none is used twice
   */
  constructor(
    runner: PhotoRunner,
    photos: readonly Photo[],
    { dimension, seed, budget, views }: { dimension: number; seed: number; budget: number; views: number },
  ) {
    this.labels = Int32Array.from(photos, ({ label }) => label);
    this.#photos = photos;
    this.#runner = runner;
    this.#dimension = dimension;
    this.#seed = seed;
    const one = Activations.bytes(1, dimension);
    this.atOnce = Math.min(photos.length, Math.max(1, Math.floor(budget / one)));
    const whole = Math.max(1, Activations.bytes(photos.length, dimension));
    this.#mostViews =
      this.atOnce < photos.length ? 1 : Math.max(1, Math.min(views, Math.floor(budget / whole)));
  }

  async *prepare(
    view: number,
    photos: readonly number[],
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly done: number; readonly total: number }, void> {
    const there = this.#views.get(view);
    if (there !== undefined && photos.every((photo, i) => there.photos[i] === photo)) return;
    this.#views.delete(view);
    for (const old of this.#views.keys()) if (this.#views.size >= this.#mostViews) this.#views.delete(old);
    const kept = new Activations(photos, this.#dimension);
    const some = photos.flatMap((photo) => this.#photos[photo] ?? []);
    const viewOf = (place: number): View => trainingView(this.#seed, photos[place] ?? 0, view);
    let done = 0;
    for await (const { place, vector } of this.#runner.run(some, viewOf, signal)) {
      kept.set(photos[place] ?? 0, vector);
      done += 1;
      yield { done, total: photos.length };
    }
    this.#views.set(view, { photos, kept });
  }

  gather(view: number, photos: readonly number[]): Float32Array {
    const there = this.#views.get(view);
    if (there === undefined) throw new Error(`View ${view} was not prepared.`);
    return there.kept.gather(photos);
  }
}
