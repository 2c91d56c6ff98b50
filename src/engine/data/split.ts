import type { Split, Warning } from '../../contract/dataset.ts';
import { splits as splitNames } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { seededRandom, shuffled } from './random.ts';

/** What splitting needs to know of a photo. */
export interface SplittablePhoto {
  readonly id: string;
  readonly path: string;
  readonly root: number;
  readonly label: number;
  readonly split?: Split | undefined;
}

export interface SplitOptions {
  /** Parts of all photos that are up to us, 0..1; their sum below 1. */
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
  /** For each photo its group (see groupPhotos); without it every photo is its own, save exact copies. */
  readonly groups?: ArrayLike<number>;
  /** Class names, for messages. */
  readonly classes?: readonly string[];
}

/** One group on both sides of a split that was given: results on it are better than they should be. */
export interface Leak {
  /** Indices of the photos of the group, ascending. */
  photos: number[];
  splits: Split[];
  /** `copy`: the very same photo is on both sides. */
  kind: 'copy' | 'group';
}

export interface SplitResult {
  /** For each photo. */
  splits: Split[];
  leaks: Leak[];
  warnings: Warning[];
}

/**
 * Decides which photos are for training, validation and test.
 *
 * Splits that are given stay: where there are validation (or test) photos, no more are chosen; otherwise they are
 * taken from the rest. Chosen ones are stratified by class (within one photo of the fraction when every photo is its
 * own group, at least one where a class has two or more), the same for the same seed whatever the photos' order, and
 * groups are never torn apart: large groups come as close to the fractions as they can.
 *
 * @throws HolotypeError 'bad-usage' for impossible fractions, 'bad-input' when there is nothing to train on or no
 *   class has enough photos (or groups) to give one for validation
 */
export function splitPhotos(photos: readonly SplittablePhoto[], options: SplitOptions): SplitResult {
  checkFractions(options);
  const groups = closedGroups(photos, options.groups);
  const given = (split: Split): boolean => photos.some((photo) => photo.split === split);
  const valFraction = given('val') ? 0 : options.valFraction;
  const testFraction = given('test') ? 0 : options.testFraction;

  const members = membersOf(groups);
  const result: Split[] = photos.map((photo) => photo.split ?? 'train');
  const pool: number[][] = [];
  for (const group of members) {
    const held = group
      .map((index) => photos[index]?.split)
      .find((split) => split === 'val' || split === 'test');
    if (held === undefined) {
      pool.push(group);
      continue;
    }
    // What belongs to a photo that was given away goes with it; what was given to train stays and is a leak.
    for (const index of group) if (photos[index]?.split === undefined) result[index] = held;
  }

  const warnings: Warning[] = [];
  if (valFraction > 0 || testFraction > 0) {
    const units = toUnits(pool, photos, options.seed);
    const name = (label: number): string => options.classes?.[label] ?? `class ${label}`;
    const wanted = targets(units, valFraction, testFraction);
    assign(units, wanted);
    repair(units, wanted);
    warnings.push(...judge(units, wanted, valFraction > 0 ? 'val' : 'test', name));
    for (const unit of units) for (const index of unit.members) result[index] = unit.split;
  }
  if (photos.length > 0 && !result.includes('train')) {
    throw new HolotypeError('bad-input', 'There are no photos to train on: all are for validation or test.', {
      remedy: 'Put training photos into train/, or leave the split column empty for some.',
    });
  }
  return { splits: result, leaks: findLeaks(photos, members, result), warnings };
}

/** A group as the assignment sees it. */
interface Unit {
  members: number[];
  /** Photos by class, [label, count]. */
  counts: [label: number, count: number][];
  split: Split;
}

/** What is wanted of a class that some group has. */
function targetOf(wanted: ReadonlyMap<number, Target>, label: number): Target {
  const target = wanted.get(label);
  if (target === undefined) throw new Error(`There is no target for class ${label}.`);
  return target;
}

/** By class: photos wanted in each split, in the order train, val, test, and how many there are in all. */
interface Target {
  wanted: [number, number, number];
  placed: [number, number, number];
  total: number;
  /** Groups that hold photos of the class. */
  units: number;
}

