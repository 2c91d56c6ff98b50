/** What the shape of a training's curves says in numbers. */
import type { EpochPoint } from '../../contract/runs.ts';

/** Curves of one stage, with what all rules look at. */
export interface Shape {
  readonly stage: EpochPoint['stage'];
  readonly points: readonly EpochPoint[];
  readonly first: EpochPoint;
  readonly last: EpochPoint;
  /** The epoch with the lowest validation loss, whose weights are kept; without one, the last. */
  readonly best: EpochPoint;
  /** A loss that means "knows nothing": that of guessing evenly among the classes; without classes, the first epoch's. */
  readonly scale: number;
  /** Epochs whose training loss is well above the one before. */
  readonly jumps: readonly number[];
  /**
   * How much of the training loss fell in the first and last third of the way: thirds of the sum of learning rates, so
   * that a schedule that ends at zero doesn't look like rest. Null with fewer than {@link enoughForThirds} epochs.
   */
  readonly thirds: {
    readonly first: number;
    readonly last: number;
    /** Epochs of the last third. */
    readonly end: readonly EpochPoint[];
  } | null;
}

/** A loss that rises by this factor, and by this part of {@link Shape.scale}, has jumped: noise does neither. */
const jump = { factor: 1.5, ofScale: 0.05 };
const enoughForThirds = 6;

/**
 * @param points epochs of one stage, in order
 * @param classes of which a photo has one; absent: the task is another
 * @returns undefined for no epochs
 */
export function shapeOf(points: readonly EpochPoint[], classes: number | undefined): Shape | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const scale = classes === undefined ? (first.trainLoss ?? 1) : Math.log(Math.max(2, classes));
  return {
    stage: first.stage,
    points,
    first,
    last,
    best: bestOf(points) ?? last,
    scale,
    jumps: jumpsOf(points, scale),
    thirds: thirdsOf(points),
  };
}

function bestOf(points: readonly EpochPoint[]): EpochPoint | undefined {
  let best: EpochPoint | undefined;
  for (const point of points)
    if (point.valLoss !== null && (best?.valLoss ?? Infinity) > point.valLoss) best = point;
  return best;
}

function jumpsOf(points: readonly EpochPoint[], scale: number): number[] {
  const found: number[] = [];
  for (let at = 1; at < points.length; at++) {
    const before = points[at - 1]?.trainLoss ?? null;
    const point = points[at];
    if (before === null || point === undefined || point.trainLoss === null) continue;
    if (point.trainLoss > jump.factor * before && point.trainLoss - before > jump.ofScale * scale)
      found.push(point.epoch);
  }
  return found;
}

function thirdsOf(points: readonly EpochPoint[]): Shape['thirds'] {
  if (points.length < enoughForThirds) return null;
  // The way from the first epoch on: what was before it is in its loss already.
  const way = [0];
  for (const { learningRate } of points.slice(1)) way.push((way.at(-1) ?? 0) + learningRate);
  const total = way.at(-1) ?? 0;
  if (!(total > 0)) return null;
  const indexAt = (part: number): number => way.findIndex((done) => done >= part * total * (1 - 1e-9));
  const lossAt = (part: number): number | null => points[indexAt(part)]?.trainLoss ?? null;
  const [start, after, before, end] = [lossAt(0), lossAt(1 / 3), lossAt(2 / 3), lossAt(1)];
  if (start === null || after === null || before === null || end === null) return null;
  return { first: start - after, last: before - end, end: points.slice(indexAt(2 / 3)) };
}

type Figure = 'trainLoss' | 'valLoss' | 'trainAccuracy' | 'valAccuracy';

const valuesOf = (points: readonly EpochPoint[], figure: Figure): number[] =>
  points.flatMap((point) => point[figure] ?? []);

/** Mean of a figure over some epochs that have it; null for none. */
export function meanOf(points: readonly EpochPoint[], figure: Figure): number | null {
  const values = valuesOf(points, figure);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * How much a figure falls over some epochs by the straight line through them (least squares), and the standard error
 * of that; the error is 0 with fewer than 4 epochs, which say nothing about noise. Null with fewer than 2.
 */
export function fallOf(
  points: readonly EpochPoint[],
  figure: Figure,
): { readonly fall: number; readonly error: number } | null {
  const values = valuesOf(points, figure);
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  let spread = 0;
  let both = 0;
  for (const [at, value] of values.entries()) {
    spread += (at - middle) ** 2;
    both += (at - middle) * (value - mean);
  }
  const slope = both / spread;
  const rest = values.reduce((sum, value, at) => sum + (value - mean - slope * (at - middle)) ** 2, 0);
  const error = n < 4 ? 0 : Math.sqrt(rest / (n - 2) / spread);
  return { fall: -slope * (n - 1), error: error * (n - 1) };
}
