import type { JobEventBody, Stage } from '../../contract/job-events.ts';
import { RateMeter } from '../rate-meter.ts';

/** Progress events no more often than this (ms): some 10 a second. */
const throttle = 100;

/** Turns counts into progress events with rate and time to go. */
export class Progress {
  readonly #stage: Stage;
  readonly #unit: string;
  readonly #meter = new RateMeter();
  #last = 0;

  constructor(stage: Stage, unit: string) {
    this.#stage = stage;
    this.#unit = unit;
  }

  /** An event when one is due (always at the end), else undefined. */
  at(done: number, total?: number): JobEventBody | undefined {
    const time = performance.now();
    if (time - this.#last < throttle && done !== total) return undefined;
    this.#last = time;
    return {
      type: 'batch',
      stage: this.#stage,
      done,
      ...(total === undefined ? {} : { total }),
      unit: this.#unit,
      ...this.#meter.at(done, total),
    };
  }
}
