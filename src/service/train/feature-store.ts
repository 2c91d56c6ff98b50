import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Photo } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { View } from '../../engine/data/decode.ts';
import { openSession } from '../../engine/devices/open-session.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import { graphHash } from '../../engine/graph/hash.ts';
import { batchSize, extractFeatures } from '../../engine/train/extract-features.ts';
import type { FeatureTimes, PhotoToRead } from '../../engine/train/extract-features.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import { cacheFolder } from '../../store/cache-folder.ts';
import { openFeatureCache, pruneFeatureCaches } from '../../store/feature-cache.ts';
import type { FeatureCache } from '../../store/feature-cache.ts';
import { readPhoto } from '../../store/photos.ts';

/** Views that are the same of every photo. */
const fixedViews = {
  plain: { flip: false },
  flip: { flip: true },
  'turn-1': { flip: false, turns: 1 },
  'turn-2': { flip: false, turns: 2 },
  'turn-3': { flip: false, turns: 3 },
  'upside-down': { flip: true, turns: 2 },
} as const satisfies Record<string, View>;

/** A view that is drawn for each photo. */
export interface DrawnView {
  /** Equal names show the same of every photo. */
  readonly name: string;
  /** @param id of the photo */
  readonly of: (id: string) => View;
}

/** A view of photos whose features are kept. */
export type FeatureView = keyof typeof fixedViews | DrawnView;

/** What a view is called in caches. */
export const nameOf = (view: FeatureView): string => (typeof view === 'string' ? view : view.name);

const viewOf = (view: FeatureView, id: string): View =>
  typeof view === 'string' ? fixedViews[view] : view.of(id);

/** Where features and activations are kept, unless a test says otherwise. */
export const featureFolder = (): string => join(cacheFolder(), 'features');

/** All of them together take no more than this on disk (bytes); the least recently used go first. */
export const featureBytes = 8 * 1024 ** 3;

/** What a kill may cost: features are flushed to the disk after so many views, or so many milliseconds. */
const flushEvery = { views: 256, ms: 1000 };

export interface FeatureProgress {
  /** Views computed, of `total` that were not cached; 0 before the first. */
  readonly done: number;
  readonly total: number;
  /** Photos they are of. */
  readonly photos: number;
}

/** Features of photos by content, computed once per trunk, policy and view, and remembered on disk. */
export class FeatureStore {
  readonly #trunk: Trunk;
  readonly #policy: InputPolicy;
  readonly #folder: string;
  readonly #device: DeviceId;
  readonly #caches = new Map<string, FeatureCache>();
  /** What the cache folder did not take: kept for this training, by view and photo. */
  readonly #unkept = new Map<string, Float32Array>();
  readonly times: FeatureTimes = { decode: 0, inference: 0 };
  /** Views computed since the store was opened. */
  computed = 0;
  /** Set when features could not be written to the cache folder: they will be computed again next time. */
  storageProblem: string | undefined;

  /** @param device where features are computed; the caches of different devices are kept apart */
  constructor(trunk: Trunk, policy: InputPolicy, folder = featureFolder(), device: DeviceId = 'cpu') {
    this.#device = device;
    this.#trunk = trunk;
    this.#policy = policy;
    this.#folder = folder;
  }

  /** Names the network and the input policy that features come from. */
  get key(): string {
    return `${this.#source()} ${policyHash(this.#policy)}`;
  }

  /** Devices round differently: what one has computed is not what another would have. */
  #source(): string {
    const network = graphHash(this.#trunk.graph);
    return this.#device === 'cpu'
      ? network
      : createHash('sha256').update(`${network} ${this.#device}`).digest('hex');
  }

