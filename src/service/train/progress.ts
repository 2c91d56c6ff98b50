import type { JobEventBody, Stage } from '../../contract/job-events.ts';

/** Progress events no more often than this (ms): some 10 a second. */
const throttle = 100;
/** Rates are taken over this long (ms). */
const window = 5000;

/** Turns counts into progress events with rate and time to go. */
export class Progress {
  readonly #stage: Stage;
  readonly #unit: string;
  readonly #marks: { time: number; done: number }[];
  #last = 0;

  constructor(stage: Stage, unit: string) {
    this.#stage = stage;
    this.#unit = unit;
    this.#marks = [{ time: performance.now(), done: 0 }];
  }

  /** An event when one is due (always at the end), else undefined. */
  at(done: number, total?: number): JobEventBody | undefined {
    const time = performance.now();
    if (time - this.#last < throttle && done !== total) return undefined;
    this.#last = time;
    this.#marks.push({ time, done });
    while (this.#marks.length > 2 && time - (this.#marks[0]?.time ?? time) > window) this.#marks.shift();
    const first = this.#marks[0] ?? { time, done };
    const seconds = (time - first.time) / 1000;
    const rate = seconds > 0 && done > first.done ? (done - first.done) / seconds : null;
    return {
      type: 'batch',
      stage: this.#stage,
      done,
      ...(total === undefined ? {} : { total }),
      unit: this.#unit,
      rate,
      eta: rate === null || total === undefined ? null : (total - done) / rate,
    };
  }
}
