import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { rocAuc } from '../../../src/engine/evaluate/roc.ts';
import { howUnlike, learnNovelty, type Novelty } from '../../../src/engine/evaluate/unknown.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import {
  findStrangers,
  learnView,
  type PhotoView,
  type Strangers,
} from '../../../src/engine/explore/strangers.ts';

const columns = 40;
const classes = 3;
/** Where a kind of photos lies: three kinds are known, a fourth is much like the first, with a little of its own. */
const middles = Array.from({ length: classes + 1 }, (_, kind) =>
  Float32Array.from(
    { length: columns },
    (_, c) =>
      (c % classes === kind % classes ? (kind === classes ? 1.3 : 2) : 0.5) +
      (kind === classes && c >= columns - 10 ? 0.9 : 0),
  ),
);
const random = seededRandom(11);
const photoOf = (kind: number): Float32Array =>
  Float32Array.from(middles[kind] ?? [], (middle) => Math.max(0, middle + 0.7 * random.normal()));
const photosOf = (...counts: number[]): { kind: number; features: Float32Array }[] =>
  counts.flatMap((count, kind) => Array.from({ length: count }, () => ({ kind, features: photoOf(kind) })));

let novelty: Novelty;
let view: PhotoView;
let alone: (features: Float32Array) => number;

beforeAll(async () => {
  const photos = photosOf(100, 100, 100);
  const data = new Float32Array(photos.length * columns);
  for (const [row, { features }] of photos.entries()) data.set(features, row * columns);
  const memberships = Float32Array.from({ length: photos.length * classes }, (_, at) =>
    photos[Math.floor(at / classes)]?.kind === at % classes ? 1 : 0,
  );
  const learning = learnNovelty({ rows: photos.length, columns, data }, memberships, classes, 1);
  let step = await learning.next();
  while (step.done !== true) step = await learning.next();
  novelty = step.value;
  const learned = await learnView(novelty, 0, new Pace());
  if (learned === undefined) throw new Error('The classes of the training photos are not known.');
  view = learned;
  alone = howUnlike(novelty);
});

/** Asks about photos of so many of each kind; those of the fourth are taken for the first. */
async function ask(counts: readonly number[], seed = 0) {
  const photos = photosOf(...counts);
  const seen = {
    rows: photos.length,
    columns: view.columns,
    data: new Float32Array(photos.length * view.columns),
  };
  for (const [row, { features }] of photos.entries()) seen.data.set(view.of(features), row * view.columns);
  const each = Float64Array.from(photos, ({ features }) => alone(features));
  const taken = photos.map(({ kind }) => kind % classes);
  const found = await findStrangers(view, { seen, novelty: each, classes: taken }, seed, new Pace());
  const truth = Uint8Array.from(photos, ({ kind }) => (kind === classes ? 1 : 0));
  const area = (scores: ArrayLike<number>): number => rocAuc(Float64Array.from(scores), truth) ?? Number.NaN;
  return {
    found,
    together: area(found.scores),
    alone: area(each),
    again: { seen, novelty: each, classes: taken },
  };
}

describe('photos that are asked about in one go', () => {
  test('are seen with the classes of the training photos', async () => {
    expect(view.known.rows).toBe(300);
    const counts = [0, 1, 2].map((one) => view.classes.filter((own) => own === one).length);
    expect(counts).toEqual([100, 100, 100]);
    expect(await learnView({ ...novelty, own: undefined }, 0, new Pace())).toBeUndefined();
    expect(view.columns).toBeLessThanOrEqual(columns);
  });

  test('of a kind that was not learned are found better than each alone, and how many there are', async () => {
    const { found, together, alone: each } = await ask([60, 60, 60, 45]);
    expect(together).toBeGreaterThan(each);
    expect(together).toBeGreaterThan(0.95);
    expect(found.share).toBeGreaterThan(0.12);
    expect(found.share).toBeLessThan(0.28);
    expect(found.atLeast).toBeGreaterThan(0.05);
    expect(found.atLeast).toBeLessThanOrEqual(0.2);
  });

  test('of known kinds alone are nothing new, in whatever numbers', async () => {
    for (const counts of [
      [60, 60, 60],
      [120, 0, 0],
      [5, 90, 5],
    ])
      expect((await ask(counts)).found.atLeast).toBeLessThan(0.08);
  });

  test('of a kind that was not learned alone are all new', async () => {
    const { found } = await ask([0, 0, 0, 80]);
    expect(found.share).toBeGreaterThan(0.9);
    expect(found.atLeast).toBeGreaterThan(0.8);
  });

  test('get the same scores each time, evenly spread', async () => {
    const { found, again } = await ask([20, 20, 20, 10]);
    const twice = await findStrangers(view, again, 0, new Pace());
    expect(twice).toEqual(found);
    const sorted = [...found.scores].sort((a, b) => a - b);
    expect(sorted[0]).toBeLessThan(0.03);
    expect(sorted.at(-1)).toBeGreaterThan(0.97);
    expect(Math.abs((sorted[35] ?? 0) - 0.5)).toBeLessThan(0.05);
  });

  test('may all be alike, or of classes that no training photo has', async () => {
    const rows = 60;
    const seen = { rows, columns: view.columns, data: new Float32Array(rows * view.columns) };
    const ends = (some: Strangers): boolean =>
      [...some.scores, some.share, some.atLeast].every((value) => value >= 0 && value <= 1);
    for (const own of [0, 7]) {
      const batch = {
        seen,
        novelty: new Float64Array(rows),
        classes: Array.from({ length: rows }, () => own),
      };
      expect(ends(await findStrangers(view, batch, 0, new Pace()))).toBe(true);
    }
  });

  test('are left when nobody wants to know any more', async () => {
    const stop = AbortSignal.abort(new Error('enough'));
    const { again } = await ask([20, 20, 20, 10]);
    await expect(findStrangers(view, again, 0, new Pace(stop))).rejects.toThrow('enough');
  });
});
