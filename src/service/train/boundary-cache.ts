import type { InputPolicy } from '../../contract/input-policy.ts';
import { graphHash } from '../../engine/graph/hash.ts';
import type { TailPlan } from '../../engine/train/finetune/plan.ts';
import { openActivationCache, pruneFeatureCaches } from '../../store/feature-cache.ts';
import type { FeatureCache, FeatureCacheKey } from '../../store/feature-cache.ts';
import { freeBytes } from '../../store/folders.ts';
import { featureBytes, featureFolder, policyHash } from './feature-store.ts';

/** One training's activations take no more than this share of what all features may take on disk. */
const shareOfCache = 0.75;
/** And the cache no more than this share of what is free on the disk, or was before it was filled. */
const shareOfDisk = 0.5;
/** Room is made for so much at a time (bytes). */
const roomMade = 256 * 1024 ** 2;
/** Views whose files are open at the same time: the one learned from, and the plain one of validation. */
const mostOpen = 2;

/** What activations come from; the view is missing. */
type Source = Omit<FeatureCacheKey, 'view'>;

/** One view of photos, on disk. */
export interface StoredView {
  has(id: string): boolean;
  /** What is there of these photos, in their order. Never fails: what can't be read isn't there. */
  readAll(ids: readonly string[]): Promise<(Uint16Array | undefined)[]>;
  /** Whether so many more photos can be stored. */
  hasRoom(photos: number): boolean;
  /** @returns whether the photo is there now */
  put(id: string, halves: Uint16Array): boolean;
}

/**
 * Activations at the freeze boundary, kept on disk for trainings that freeze the same part of the same network and
 * look at the same photos: another learning rate, another head, the same training gone on with. Half precision, as in
 * memory, so that what is read is the bits that were computed. It may be deleted at any time; whatever goes wrong with
 * it costs time, not the training.
 */
export class BoundaryCache {
  readonly #folder: string;
  readonly #key: Source;
  /** Least recently opened first. */
  readonly #open = new Map<string, FeatureCache<Uint16Array>>();
  /** What this training has on disk, by view: not to be pruned for more of its own. */
  readonly #own = new Map<string, number>();
  /** Bytes for all that is in the folder. */
  readonly #limit: number;
  readonly #shortOfDisk: boolean;
  #roomLeft = 0;
  #writable = true;
  #problem: string | undefined;
  #told = false;

  private constructor(folder: string, key: Source, limit: number, disk: number) {
    this.#folder = folder;
    this.#key = key;
    this.#limit = Math.min(limit, disk);
    this.#shortOfDisk = disk < limit;
  }

  /**
   * @param plan whose frozen part computes the activations
   * @param limit bytes that all that is in the folder may take
   */
  static async open(
    { frozen, dimension }: Pick<TailPlan, 'frozen' | 'dimension'>,
    policy: InputPolicy,
    folder = featureFolder(),
    limit = featureBytes,
  ): Promise<BoundaryCache> {
    const key = { graphHash: graphHash(frozen), policyHash: policyHash(policy), dimension };
    try {
      const { bytesLeft } = pruneFeatureCaches(folder, limit);
      return new BoundaryCache(folder, key, limit, shareOfDisk * ((await freeBytes(folder)) + bytesLeft));
    } catch (error) {
      const cache = new BoundaryCache(folder, key, limit, Infinity);
      cache.#cannotWrite(error);
      return cache;
    }
  }

  /**
   * Opens a view. Views that were opened longer ago may be closed: no more than two are used at a time.
   *
   * @param name see `viewName`
   * @returns undefined where the folder can't be looked into
   */
  async view(name: string): Promise<StoredView | undefined> {
    let cache = this.#open.get(name);
    this.#open.delete(name);
    try {
      cache ??= openActivationCache(this.#folder, { ...this.#key, view: name });
    } catch (error) {
      this.#trouble(`Cached activations could not be read: ${messageOf(error)}`);
      return undefined;
    }
    this.#open.set(name, cache);
    this.#own.set(name, cache.size * cache.vectorBytes);
    for (const [oldest, old] of this.#open) {
      if (this.#open.size <= mostOpen) break;
      this.#open.delete(oldest);
      await old.close().catch((error: unknown) => this.#cannotWrite(error));
    }
    return this.#stored(name, cache);
  }

  /** What kept activations from being stored or read, in a sentence, told once; undefined: nothing, or it was told. */
  takeProblem(): string | undefined {
    if (this.#told || this.#problem === undefined) return undefined;
    this.#told = true;
    return this.#problem;
  }

  async close(): Promise<void> {
    for (const cache of this.#open.values())
      await cache.close().catch((error: unknown) => this.#cannotWrite(error));
    this.#open.clear();
  }

  #stored(name: string, cache: FeatureCache<Uint16Array>): StoredView {
    const has = (id: string): boolean => cache.has(id);
    const readAll = async (ids: readonly string[]): Promise<(Uint16Array | undefined)[]> => {
      const there = ids.map(has);
      const vectors = await Promise.all(ids.map((id) => cache.read(id)));
      if (vectors.some((vector, i) => there[i] === true && vector === undefined))
        this.#trouble('Some cached activations are damaged or gone: they are computed anew.');
      return vectors;
    };
    const hasRoom = (photos: number): boolean => {
      if (this.#writable && this.#ownBytes() + photos * cache.vectorBytes > this.#most()) {
        this.#full();
        return false;
      }
      return this.#writable;
    };
    const put = (id: string, halves: Uint16Array): boolean => {
      if (has(id)) return true;
      if (!hasRoom(1)) return false;
      try {
        this.#makeRoom(cache.vectorBytes);
        cache.put(id, halves);
      } catch (error) {
        this.#cannotWrite(error);
        return false;
      }
      this.#own.set(name, (this.#own.get(name) ?? 0) + cache.vectorBytes);
      return true;
    };
    return { has, readAll, hasRoom, put };
  }

  /** That as much is stored as may be needs no words; that the disk is nearly full does. */
  #full(): void {
    if (!this.#shortOfDisk) return;
    const gigabytes = (this.#most() / 1e9).toFixed(1);
    this.#cannotWrite(`only ${gigabytes} GB of the disk are free for them, in "${this.#folder}".`);
  }

  #most(): number {
    return shareOfCache * this.#limit;
  }

  #ownBytes(): number {
    let bytes = 0;
    for (const own of this.#own.values()) bytes += own;
    return bytes;
  }

  /** Deletes what was used longest ago, when there is too much for so many bytes more. */
  #makeRoom(bytes: number): void {
    if (this.#roomLeft < bytes) {
      const room = Math.max(bytes, Math.min(roomMade, this.#most() - this.#ownBytes()));
      pruneFeatureCaches(this.#folder, this.#limit - room);
      this.#roomLeft = room;
    }
    this.#roomLeft -= bytes;
  }

  #cannotWrite(error: unknown): void {
    this.#writable = false;
    this.#trouble(
      `Activations could not be kept on disk, so that some are computed more than once: ${messageOf(error)}`,
    );
  }

  #trouble(problem: string): void {
    this.#problem ??= problem;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
