/** Where a training stands, beyond what its options say. */
export interface TrainSurroundings {
  /** Aborted to end it early: the best weights so far are kept, and a model is made of them. */
  readonly stop?: AbortSignal;
  /** A training of a project; absent: run and model share the folder `options.out`. */
  readonly place?: ProjectPlace;
}

/** Where a project keeps a training; its labels file lists the photos it may use, and no others are looked at. */
export interface ProjectPlace {
  /** The project's folder. */
  readonly folder: string;
  /** A run that was made in `<folder>/runs` already; with `options.resume` it has a past to go on from. */
  readonly run: string;
  /** The saved model's folder. */
  readonly out: string;
  /** What the model is called. */
  readonly name: string;
}

/** A clock (ms) that stands still while the consumer of a training does something else: while it is paused. */
export class WorkClock {
  #outside = 0;

  now(): number {
    return performance.now() - this.#outside;
  }

  /** Passes on what a generator yields; the time until the next value is asked for does not count. */
  async *watch<Value, Result>(source: AsyncGenerator<Value, Result>): AsyncGenerator<Value, Result> {
    let over = false;
    try {
      for (;;) {
        const step = await source.next();
        if (step.done === true) {
          over = true;
          return step.value;
        }
        const left = performance.now();
        yield step.value;
        this.#outside += performance.now() - left;
      }
    } finally {
      // The result of a generator that was left is nobody's.
      if (!over) await source.return(undefined as never);
    }
  }
}

/** @returns seconds since the last call */
export function stopwatch(clock: WorkClock): () => number {
  let last = clock.now();
  return () => {
    const now = clock.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
