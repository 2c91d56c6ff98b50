import { HolotypeError } from '../../contract/errors.ts';
import { seededRandom, shuffled } from './random.ts';

/**
 * Folds for cross-validation: each class spread evenly over them (within one photo when every photo is its own
 * group), groups never torn apart.
 *
 * @param labels class of each photo
 * @param groups group of each photo, any numbers; undefined: every photo is its own
 * @param k how many folds, 2 or more
 * @returns for each photo its fold, 0..k-1
 * @throws HolotypeError('bad-input') when there are fewer groups than folds
 */
export function stratifiedGroupFolds(
  labels: ArrayLike<number>,
  groups: ArrayLike<number> | undefined,
  k: number,
  seed: number,
): Int32Array {
  if (!Number.isInteger(k) || k < 2)
    throw new RangeError(`Cross-validation needs 2 or more folds, not ${k}.`);
  const members = new Map<number, number[]>();
  const totals = new Map<number, number>();
  for (let index = 0; index < labels.length; index += 1) {
    const group = groups === undefined ? index : (groups[index] ?? 0);
    const others = members.get(group);
    if (others === undefined) members.set(group, [index]);
    else others.push(index);
    const label = labels[index] ?? 0;
    totals.set(label, (totals.get(label) ?? 0) + 1);
  }
  if (members.size < k) {
    throw new HolotypeError(
      'bad-input',
      `There are only ${members.size} groups of photos for ${k} cross-validation folds.`,
      { remedy: `Use at most ${members.size} folds, or add photos.` },
    );
  }
  const placed = new Map([...totals.keys()].map((label) => [label, new Int32Array(k)]));
  const sizes = new Int32Array(k);
  const folds = new Int32Array(labels.length);
  const units = shuffled(members.values(), seededRandom(seed)).sort((a, b) => b.length - a.length);
  let empty = k;
  for (const [position, unit] of units.entries()) {
    const counts = new Map<number, number>();
    for (const index of unit) {
      const label = labels[index] ?? 0;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    // The last groups go to folds that have none yet.
    const mustFill = units.length - position <= empty;
    let best = -1;
    let bestCost = Infinity;
    for (let fold = 0; fold < k; fold += 1) {
      if (mustFill && (sizes[fold] ?? 0) > 0) continue;
      let cost = 0;
      for (const [label, count] of counts) {
        const total = totals.get(label) ?? 1;
        cost += (count * (placed.get(label)?.[fold] ?? 0)) / (total * total);
      }
      // Folds alike for the class are told apart by their size, so that small classes don't all meet in the first.
      const better = cost < bestCost || (cost === bestCost && (sizes[fold] ?? 0) < (sizes[best] ?? 0));
      if (!better) continue;
      best = fold;
      bestCost = cost;
    }
    if (sizes[best] === 0) empty -= 1;
    sizes[best] = (sizes[best] ?? 0) + unit.length;
    for (const [label, count] of counts) {
      const row = placed.get(label);
      if (row !== undefined) row[best] = (row[best] ?? 0) + count;
    }
    for (const index of unit) folds[index] = best;
  }
  return folds;
}
