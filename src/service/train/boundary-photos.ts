import type { Augmentation } from '../../contract/augment.ts';
import type { Photo } from '../../contract/dataset.ts';
import type { View } from '../../engine/data/decode.ts';
import { Activations, floatsOf, halvesOf, inBatches } from '../../engine/train/finetune/activations.ts';
import type { BoundaryEvent, BoundaryPhotos } from '../../engine/train/finetune/activations.ts';
import { trainingView, viewName } from '../../engine/train/finetune/views.ts';
import { knownOf } from './answering.ts';
import type { Answering } from './answering.ts';
import type { BoundaryCache, StoredView } from './boundary-cache.ts';
import type { PhotoRunner } from './photo-runner.ts';

/** Read from the disk at a time while a view is loaded: no more photos, and about no more bytes. */
const readAtOnce = { photos: 64, bytes: 64 * 1024 ** 2 };
/** So many photos tell how long reading one takes. */
const timedPhotos = 8;
/** Photos that are computed to tell what computing costs, when reading seems slow. */
const triedPhotos = 16;

/** When the disk is worth using. */
export interface DiskWorth {
  /** Below this many seconds nothing computes a photo faster than it is read. */
  readonly quickRead: number;
  /** A gigabyte of the disk is worth taking when it saves this many seconds the next time. */
  readonly secondsPerGigabyte: number;
}

const usualWorth: DiskWorth = { quickRead: 0.5e-3, secondsPerGigabyte: 10 };

/** What there is for activations at the freeze boundary, and what they are of. */
export interface BoundaryRoom {
  readonly runner: PhotoRunner;
  /** What the photos are to be answered with. */
  readonly answering: Answering;
  readonly cache: BoundaryCache;
  /** Numbers of a photo. */
  readonly dimension: number;
  readonly seed: number;
  /** How views change the photos; absent: as is usual. */
  readonly augmentation?: Augmentation;
  /** Memory for activations, in bytes. */
  readonly budget: number;
  /** How many views are worth keeping in memory: 1 where none is used twice. */
  readonly views: number;
  readonly worth?: DiskWorth;
}

type Preparing = Extract<BoundaryEvent, { type: 'prepare' }>;

/**
 * Photos at the freeze boundary. A view that fits into memory is loaded whole, from the disk as far as it is there.
 * One that doesn't is put on the disk whole and read batch by batch, each while the one before is learned from; where
 * the disk has no room for it, or is slower than computing, it is loaded in parts. The bits are the same every way.
 * What is computed is stored for the next training on the way.
 */
export class FrozenPhotos implements BoundaryPhotos {
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;
  readonly #photos: readonly Photo[];
  readonly #room: BoundaryRoom;
  readonly #worth: DiskWorth;
  /** Photos whose activations fit into memory. */
  readonly #atOnce: number;
  readonly #mostViews: number;
  /** Whole views in memory, oldest first. */
  readonly #views = new Map<number, Activations>();
  /** What was read of the view at hand, and how long that took. */
  #read = { photos: 0, seconds: 0 };
  /** False once the disk would not take a whole view. */
  #canStream = true;

  constructor(photos: readonly Photo[], room: BoundaryRoom) {
    const { labels, targets } = knownOf(photos, room.answering);
    this.labels = labels;
    this.targets = targets;
    this.#photos = photos;
    this.#room = room;
    this.#worth = room.worth ?? usualWorth;
    const { budget, dimension, views } = room;
    this.#atOnce = Math.max(1, Math.floor(budget / Activations.bytes(1, dimension)));
    const whole = Math.max(1, Activations.bytes(photos.length, dimension));
    this.#mostViews = Math.max(1, Math.min(views, Math.floor(budget / whole)));
  }