function checkFractions({ valFraction, testFraction }: SplitOptions): void {
  for (const [name, value] of [
    ['validation', valFraction],
    ['test', testFraction],
  ] as const) {
    if (!(value >= 0 && value < 1)) {
      throw new HolotypeError('bad-usage', `The ${name} fraction is ${value}.`, {
        remedy: 'It must be at least 0 and below 1.',
      });
    }
  }
  if (valFraction + testFraction >= 1) {
    throw new HolotypeError(
      'bad-usage',
      `Validation (${valFraction}) and test (${testFraction}) together leave no photos to train on.`,
      { remedy: 'Choose fractions whose sum is below 1, such as 0.2 and 0.1.' },
    );
  }
}

/** Group numbers with exact copies in one group, whatever the caller's say. */
function closedGroups(photos: readonly SplittablePhoto[], given: ArrayLike<number> | undefined): Int32Array {
  if (given !== undefined && given.length !== photos.length) {
    throw new RangeError(`There are ${given.length} groups for ${photos.length} photos.`);
  }
  const sets = new DisjointSets(photos.length);
  const first = new Map<string | number, number>();
  for (const [index, photo] of photos.entries()) {
    for (const key of given === undefined ? [photo.id] : [photo.id, given[index] ?? 0]) {
      const other = first.get(key);
      if (other === undefined) first.set(key, index);
      else sets.union(other, index);
    }
  }
  return Int32Array.from(photos, (_, index) => sets.find(index));
}

function membersOf(groups: Int32Array): number[][] {
  const members = new Map<number, number[]>();
  for (const [index, group] of groups.entries()) {
    const others = members.get(group);
    if (others === undefined) members.set(group, [index]);
    else others.push(index);
  }
  return [...members.values()];
}

/**
 * Groups in the order they are placed: largest first, those of one size shuffled by the seed. The order the photos
 * came in must not matter, so they are sorted by content before the shuffle.
 */
