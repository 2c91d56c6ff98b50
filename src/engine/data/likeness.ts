/** How alike photos are: by vectors of features, or by fingerprints of their looks. */
import { layoutInLab } from './color-layout.ts';

/** Photos by number, of which one can be compared with all others. */
export interface Likeness {
  /** How many there is something known of. */
  readonly known: number;
  has(photo: number): boolean;
  /** Of every photo to this one, -1..1; NaN where nothing is known. */
  to(photo: number): Float32Array;
}

/** Whole steps that a vector's largest number is divided into. */
const steps = 127;

/**
 * Vectors a byte a number: each is scaled to its largest number and rounded to 8 bits, which leaves a
 * cosine right to some thousandths. 50,000 vectors of 1,280 take 64 MB and are compared with one in a tenth of a second.
 */
export class VectorLikeness implements Likeness {
  readonly #dimension: number;
  readonly #values: Int8Array;
  /** 1 / length of each vector as it is stored; 0: there is none. */
  readonly #scales: Float64Array;
  known = 0;

  /** @param photos numbers 0..photos-1 */
  constructor(photos: number, dimension: number) {
    this.#dimension = dimension;
    this.#values = new Int8Array(photos * dimension);
    this.#scales = new Float64Array(photos);
  }

  /** @param vector its first `dimension` numbers count; one of zeros is like nothing and stays unknown */
  set(photo: number, vector: Float32Array): void {
    const dimension = this.#dimension;
    const values = this.#values;
    let largest = 0;
    for (let i = 0; i < dimension; i++) {
      const value = vector[i] as number;
      if (value > largest) largest = value;
      else if (-value > largest) largest = -value;
    }
    if (!(largest > 0 && largest < Infinity)) return;
    const factor = steps / largest;
    const start = photo * dimension;
    let square = 0;
    for (let i = 0; i < dimension; i++) {
      const scaled = (vector[i] as number) * factor;
      // Rounded: what is behind the point is dropped.
      const value = (scaled < 0 ? scaled - 0.5 : scaled + 0.5) | 0;
      values[start + i] = value;
      square += value * value;
    }
    if (this.#scales[photo] === 0) this.known += 1;
    this.#scales[photo] = 1 / Math.sqrt(square);
  }

  has(photo: number): boolean {
    return (this.#scales[photo] ?? 0) > 0;
  }

  to(photo: number): Float32Array {
    const dimension = this.#dimension;
    const values = this.#values;
    const own = values.slice(photo * dimension, (photo + 1) * dimension);
    const ownScale = this.#scales[photo] as number;
    return Float32Array.from(this.#scales, (scale, other) => {
      if (scale === 0 || ownScale === 0) return Number.NaN;
      let sum = 0;
      for (let i = 0, at = other * dimension; i < dimension; i++, at++)
        sum += (own[i] as number) * (values[at] as number);
      return Math.min(1, Math.max(-1, sum * scale * ownScale));
    });
  }
}

/** Colours so far apart (in L*a*b*, where black and white are 100 apart) have nothing to do with each other. */
const unlike = 50;

/**
 * By the colours that photos have at the same places: 1 for the same ones, 0 and below for others. Of each photo's ten
 * nearest of flowers 40% are of its class (21% would be by chance); perceptual hashes, which tell copies from the rest
 * but no more, get 22%.
 */
export class LooksLikeness implements Likeness {
  readonly #layouts: readonly (Float32Array | undefined)[];
  readonly known: number;

  /** @param layouts what `colorLayout` says of each photo by number, where known */
  constructor(layouts: readonly (string | undefined)[]) {
    this.#layouts = layouts.map((layout) => (layout === undefined ? undefined : layoutInLab(layout)));
    this.known = this.#layouts.reduce((count, layout) => count + (layout === undefined ? 0 : 1), 0);
  }

  has(photo: number): boolean {
    return this.#layouts[photo] !== undefined;
  }

  to(photo: number): Float32Array {
    const own = this.#layouts[photo];
    return Float32Array.from(this.#layouts, (layout) => {
      if (own === undefined || layout === undefined) return Number.NaN;
      let square = 0;
      for (let i = 0; i < own.length; i++) square += ((own[i] as number) - (layout[i] as number)) ** 2;
      return Math.max(-1, 1 - Math.sqrt((3 * square) / own.length) / unlike);
    });
  }
}

/**
 * The photos most like one.
 *
 * @param likeness of every photo to it, as {@link Likeness.to} says
 * @returns their numbers, the likest first (of equals the first), without the photo itself and those nothing is known of
 */
export function likest(likeness: Float32Array, photo: number, limit: number): Uint32Array {
  const others = Uint32Array.from(likeness.keys()).filter(
    (other) => other !== photo && !Number.isNaN(likeness[other]),
  );
  return others.sort((a, b) => (likeness[b] as number) - (likeness[a] as number) || a - b).slice(0, limit);
}
