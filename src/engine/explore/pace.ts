import { setImmediate as nextTurn } from 'node:timers/promises';

/** Others get their turn at least this often (ms). */
const turn = 40;

/** Keeps long computations stoppable, and the process they run in responsive. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((done: number, total: number) => void) | undefined;
  #last = performance.now();

  /** @param onProgress hears how far a computation is, some times a second */
  constructor(signal?: AbortSignal, onProgress?: (done: number, total: number) => void) {
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Whether it is time for {@link rest}: cheap enough to be asked for every row. */
  get due(): boolean {
    return performance.now() - this.#last > turn;
  }

  /** Tells how far it is and lets others have their turn. @throws the signal's reason */
  async rest(done: number, total: number): Promise<void> {
    this.#onProgress?.(done, total);
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}