function toUnits(pool: readonly number[][], photos: readonly SplittablePhoto[], seed: number): Unit[] {
  const keyed = pool.map((members) => {
    const counts = new Map<number, number>();
    for (const index of members) {
      const label = photos[index]?.label ?? 0;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    const keys = members.map((index) => {
      const photo = photos[index];
      return `${photo?.id} ${photo?.root} ${photo?.path}`;
    });
    const unit: Unit = { members, counts: [...counts].sort((a, b) => a[0] - b[0]), split: 'train' };
    return { key: keys.reduce((least, key) => (key < least ? key : least)), unit };
  });
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const units = shuffled(keyed, seededRandom(seed)).map(({ unit }) => unit);
  return units.sort((a, b) => b.members.length - a.members.length); // stable
}

function targets(units: readonly Unit[], valFraction: number, testFraction: number): Map<number, Target> {
  const result = new Map<number, Target>();
  for (const { counts } of units) {
    for (const [label, count] of counts) {
      const target = result.get(label) ?? { wanted: [0, 0, 0], placed: [0, 0, 0], total: 0, units: 0 };
      target.total += count;
      target.units += 1;
      result.set(label, target);
    }
  }
  for (const target of result.values()) {
    // One for training first, then one for validation, then one for test: as far as the groups reach.
    const wish = (fraction: number, room: number): number =>
      fraction === 0 || room < 1 ? 0 : Math.min(room, Math.max(1, Math.round(target.total * fraction)));
    const val = target.units < 2 ? 0 : wish(valFraction, target.total - 1);
    const enough = target.units >= (valFraction > 0 ? 3 : 2);
    const test = enough ? wish(testFraction, target.total - 1 - val) : 0;
    target.wanted = [target.total - val - test, val, test];
  }
  return result;
}

/**
 * Puts each group where it brings the counts closest to what is wanted (least squares over its classes, each class
 * weighing the same): for the group's counts n that is the split with the greatest sum of n x what is still missing.
 */
function assign(units: readonly Unit[], wanted: ReadonlyMap<number, Target>): void {
  for (const unit of units) {
    let best = 0;
    let bestGain = -Infinity;
    for (let split = 0; split < 3; split += 1) {
      let gain = 0;
      for (const [label, count] of unit.counts) {
        const { wanted: want, placed, total } = targetOf(wanted, label);
        const missing = (want[split] ?? 0) - (placed[split] ?? 0);
        // A split that wants none of a class gets none, however large the group.
        gain += want[split] === 0 ? -1e9 : (count * (missing - count / 2)) / (total * total);
      }
      if (gain > bestGain) {
        best = split;
        bestGain = gain;
      }
    }
    place(unit, best, wanted);
  }
}

function place(unit: Unit, split: number, wanted: ReadonlyMap<number, Target>): void {
  unit.split = splitNames[split] ?? 'train';
  for (const [label, count] of unit.counts) {
    const { placed } = targetOf(wanted, label);
    placed[split] = (placed[split] ?? 0) + count;
  }
}

/**
 * A class of few large groups may have got nothing into a split that wanted some: it then gives its smallest group,
 * if that leaves it at least one elsewhere. Training comes first.
 */
function repair(units: readonly Unit[], wanted: ReadonlyMap<number, Target>): void {
  for (const label of [...wanted.keys()].sort((a, b) => a - b)) {
    const target = targetOf(wanted, label);
    for (let split = 0; split < 3; split += 1) {
      if (target.wanted[split] === 0 || (target.placed[split] ?? 0) > 0) continue;
      for (let at = units.length - 1; at >= 0; at -= 1) {
        const unit = units[at];
        if (unit === undefined) continue;
        const from = splitNames.indexOf(unit.split);
        if (!unit.counts.some(([own]) => own === label) || !canLeave(unit, from, wanted)) continue;
        for (const [own, count] of unit.counts) {
          const { placed } = targetOf(wanted, own);
          placed[from] = (placed[from] ?? 0) - count;
        }
        place(unit, split, wanted);
        break;
      }
    }
  }
}

/** Whether every class of the group keeps photos where it is taken from. */
function canLeave(unit: Unit, from: number, wanted: ReadonlyMap<number, Target>): boolean {
  return unit.counts.every(([label, count]) => (targetOf(wanted, label).placed[from] ?? 0) > count);
}

const purposeOf: Record<Split, string> = { train: 'training', val: 'validation', test: 'test' };

/** What a person should know about the outcome. @throws HolotypeError('bad-input') when nothing could be split */
function judge(
  units: readonly Unit[],
  wanted: ReadonlyMap<number, Target>,
  needed: Split,
  name: (label: number) => string,
): Warning[] {
  const labels = [...wanted.keys()].sort((a, b) => a - b);
  const few = labels.filter((label) => targetOf(wanted, label).units < 2);
  if (units.length > 0 && !units.some((unit) => unit.split === needed)) {
    const purpose = purposeOf[needed];
    const grouped = units.some((unit) => unit.members.length > 1);
    throw new HolotypeError(
      'bad-input',
      grouped
        ? `The photos fall into too few groups (${units.length}) for some to be kept for ${purpose}.`
        : `No class has more than one photo, so none can be kept for ${purpose}.`,
      {
        remedy: grouped
          ? 'Group by something smaller (--group-by), add photos, or give validation photos with --val.'
          : 'Add photos (ten or more of each class are a start), or give validation photos with --val.',
      },
    );
  }
  const warnings: Warning[] = [];
  if (few.length > 0) {
    const names = few.map((label) => `"${name(label)}"`).join(', ');
    const message = `Too few photos to split: ${names}. All are used for training, so the results say nothing about ${few.length === 1 ? 'this class' : 'these classes'}.`;
    warnings.push({ code: 'class-too-small', message });
  }
  for (const label of labels) {
    const { wanted: want, placed, total } = targetOf(wanted, label);
    for (const split of [1, 2]) {
      const got = placed[split] ?? 0;
      const off = Math.abs(got - (want[split] ?? 0));
      if (off > 1 && off / total > 0.1) {
        const message = `Of "${name(label)}" ${got} of ${total} photos are for ${purposeOf[split === 1 ? 'val' : 'test']} rather than ${want[split]}: its groups are too large to come closer.`;
        warnings.push({ code: 'split-uneven', message });
      }
    }
  }
  return warnings;
}

function findLeaks(
  photos: readonly SplittablePhoto[],
  members: readonly number[][],
  result: readonly Split[],
): Leak[] {
  const leaks: Leak[] = [];
  for (const group of members) {
    const own = new Set(group.map((index) => result[index]));
    if (own.size < 2) continue;
    const byId = new Map<string | undefined, Split | undefined>();
    const copy = group.some((index) => {
      const id = photos[index]?.id;
      const before = byId.get(id);
      byId.set(id, result[index]);
      return before !== undefined && before !== result[index];
    });
    leaks.push({
      photos: group,
      splits: splitNames.filter((split) => own.has(split)),
      kind: copy ? 'copy' : 'group',
    });
  }
  return leaks;
}
