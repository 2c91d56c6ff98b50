import { packHalves, unpackHalves } from './half.ts';

/** Outputs of the frozen part for some photos, in half precision. */
export class Activations {
  readonly dimension: number;
  readonly #rows = new Map<number, number>();
  readonly #data: Uint16Array;

  /** @param photos numbers of the photos there is room for */
  constructor(photos: readonly number[], dimension: number) {
    this.dimension = dimension;
    photos.forEach((photo, row) => this.#rows.set(photo, row));
    this.#data = new Uint16Array(photos.length * dimension);
  }

  /** Room it takes. */
  static bytes(photos: number, dimension: number): number {
    return photos * dimension * Uint16Array.BYTES_PER_ELEMENT;
  }

  /** @param vector `dimension` halves, as their bits */
  set(photo: number, vector: Uint16Array): void {
    this.#data.set(vector, this.#row(photo) * this.dimension);
  }

  /** @returns [photos, dimension] */
  gather(photos: readonly number[]): Float32Array {
    const { dimension } = this;
    return floatsOf(
      photos.map((photo) => {
        const start = this.#row(photo) * dimension;
        return this.#data.subarray(start, start + dimension);
      }),
      dimension,
    );
  }

  #row(photo: number): number {
    const row = this.#rows.get(photo);
    if (row === undefined) throw new Error(`There are no activations of photo ${photo}.`);
    return row;
  }
}

/** A vector in half precision. */
export function halvesOf(vector: Float32Array): Uint16Array {
  const halves = new Uint16Array(vector.length);
  packHalves(vector, halves);
  return halves;
}

/** @returns [vectors, dimension] */
export function floatsOf(vectors: readonly Uint16Array[], dimension: number): Float32Array {
  const values = new Float32Array(vectors.length * dimension);
  vectors.forEach((vector, i) => unpackHalves(vector, values.subarray(i * dimension, (i + 1) * dimension)));
  return values;
}

export type BoundaryEvent =
  /** The frozen part is computing, or its outputs are being read. */
  | { readonly type: 'prepare'; readonly done: number; readonly total: number }
  /** The next batch that was asked for, [photos, dimension]. */
  | { readonly type: 'batch'; readonly values: Float32Array };

/** Photos as the tail takes them: what is computed of them, when, and how much of it is kept is the owner's matter. */
export interface BoundaryPhotos {
  /** Class index of each photo. */
  readonly labels: Int32Array;
  /** [photos, outputs], where the class doesn't say it all; see `FeatureMatrix`. */
  readonly targets?: Float32Array | undefined;
  /**
   * A view of photos at the freeze boundary, batch by batch. The same photo and view are the same bits, whatever was
   * asked before.
   *
   * @param batches numbers of the photos, in the order they are wanted in
   */
  batches(
    view: number,
    batches: readonly (readonly number[])[],
    signal?: AbortSignal,
  ): AsyncGenerator<BoundaryEvent, void>;
}

/** Parts of a list, `size` long but for the last. */
export function inBatches(photos: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(photos.length / size) }, (_, i) =>
    photos.slice(i * size, (i + 1) * size),
  );
}
