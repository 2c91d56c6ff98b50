import { setImmediate as nextTurn } from 'node:timers/promises';

/** Photos in one message: it must neither be large nor hold up others for long. */
export const photosInMessage = 1_000;

/**
 * Collects photos that have changed and hands them out in bounded portions, each photo once however often it changed
 * meanwhile. The first portion goes at once, the rest a turn of the event loop apart.
 */
export class PhotoFeed {
  readonly #hand: (ids: readonly string[]) => void;
  readonly #waiting = new Set<string>();
  #busy = false;
  #stopped = false;

  constructor(hand: (ids: readonly string[]) => void) {
    this.#hand = hand;
  }

  touch(ids: Iterable<string>): void {
    for (const id of ids) this.#waiting.add(id);
    if (!this.#busy && !this.#stopped) void this.#run();
  }

  /** Nobody is there to hear it any more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.size > 0) {
        const ids: string[] = [];
        for (const id of this.#waiting) {
          ids.push(id);
          if (ids.length === photosInMessage) break;
        }
        for (const id of ids) this.#waiting.delete(id);
        this.#hand(ids);
        if (this.#waiting.size > 0) await nextTurn();
      }
    } finally {
      this.#busy = false;
    }
  }
}
