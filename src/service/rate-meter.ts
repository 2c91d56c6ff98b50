/** Rates are taken over this long (ms). */
const window = 5000;

/** How fast work is, and how long it has to go. */
export interface Pace {
  /** Units a second over the last few seconds; null while nobody can tell. */
  readonly rate: number | null;
  /** Seconds to go; null without a rate or a total. */
  readonly eta: number | null;
}

/** Turns counts into rates. */
export class RateMeter {
  readonly #marks: { time: number; done: number }[] = [];

  constructor() {
    this.#marks.push({ time: performance.now(), done: 0 });
  }

  /** The pace now that so much is done. */
  at(done: number, total: number | null | undefined): Pace {
    const time = performance.now();
    this.#marks.push({ time, done });
    while (this.#marks.length > 2 && time - (this.#marks[0]?.time ?? time) > window) this.#marks.shift();
    const first = this.#marks[0] ?? { time, done };
    const seconds = (time - first.time) / 1000;
    const rate = seconds > 0 && done > first.done ? (done - first.done) / seconds : null;
    return {
      rate,
      eta: rate === null || total === undefined || total === null ? null : (total - done) / rate,
    };
  }
}
