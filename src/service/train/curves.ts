import type { Dataset } from '../../contract/dataset.ts';
import { jobEventBodySchema, type JobEventBody } from '../../contract/job-events.ts';
import type { Advice } from '../../contract/metrics.ts';
import type { EpochPoint } from '../../contract/runs.ts';
import { adviseOnCurves } from '../../engine/evaluate/advice-curves.ts';
import type { CurveInput } from '../../engine/evaluate/advice-input.ts';
import type { Run } from '../../store/runs.ts';

/** The curves of head and fine-tuning, by what a training tells. */
export class Curves {
  readonly #stages = { head: new Map<number, EpochPoint>(), finetune: new Map<number, EpochPoint>() };
  #stage: EpochPoint['stage'] = 'head';

  /** A part that is begun again, or gone on with, counts as it was done last. */
  hear(event: JobEventBody): void {
    if (event.type === 'stage') {
      if (event.stage !== 'head' && event.stage !== 'finetune') return;
      this.#stage = event.stage;
      // "Judging the fine-tuned model" ends a part, and so does whatever comes after its epochs.
      const last = event.from?.epoch;
      const points = this.#stages[event.stage];
      if (last !== undefined) for (const epoch of points.keys()) if (epoch > last) points.delete(epoch);
    } else if (event.type === 'epoch') {
      const { epoch, trainLoss, valLoss, trainAccuracy, valAccuracy, learningRate } = event;
      const points = this.#stages[this.#stage];
      // An epoch that was there already means that all after it are of an earlier try.
      if (points.has(epoch)) for (const other of points.keys()) if (other >= epoch) points.delete(other);
      const figures = { trainLoss, valLoss, trainAccuracy, valAccuracy, learningRate };
      points.set(epoch, { stage: this.#stage, epoch, ...figures });
    }
  }

  get points(): EpochPoint[] {
    return [...this.#stages.head.values(), ...this.#stages.finetune.values()];
  }
}

/** Watches a training's curves while it runs, and says what they mean. */
export class CurveWatch {
  readonly #curves = new Curves();
  #known: Omit<CurveInput, 'curves' | 'running'>;
  #told = '';

  /** @param past what was told before, of a training that goes on */
  constructor(options: CurveInput['options'] = {}, past: readonly JobEventBody[] = []) {
    this.#known = { options };
    for (const event of past) this.#curves.hear(event);
  }

  /** What is known once the photos are. */
  know({ classes, photos }: Pick<Dataset, 'classes' | 'photos'>): void {
    const splitGiven = photos.some(({ split }) => split !== undefined);
    this.#known = { ...this.#known, classes: classes.length, splitGiven };
  }

  /** All that advice on curves looks at, once training has ended. */
  get input(): CurveInput {
    return { ...this.#known, curves: this.#curves.points };
  }

  /** What is to be advised after an event; undefined where that is what was told last. */
  advise(event: JobEventBody): readonly Advice[] | undefined {
    this.#curves.hear(event);
    if (event.type !== 'epoch') return undefined;
    const advice = adviseOnCurves({ ...this.input, running: true });
    // The numbers change with every epoch; what is said does not.
    const told = advice.map(({ code }) => code).join(' ');
    if (told === this.#told) return undefined;
    this.#told = told;
    return advice;
  }

  /** Passes on what a training tells, and what is to be advised after it. A consumer that leaves early ends both. */
  async *over<Result>(steps: AsyncGenerator<JobEventBody, Result>): AsyncGenerator<JobEventBody, Result> {
    let through = false;
    try {
      for (;;) {
        const step = await steps.next();
        if (step.done === true) {
          through = true;
          return step.value;
        }
        yield step.value;
        const advice = this.advise(step.value);
        if (advice !== undefined) yield { type: 'advice', advice: [...advice] };
      }
    } finally {
      // The result of a generator that was left is nobody's.
      if (!through) await steps.return(undefined as never);
    }
  }
}

/** What a run told before it was gone on with, as far as this version understands it. */
export async function toldBefore(run: Run): Promise<JobEventBody[]> {
  const { events } = await run.readEvents();
  return events.flatMap((event) => jobEventBodySchema.safeParse(event).data ?? []);
}
