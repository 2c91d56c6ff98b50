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
    return photos * dimension * 2;
  }

  set(photo: number, vector: Float32Array): void {
    const start = this.#row(photo) * this.dimension;
    packHalves(vector, this.#data.subarray(start, start + this.dimension));
  }

  /** @returns [photos, dimension] */
  gather(photos: readonly number[]): Float32Array {
    const { dimension } = this;
    const values = new Float32Array(photos.length * dimension);
    photos.forEach((photo, i) => {
      const start = this.#row(photo) * dimension;
      unpackHalves(
        this.#data.subarray(start, start + dimension),
        values.subarray(i * dimension, (i + 1) * dimension),
      );
    });
    return values;
  }

  #row(photo: number): number {
    const row = this.#rows.get(photo);
    if (row === undefined) throw new Error(`There are no activations of photo ${photo}.`);
    return row;
  }
}

/** Photos as the tail takes them: what is computed of them, when, and how much of it is kept is the owner's matter. */
export interface BoundaryPhotos {
  /** Class index of each photo. */
  readonly labels: Int32Array;
  /** How many photos one `prepare` may ask for. */
  readonly atOnce: number;
  /**
   * Makes activations of a view of these photos available to `gather`; those of other photos or views may go.
   * The same call gives the same bits, whatever was asked before.
   *
   * @yields photos done, of the number asked for
   */
  prepare(
    view: number,
    photos: readonly number[],
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly done: number; readonly total: number }, void>;
  /** @returns [photos, dimension] */
  gather(view: number, photos: readonly number[]): Float32Array;
}
