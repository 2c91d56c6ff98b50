import { setImmediate as nextTurn } from 'node:timers/promises';
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

/** A loss as a function of weights, and where training ended. */
export interface Surface {
  readonly weights: Float32Array;
  readonly filters: readonly Filter[];
  /**
   * Measures places on a line, plane, ... through the solution; yields how many of them are done.
   *
   * @param directions each as long as the weights
   * @param steps of each place: how far along each of the directions; what is missing is 0
   * @returns the places in their order
   * @throws the signal's reason
   */
  places(
    directions: readonly Float32Array[],
    steps: readonly (readonly number[])[],
    signal?: AbortSignal,
  ): AsyncGenerator<number, Place[]>;
}

/** Others get their turn so often (ms). */
const turnAfter = 20;

/** Keeps long work stoppable, and the process it runs in responsive. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** @throws the signal's reason */
  async give(): Promise<void> {
    if (performance.now() - this.#last > turnAfter) {
      await nextTurn();
      this.#last = performance.now();
    }
    this.#signal?.throwIfAborted();
  }
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
    async *places(directions, steps, signal) {
      const turns = new Turns(signal);
      const found: Place[] = [];
      for (const place of steps) {
        await turns.give();
        const moved = weights.slice();
        directions.forEach((direction, index) => {
          const step = place[index] ?? 0;
          for (let at = 0; at < moved.length; at++)
            moved[at] = (moved[at] as number) + step * (direction[at] as number);
        });
        found.push(loss(moved));
        yield found.length;
      }
      return found;
    },
  };
}
