import type { Filter } from './directions.ts';

/** How good the model is on one set of photos. */
export interface Figures {
  /** Mean; infinite or NaN where it is no number. */
  readonly loss: number;
  /** Share that is answered right, 0..1; NaN for numbers. */
  readonly accuracy: number;
}

/** How good the model is with some weights; without validation photos `val` is null. */
export interface Place {
  readonly train: Figures;
  readonly val: Figures | null;
}

/** A line, plane, ... through the solution. */
export interface Slice {
  /** @param steps how far along each of the slice's directions */
  at(...steps: readonly number[]): Place;
  dispose(): void;
}

/** A loss as a function of weights, and where training ended. */
export interface Surface {
  readonly weights: Float32Array;
  readonly filters: readonly Filter[];
  /** @param directions each as long as the weights */
  slice(directions: readonly Float32Array[]): Slice;
}

/** The surface of any loss. */
export function surfaceOf(
  loss: (weights: Float32Array) => Place,
  weights: Float32Array,
  filters: readonly Filter[],
): Surface {
  return {
    weights,
    filters,
    slice: (directions) => ({
      at: (...steps) => {
        const moved = weights.slice();
        directions.forEach((direction, index) => {
          const step = steps[index] ?? 0;
          for (let at = 0; at < moved.length; at++)
            moved[at] = (moved[at] as number) + step * (direction[at] as number);
        });
        return loss(moved);
      },
      dispose: () => undefined,
    }),
  };
}