  /**
   * Computes what isn't cached.
   *
   * @param wanted which views of which photo
   * @param roots folders the photos' paths are relative to
   * @yields progress after each batch
   * @returns photos that could not be decoded after all, with the reason
   */
  async *compute(
    wanted: readonly { readonly photo: Photo; readonly views: readonly FeatureView[] }[],
    roots: readonly string[],
    signal?: AbortSignal,
  ): AsyncGenerator<FeatureProgress, Map<string, string>> {
    const failed = new Map<string, string>();
    const jobs = this.#jobs(wanted, roots);
    if (jobs.length === 0) return failed;
    const photos = jobs.length;
    const total = jobs.reduce((sum, { missing }) => sum + missing.length, 0);
    yield { done: 0, total, photos };

    const started = performance.now();
    const session = await openSession(exportOnnx(this.#trunk.graph, { inputType: 'uint8' }), this.#device);
    let done = 0;
    let told = 0;
    let flushed = { done: 0, time: started };
    try {
      const batch = batchSize(this.#policy);
      for await (const event of extractFeatures(jobs, this.#policy, session, batch, this.times, signal)) {
        const job = jobs[event.index];
        if (job === undefined) continue;
        if (event.type === 'failed') {
          failed.set(job.id, event.reason);
          done += job.missing.length;
        } else {
          const view = job.missing[event.view];
          if (view !== undefined) this.#keep(nameOf(view), job.id, event.vector);
          done += 1;
          this.computed += 1;
        }
        if (done - told >= batch || done === total) {
          told = done;
          yield { done, total, photos };
        }
        const time = performance.now();
        if (done - flushed.done >= flushEvery.views || time - flushed.time >= flushEvery.ms) {
          await this.#flush();
          flushed = { done, time };
        }
      }
    } finally {
      await this.#flush();
      await session.release();
      await this.#guard(() => void pruneFeatureCaches(this.#folder, featureBytes));
    }
    return failed;
  }

  /** The features of a view of a photo, or undefined when they were never computed. */
  get(view: FeatureView, id: string): Float32Array | undefined {
    const name = nameOf(view);
    return this.#unkept.get(`${name} ${id}`) ?? this.#cache(name)?.get(id);
  }

  async close(): Promise<void> {
    await this.#flush();
    for (const cache of this.#caches.values()) await this.#guard(() => cache.close());
    this.#caches.clear();
  }

  /** What is missing, one job a photo; copies of one photo stand in for each other. */
  #jobs(
    wanted: readonly { readonly photo: Photo; readonly views: readonly FeatureView[] }[],
    roots: readonly string[],
  ): Job[] {
    const jobs: Job[] = [];
    const copies = new Map<string, Photo[]>();
    for (const { photo, views } of wanted) {
      const others = copies.get(photo.id);
      if (others !== undefined) {
        others.push(photo);
        continue;
      }
      const files = [photo];
      copies.set(photo.id, files);
      const missing = views.filter((view) => !this.#has(nameOf(view), photo.id));
      if (missing.length === 0) continue;
      jobs.push({
        id: photo.id,
        missing,
        index: jobs.length,
        bytes: photo.bytes,
        views: missing.map((view) => viewOf(view, photo.id)),
        read: () => readFirst(files, roots),
      });
    }
    return jobs;
  }

  #has(name: string, id: string): boolean {
    return this.#unkept.has(`${name} ${id}`) || this.#cache(name)?.has(id) === true;
  }

  /** Undefined where the cache folder can't even be looked into. */
  #cache(view: string): FeatureCache | undefined {
    let cache = this.#caches.get(view);
    if (cache === undefined && this.storageProblem === undefined) {
      try {
        cache = openFeatureCache(this.#folder, {
          graphHash: this.#source(),
          policyHash: policyHash(this.#policy),
          view,
          dimension: this.#trunk.dimension,
        });
        this.#caches.set(view, cache);
      } catch (error) {
        this.#trouble(error);
      }
    }
    return cache;
  }

  #keep(view: string, id: string, vector: Float32Array): void {
    try {
      this.#cache(view)?.put(id, vector);
    } catch (error) {
      this.#trouble(error);
    }
    if (this.#cache(view)?.has(id) !== true) this.#unkept.set(`${view} ${id}`, vector.slice());
  }

  async #flush(): Promise<void> {
    for (const cache of this.#caches.values()) await this.#guard(() => cache.flush());
  }

  /** A full or read-only cache folder costs time next time, not this training. */
  async #guard(write: () => void | Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#trouble(error);
    }
  }

  #trouble(error: unknown): void {
    this.storageProblem ??= error instanceof Error ? error.message : String(error);
  }
}

type Job = PhotoToRead & { readonly id: string; readonly missing: readonly FeatureView[] };

/** The first of several copies of a photo that is still there. @throws HolotypeError of the last */
async function readFirst(copies: readonly Photo[], roots: readonly string[]): Promise<Uint8Array> {
  let trouble: unknown;
  for (const { root, path } of copies) {
    try {
      return await readPhoto(roots[root] ?? '', path);
    } catch (error) {
      trouble = error;
    }
  }
  throw trouble;
}

/** Names an input policy in cache keys. */
export function policyHash(policy: InputPolicy): string {
  const { height, width, resize, cropFraction, mean, std } = policy;
  return createHash('sha256')
    .update(JSON.stringify([height, width, resize, cropFraction, mean, std]))
    .digest('hex');
}
