/** Finds a learning rate by trying ever higher ones for a step each (the range test of Smith 2017). */
import { seededRandom } from '../data/random.ts';
import { createHead } from './head-model.ts';
import { trainStep } from './head-step.ts';
import type { HeadTraining } from './head-training.ts';
import { createOptimizer } from './optimizer.ts';
import { epochOrder } from './sampling.ts';

/** A rate that was tried. */
export interface RatePoint {
  readonly rate: number;
  /** Mean loss of training photos when it was the rate's turn, smoothed. */
  readonly loss: number;
}

export interface RateSearch {
  /** From the lowest rate on, until the loss ran away. */
  readonly points: readonly RatePoint[];
  /** The rate to train with: undefined where the loss never fell, so that no rate is better than another. */
  readonly chosen: number | undefined;
}

export type RateEvent =
  | { readonly type: 'batch'; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly search: RateSearch };

/** Rates that are tried. */
const tried: RateRange = { from: 1e-6, to: 10, steps: 140 };
/** The loss as it is followed: a running mean in which some ten steps count. */
const kept = 0.9;
/** A loss so many times the lowest one has run away. */
const runaway = 4;
/** The rate where the loss is lowest is on the brink: training takes a tenth of it, as fastai does. */
const safety = 10;
/** A loss that fell by less than this share of its start has not fallen. */
const least = 0.02;

/** The UI, signals and timers get their turn at least this often (ms). */
const turn = 40;

/**
 * Trains a head at rates that rise from step to step, follows the loss, and takes a tenth of the rate at which it was
 * lowest. The head is thrown away.
 *
 * @param task one head, in `groups`; its own learning rate and schedule are of no account
 * @throws the signal's reason, within a step of its abort
 */
export async function* findLearningRate(
  task: HeadTraining,
  signal?: AbortSignal,
): AsyncGenerator<RateEvent, void> {
  const { train, classes, groups, seed, batchSize } = task;
  const head = createHead(train.columns, classes, task, groups, seed);
  const { l1, l2, clip } = task;
  const optimizer = createOptimizer(task.optimizer, head.trained, { l1, l2, clip, groups: groups.length });
  try {
    const sweep = new RateSweep(tried);
    let order: number[] = [];
    let lastTurn = performance.now();
    for (let step = 0; step < tried.steps; step++) {
      if (order.length === 0) {
        const random = seededRandom(seed * 100_003 + step);
        order = epochOrder(task.sampling ?? 'shuffle', train, train.rows, classes, random);
      }
      const sums = { loss: new Float64Array(1), right: new Float64Array(1), n: new Float64Array(1) };
      trainStep(head, optimizer, task, order.splice(0, batchSize), sweep.rate, sums);
      const loss = (sums.loss[0] as number) / Math.max(1, sums.n[0] as number);
      if (!sweep.took(loss)) break;
      if (performance.now() - lastTurn > turn) {
        yield { type: 'batch', done: step + 1, total: tried.steps };
        await new Promise((resolve) => setImmediate(resolve));
        lastTurn = performance.now();
      }
      signal?.throwIfAborted();
    }
    yield { type: 'done', search: sweep.result() };
  } finally {
    optimizer.dispose();
    head.dispose();
  }
}

/** Rates from one to another in so many steps, evenly spaced on a logarithmic scale. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

/** Goes through rising rates, and follows what the loss makes of them. */
export class RateSweep {
  readonly #range: RateRange;
  readonly #points: RatePoint[] = [];
  #smoothed = 0;
  #lowest = Number.POSITIVE_INFINITY;

  constructor(range: RateRange) {
    this.#range = range;
  }

  /** Whose turn it is. */
  get rate(): number {
    const { from, to, steps } = this.#range;
    return from * (to / from) ** (this.#points.length / (steps - 1));
  }

  /**
   * @param loss of the step at the rate whose turn it was
   * @returns false when the loss ran away: higher rates are not worth a try
   */
  took(loss: number): boolean {
    this.#smoothed = kept * this.#smoothed + (1 - kept) * loss;
    const mean = this.#smoothed / (1 - kept ** (this.#points.length + 1)); // it began at 0
    if (!Number.isFinite(mean) || mean > runaway * Math.max(this.#lowest, 1e-3)) return false;
    this.#lowest = Math.min(this.#lowest, mean);
    this.#points.push({ rate: this.rate, loss: mean });
    return true;
  }

  result(): RateSearch {
    return { points: this.#points, chosen: chosenRate(this.#points) };
  }
}

/** A tenth of the rate where the loss was lowest; undefined where it did not fall. */
export function chosenRate(points: readonly RatePoint[]): number | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  const best = points.reduce((a, b) => (b.loss < a.loss ? b : a));
  if (!(best.loss < first.loss * (1 - least))) return undefined;
  return Number((best.rate / safety).toPrecision(2));
}
