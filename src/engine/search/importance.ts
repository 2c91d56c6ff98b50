import type { SearchSpace } from '../../contract/search.ts';
import { seededRandom } from '../data/random.ts';
import type { Random } from '../data/random.ts';
import type { Sampled } from './sampler.ts';
import { unitOf } from './space.ts';

/** How much of the differences between trials a setting accounts for. */
export interface Importance {
  readonly name: string;
  /** 0..1, by itself, whatever the other settings are. */
  readonly share: number;
}

const trees = 48;
/** A part of the space with fewer trials than this is not divided any more. */
const leaf = 3;
/** Fewer trials say nothing. */
export const fewestForImportance = 10;

interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly value: number;
}

/**
 * Which settings matter: the share of the variance of the loss over the whole space that each setting explains by
 * itself, after functional ANOVA over a random forest (Hutter, Hoos & Leyton-Brown 2014). The forest is a model of the
 * trials, so with few of them this is a hint. What is missing to 1 is noise and the interplay of settings.
 *
 * @param trials only whole trainings that did not fail count
 * @returns one a setting in the order of the space; empty with fewer than ten trials, or when all did the same
 */
export function importanceOf(space: SearchSpace, trials: readonly Sampled[], seed = 0): Importance[] {
  const rows = trials.flatMap(({ point, loss, share }) =>
    loss === null || share < 1 || !Number.isFinite(loss) ? [] : [{ at: unitOf(space, point), loss }],
  );
  if (rows.length < fewestForImportance) return [];
  const sorted = rows.map(({ loss }) => loss).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  // A few that diverged would explain everything.
  const most = middle + 5 * (middle - (sorted[0] ?? middle));
  const tame = rows.map(({ at, loss }) => ({ at, loss: Math.min(loss, most) }));
  const parameters = space.parameters.length;
  const shares = new Float64Array(parameters);
  let counted = 0;
  const random = seededRandom(seed * 31 + 7);
  for (let tree = 0; tree < trees; tree += 1) {
    const sample = tame.map(
      () => tame[random.integer(tame.length)] ?? { at: new Float64Array(parameters), loss: 0 },
    );
    const boxes: Box[] = [];
    grow(sample, new Float64Array(parameters), new Float64Array(parameters).fill(1), random, boxes);
    const mean = boxes.reduce((sum, box) => sum + volume(box) * box.value, 0);
    const total = boxes.reduce((sum, box) => sum + volume(box) * (box.value - mean) ** 2, 0);
    if (!(total > 1e-12)) continue;
    counted += 1;
    for (let p = 0; p < parameters; p += 1)
      shares[p] = (shares[p] as number) + spreadAlong(boxes, p, mean) / total;
  }
  if (counted === 0) return [];
  return space.parameters.map(({ name }, p) => ({
    name,
    share: Math.min(1, Math.max(0, (shares[p] as number) / counted)),
  }));
}

const volume = ({ low, high }: Box, without = -1): number =>
  low.reduce((product, from, p) => (p === without ? product : product * ((high[p] as number) - from)), 1);

/** Variance of what is expected when one parameter is known. */
function spreadAlong(boxes: readonly Box[], p: number, mean: number): number {
  const edges = [...new Set(boxes.flatMap(({ low, high }) => [low[p] as number, high[p] as number]))].sort(
    (a, b) => a - b,
  );
  let spread = 0;
  for (let i = 1; i < edges.length; i += 1) {
    const [from, to] = [edges[i - 1] as number, edges[i] as number];
    const at = (from + to) / 2;
    const expected = boxes
      .filter(({ low, high }) => (low[p] as number) < at && at < (high[p] as number))
      .reduce((sum, box) => sum + volume(box, p) * box.value, 0);
    spread += (to - from) * (expected - mean) ** 2;
  }
  return spread;
}

type Row = { readonly at: Float64Array; readonly loss: number };

/** Divides a part of the space where that makes the losses within its halves most alike, until too few are left. */
function grow(
  rows: readonly Row[],
  low: Float64Array,
  high: Float64Array,
  random: Random,
  boxes: Box[],
): void {
  const value = rows.reduce((sum, { loss }) => sum + loss, 0) / Math.max(1, rows.length);
  const cut = rows.length < 2 * leaf ? undefined : bestCut(rows, random);
  if (cut === undefined) {
    boxes.push({ low, high, value });
    return;
  }
  const { parameter, at } = cut;
  const [left, right] = [high.slice(), low.slice()];
  left[parameter] = at;
  right[parameter] = at;
  grow(
    rows.filter((row) => (row.at[parameter] as number) < at),
    low,
    left,
    random,
    boxes,
  );
  grow(
    rows.filter((row) => (row.at[parameter] as number) >= at),
    right,
    high,
    random,
    boxes,
  );
}

function bestCut(rows: readonly Row[], random: Random): { parameter: number; at: number } | undefined {
  const parameters = rows[0]?.at.length ?? 0;
  let best: { parameter: number; at: number; gain: number } | undefined;
  for (let parameter = 0; parameter < parameters; parameter += 1) {
    // Trees that each look at some of the parameters differ from each other.
    if (parameters > 1 && random.next() < 0.3) continue;
    const sorted = rows.toSorted((a, b) => (a.at[parameter] as number) - (b.at[parameter] as number));
    const all = sorted.reduce((sum, { loss }) => sum + loss, 0);
    let left = 0;
    for (let i = 1; i < sorted.length; i += 1) {
      left += (sorted[i - 1] as Row).loss;
      const [from, to] = [
        (sorted[i - 1] as Row).at[parameter] as number,
        (sorted[i] as Row).at[parameter] as number,
      ];
      if (i < leaf || sorted.length - i < leaf || from === to) continue;
      const gain = left ** 2 / i + (all - left) ** 2 / (sorted.length - i) - all ** 2 / sorted.length;
      if (gain > (best?.gain ?? 1e-12)) best = { parameter, at: (from + to) / 2, gain };
    }
  }
  return best;
}
