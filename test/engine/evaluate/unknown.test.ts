import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { howUnlike, keptPhotos, learnNovelty, type Novelty } from '../../../src/engine/evaluate/unknown.ts';
import { rocAuc } from '../../../src/engine/evaluate/roc.ts';

const columns = 16;
const classes = 3;

/** Photos of a class: features around a direction of its own. */
function photosOf(kind: number, count: number, seed: number): Float32Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: columns }, (_, c) => (c === kind ? 4 : 1) + 0.5 * random.normal()),
  );
}

const train = [0, 1, 2].flatMap((kind) => photosOf(kind, 30, kind + 1));
const labels = train.map((_, row) => Math.floor(row / 30));

async function learned(signal?: AbortSignal, rows = train): Promise<Novelty> {
  const data = new Float32Array(rows.length * columns);
  const memberships = new Float32Array(rows.length * classes);
  for (const [row, features] of rows.entries()) {
    data.set(features, row * columns);
    memberships[row * classes + (labels[row % labels.length] ?? 0)] = 1;
  }
  const work = learnNovelty({ rows: rows.length, columns, data }, memberships, classes, 5, signal);
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
  }
}

describe('how unlike photos are', () => {
  test('those of known classes are less so than those of one that is not, and than noise', async () => {
    const novelty = await learned();
    const of = (photos: readonly Float32Array[]): number[] => photos.map((one) => howUnlike(novelty)(one));
    const known = of([0, 1, 2].flatMap((kind) => photosOf(kind, 20, 50 + kind)));
    const other = of(photosOf(7, 20, 90));
    const random = seededRandom(3);
    const noise = of(
      Array.from({ length: 20 }, () => Float32Array.from({ length: columns }, () => random.normal())),
    );
    const scores = Float64Array.from([...known, ...other]);
    const unlike = Uint8Array.from(scores, (_, index) => (index < known.length ? 0 : 1));
    expect(rocAuc(scores, unlike)).toBeGreaterThan(0.98);
    expect(Math.min(...noise)).toBeGreaterThan(Math.max(...known));
    for (const value of [...known, ...other, ...noise]) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  test('between two classes, too', async () => {
    const novelty = await learned();
    const [one = new Float32Array(), two = new Float32Array()] = [train[0], train[40]];
    const between = one.map((value, c) => (value + (two[c] ?? 0)) / 2);
    expect(howUnlike(novelty)(between)).toBeGreaterThan(howUnlike(novelty)(one));
  });

  test('is what its formula says, of the numbers that are kept', async () => {
    const { mean, kept, scales, weights, gamma } = await learned();
    const photo = photosOf(1, 1, 77)[0] ?? new Float32Array();
    const length = Math.hypot(...photo);
    const answers = [0, 1, 2].map((k) =>
      Array.from(scales).reduce((sum, scale, row) => {
        const apart = Array.from(mean).reduce((square, middle, c) => {
          const place = (photo[c] ?? 0) / length - middle;
          return square + (place - ((kept[row * columns + c] ?? 0) * scale) / 127) ** 2;
        }, 0);
        return sum + Math.exp(-gamma * apart) * (weights[row * classes + k] ?? 0);
      }, 0),
    );
    const novelty: Novelty = { columns, mean, kept, scales, weights, classes, gamma };
    expect(howUnlike(novelty)(photo)).toBeCloseTo(1 - Math.min(1, Math.max(...answers)), 6);
    // Any brighter photo, as far as features go.
    expect(howUnlike(novelty)(photo.map((value) => value * 7))).toBeCloseTo(howUnlike(novelty)(photo), 6);
  });

  test('no more photos than agreed are kept, the same ones each time; one without features is a place as any', async () => {
    const many = Array.from(
      { length: keptPhotos + 40 },
      (_, at) => train[at % train.length] ?? new Float32Array(),
    );
    many[3] = new Float32Array(columns);
    const [one, two] = [await learned(undefined, many), await learned(undefined, many)];
    expect(one.scales.length).toBe(keptPhotos);
    expect(one).toEqual(two);
    expect(howUnlike(one)(new Float32Array(columns))).toBeLessThan(0.5);
  });

  test('numbers that are none are told, and it can be cancelled', async () => {
    const broken = [...train.slice(0, 10), new Float32Array(columns).fill(Number.NaN)];
    await expect(learned(undefined, broken)).rejects.toMatchObject({ code: 'failed' });
    const many = Array.from(
      { length: keptPhotos },
      (_, at) => train[at % train.length] ?? new Float32Array(),
    );
    await expect(learned(AbortSignal.abort(new Error('enough')), many)).rejects.toThrow('enough');
  });
});