  async *batches(
    view: number,
    batches: readonly (readonly number[])[],
    signal?: AbortSignal,
  ): AsyncGenerator<BoundaryEvent, void> {
    if (batches.length === 0) return;
    this.#read = { photos: 0, seconds: 0 };
    if (this.labels.length <= this.#atOnce) {
      const whole = yield* this.#whole(view, signal);
      for (const batch of batches) yield { type: 'batch', values: whole.gather(batch) };
      return;
    }
    const stored = await this.#stored(view);
    let rest = batches;
    if (stored !== undefined && this.#canStream && (yield* this.#fill(view, stored, signal)))
      rest = yield* this.#stream(view, stored, batches, signal);
    yield* this.#inParts(view, stored, rest, signal);
  }

  /** How many activations are on the disk: photos, each in so many views. */
  async countStored(views: number): Promise<number> {
    let count = 0;
    for (let view = 0; view < views; view++) {
      const stored = await this.#stored(view);
      if (stored !== undefined) count += this.#photos.filter(({ id }) => stored.has(id)).length;
    }
    return count;
  }

  /** Computes some photos' plain view, whatever is stored. @returns [photos, dimension], and the seconds a photo took */
  async compute(
    photos: readonly number[],
    signal?: AbortSignal,
  ): Promise<{ values: Float32Array; secondsPerPhoto: number }> {
    const started = performance.now();
    const vectors: Uint16Array[] = [];
    for await (const { vector } of this.#run(0, photos, signal)) vectors.push(halvesOf(vector));
    const secondsPerPhoto = (performance.now() - started) / 1000 / Math.max(1, photos.length);
    return { values: floatsOf(vectors, this.#room.dimension), secondsPerPhoto };
  }

  /** A view in memory. */
  async *#whole(view: number, signal: AbortSignal | undefined): AsyncGenerator<Preparing, Activations> {
    const there = this.#views.get(view);
    if (there !== undefined) return there;
    for (const old of this.#views.keys()) if (this.#views.size >= this.#mostViews) this.#views.delete(old);
    // In one order, whatever the epoch's: neighbours in the file are then read one after the other.
    const photos = [...this.labels.keys()];
    const whole = yield* this.#load(view, await this.#stored(view), photos, signal);
    this.#views.set(view, whole);
    return whole;
  }

  /** Photos of a view, from the disk as far as that is quicker, the others computed and stored. */
  async *#load(
    view: number,
    stored: StoredView | undefined,
    photos: readonly number[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Preparing, Activations> {
    const { dimension } = this.#room;
    const kept = new Activations(photos, dimension);
    const missing: number[] = [];
    const total = photos.length;
    let seen = 0;
    const few = Math.max(1, Math.floor(readAtOnce.bytes / Activations.bytes(1, dimension)));
    for (const some of inBatches(photos, Math.min(readAtOnce.photos, few))) {
      seen += some.length;
      if (stored === undefined || !(await this.#readingPays(signal))) {
        missing.push(...some);
        continue;
      }
      const vectors = await this.#readTimed(stored, some);
      for (const [at, photo] of some.entries()) {
        const vector = vectors[at];
        if (vector === undefined) missing.push(photo);
        else kept.set(photo, vector);
      }
      signal?.throwIfAborted();
      yield { type: 'prepare', done: seen - missing.length, total };
    }
    for await (const { photo, halves, at } of this.#compute(view, stored, missing, signal)) {
      kept.set(photo, halves);
      yield { type: 'prepare', done: total - missing.length + at, total };
    }
    return kept;
  }

  /** Has the disk hold a whole view. @returns whether it does now */
  async *#fill(
    view: number,
    stored: StoredView,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Preparing, boolean> {
    const missing = [...this.labels.keys()].filter((photo) => !stored.has(this.#id(photo)));
    this.#canStream = stored.hasRoom(missing.length) || missing.length === 0;
    if (!this.#canStream) return false;
    const total = this.labels.length;
    for await (const { at, refused } of this.#compute(view, stored, missing, signal)) {
      this.#canStream = !refused;
      if (refused) return false;
      yield { type: 'prepare', done: total - missing.length + at, total };
    }
    return true;
  }

  /** Reads batch by batch, one ahead. @returns batches that are left because computing is quicker */
  async *#stream(
    view: number,
    stored: StoredView,
    batches: readonly (readonly number[])[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<BoundaryEvent, readonly (readonly number[])[]> {
    const read = (batch: readonly number[]) => stored.readAll(batch.map((photo) => this.#id(photo)));
    // Read for the time it takes: while a batch is learned from, nobody could tell.
    await this.#readTimed(stored, batches.flat().slice(0, timedPhotos));
    if (!(await this.#readingPays(signal))) return batches;
    let ahead = read(batches[0] ?? []);
    try {
      for (const [index, batch] of batches.entries()) {
        const vectors = await ahead;
        const next = batches[index + 1];
        ahead = next === undefined ? Promise.resolve([]) : read(next);
        const lost = batch.filter((_, at) => vectors[at] === undefined);
        const anew = new Map<number, Uint16Array>();
        for await (const { photo, halves } of this.#compute(view, stored, lost, signal))
          anew.set(photo, halves);
        const whole = batch.flatMap((photo, at) => vectors[at] ?? anew.get(photo) ?? []);
        yield { type: 'batch', values: floatsOf(whole, this.#room.dimension) };
        signal?.throwIfAborted();
      }
      return [];
    } finally {
      await ahead;
    }
  }

  /** Loads as many batches at a time as memory holds. */
  async *#inParts(
    view: number,
    stored: StoredView | undefined,
    batches: readonly (readonly number[])[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<BoundaryEvent, void> {
    const perPart = Math.max(1, Math.floor(this.#atOnce / Math.max(1, batches[0]?.length ?? 1)));
    for (let start = 0; start < batches.length; start += perPart) {
      const part = batches.slice(start, start + perPart);
      // A photo may come more than once, where classes are balanced.
      const loaded = yield* this.#load(view, stored, [...new Set(part.flat())], signal);
      for (const batch of part) yield { type: 'batch', values: loaded.gather(batch) };
    }
  }

  /**
   * Computes photos and stores them, once it is known that this pays.
   *
   * @yields each photo in its order; `at`: how many there were; `refused`: it was not stored, nor will others be
   */
  async *#compute(
    view: number,
    stored: StoredView | undefined,
    photos: readonly number[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ photo: number; halves: Uint16Array; at: number; refused: boolean }, void> {
    const { runner } = this.#room;
    let waiting: [photo: number, halves: Uint16Array][] = [];
    let refused = stored === undefined;
    let at = 0;
    for await (const { place, vector } of this.#run(view, photos, signal)) {
      at += 1;
      const photo = photos[place] ?? 0;
      const halves = halvesOf(vector);
      if (!refused) waiting.push([photo, halves]);
      if (runner.secondsPerPhoto !== undefined) {
        refused ||= !this.#keepingPays(runner.secondsPerPhoto);
        for (const [one, numbers] of waiting) refused ||= stored?.put(this.#id(one), numbers) !== true;
        waiting = [];
      }
      yield { photo, halves, at, refused };
    }
  }

  #run(view: number, photos: readonly number[], signal: AbortSignal | undefined) {
    const { runner, seed, augmentation } = this.#room;
    const some = photos.map((photo) => this.#photos[photo] as Photo);
    const viewOf = (place: number): View => trainingView(seed, some[place]?.id ?? '', view, augmentation);
    return runner.run(some, viewOf, signal);
  }

  async #readTimed(stored: StoredView, photos: readonly number[]): Promise<(Uint16Array | undefined)[]> {
    const started = performance.now();
    const vectors = await stored.readAll(photos.map((photo) => this.#id(photo)));
    this.#read.seconds += (performance.now() - started) / 1000;
    this.#read.photos += vectors.filter((vector) => vector !== undefined).length;
    return vectors;
  }

  /** Whether a photo is read in less time than it is computed, as far as is known. */
  async #readingPays(signal: AbortSignal | undefined): Promise<boolean> {
    const { photos, seconds } = this.#read;
    if (photos < timedPhotos || seconds < this.#worth.quickRead * photos) return true;
    const { runner } = this.#room;
    if (runner.secondsPerPhoto === undefined)
      await this.compute([...this.labels.keys()].slice(0, triedPhotos), signal);
    return seconds / photos < (runner.secondsPerPhoto ?? Infinity);
  }

  #keepingPays(secondsPerPhoto: number): boolean {
    const gigabytes = Activations.bytes(1, this.#room.dimension) / 1e9;
    return secondsPerPhoto > gigabytes * this.#worth.secondsPerGigabyte;
  }

  #stored(view: number): Promise<StoredView | undefined> {
    const { cache, seed, augmentation } = this.#room;
    return cache.view(viewName(seed, view, augmentation));
  }

  #id(photo: number): string {
    return this.#photos[photo]?.id ?? '';
  }
}
