import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import { mixBatch } from '../../../../src/engine/train/finetune/mix.ts';
import type { Mixing } from '../../../../src/engine/train/finetune/mix.ts';
import { crossEntropy } from '../../../../src/engine/train/losses.ts';
import { wantedOf } from '../../../../src/engine/train/targets.ts';
import { mobileNetV2 } from '../../graph/networks.ts';
import { boundaryPhotos, divide, finishTail, startCpu, tailTraining } from './tail-testing.ts';

beforeAll(startCpu);

/** A map of 6 x 6 cells of two numbers, a finer one, and the mean of an earlier one. */
const crossings = [
  { name: 'map', shape: [6, 6, 2], start: 0, size: 72 },
  { name: 'fine', shape: [12, 12, 1], start: 72, size: 144 },
  { name: 'mean', shape: [3], start: 216, size: 3 },
];
const dimension = 219;
const count = 9;
/** Photo p is p + 1 everywhere: what is mixed shows of whom it is. */
const values = Float32Array.from({ length: count * dimension }, (_, at) => 1 + Math.floor(at / dimension));
const labels = Array.from({ length: count }, (_, photo) => photo);
const mix = (alphas: Partial<Mixing>, seed: number, batch = { values, labels }) =>
  mixBatch(batch, count, { mixup: 0, cutmix: 0, crossings, ...alphas }, seededRandom(seed));
const row = (numbers: Float32Array | undefined, photo: number, each: number): number[] => [
  ...(numbers ?? new Float32Array()).subarray(photo * each, (photo + 1) * each),
];
const seeds = [...Array(40).keys()];

describe.each([
  ['mixup', { mixup: 1 }],
  ['CutMix', { cutmix: 1 }],
  ['both', { mixup: 0.4, cutmix: 2 }],
])('%s', (_, alphas) => {
  test('has targets that sum up to 1, at least half of it the photo’s own', () => {
    for (const seed of seeds) {
      const { targets, labels: own } = mix(alphas, seed);
      expect(own).toEqual(labels);
      for (const photo of labels) {
        const wanted = row(targets, photo, count);
        expect(wanted.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        expect(wanted[photo]).toBeGreaterThanOrEqual(0.5);
        expect(wanted.filter((share) => share > 0).length).toBeLessThanOrEqual(2);
      }
    }
  });

  test('mixes pixels or maps in the shares of the targets', () => {
    for (const seed of seeds) {
      const { values: mixed, targets } = mix(alphas, seed);
      for (const photo of labels) {
        const mean = row(targets, photo, count).reduce((sum, share, other) => sum + share * (other + 1), 0);
        const own = row(mixed, photo, dimension);
        for (const { start, size } of crossings) {
          const some = own.slice(start, start + size);
          expect(some.reduce((sum, value) => sum + value, 0) / size).toBeCloseTo(mean, 4);
        }
      }
    }
  });

  test('is the same for the same seed, another for another, and leaves the batch as it was', () => {
    const before = values.slice();
    expect(mix(alphas, 1)).toEqual(mix(alphas, 1));
    expect(mix(alphas, 1).values).not.toEqual(mix(alphas, 2).values);
    expect(values).toEqual(before);
  });
});

test('mixup makes every number a mixture', () => {
  const { values: mixed, targets } = mix({ mixup: 4 }, 2);
  for (const photo of labels) expect(new Set(row(mixed, photo, dimension)).size).toBe(1);
  expect(row(targets, 0, count)[0]).toBeLessThan(1);
});

test('CutMix pastes one rectangle, at the same place of every map', () => {
  let pasted = 0;
  for (const seed of seeds) {
    const { values: mixed } = mix({ cutmix: 1 }, seed);
    for (const photo of labels) {
      const own = row(mixed, photo, dimension);
      const cells = Array.from({ length: 36 }, (_, cell) => own[2 * cell] !== photo + 1);
      const rows = [...Array(6).keys()].map((y) =>
        cells
          .slice(6 * y, 6 * y + 6)
          .map(Number)
          .join(''),
      );
      const hit = [...rows.keys()].filter((y) => rows[y]?.includes('1'));
      pasted += hit.length > 0 ? 1 : 0;
      expect(new Set(hit.map((y) => rows[y])).size).toBeLessThanOrEqual(1);
      expect((hit.at(-1) ?? -1) - (hit[0] ?? 0)).toBe(hit.length - 1);
      for (const y of hit) expect(rows[y]).toMatch(/^0*1+0*$/);
      const fine = own.slice(72, 216).map((value) => value !== photo + 1);
      const expected = fine.map((_, at) => cells[6 * Math.floor(at / 24) + Math.floor((at % 12) / 2)]);
      expect(fine).toEqual(expected);
    }
  }
  expect(pasted).toBeGreaterThan(100);
});

test('mixes several labels and numbers as it mixes classes', () => {
  const targets = Float32Array.from({ length: count }, (_, photo) => photo - 3);
  const mixed = mixBatch({ values, labels, targets }, 1, { mixup: 1, cutmix: 0, crossings }, seededRandom(4));
  for (const photo of labels)
    expect(mixed.targets?.[photo]).toBeCloseTo((mixed.values[photo * dimension] ?? 0) - 4, 4);
});

test('a mixture of classes counts as the mean of their weights, and is smoothed like any target', () => {
  const objective = {
    ...crossEntropy,
    labelSmoothing: 0.1,
    weights: { present: Float32Array.of(1, 3) },
  };
  const known = { labels: Int32Array.of(0, 1), targets: Float32Array.of(0.75, 0.25, 0, 1) };
  const wanted = wantedOf(objective, known, [0, 1], 2);
  expect([...(wanted.rowWeights ?? [])]).toEqual([1.5, 3]);
  expect(wanted.targets[0]).toBeCloseTo(0.75 * 0.9 + 0.05, 6);
});

describe('a training', () => {
  const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);
  const ids = Int32Array.from({ length: 60 }, (_, i) => i % 3);

  test.each([{ mixup: 0.4 }, { mixup: 0.2, cutmix: 0.5 }])(
    'with %o learns, and killed and gone on with ends in the same bits',
    async (alphas) => {
      const divided = divide(mobile, 'block_2');
      const train = await boundaryPhotos(divided, ids, 1);
      const mixing = { cutmix: 0, ...alphas, crossings: divided.plan.crossings };
      const settings = { epochs: 3, batchSize: 2, mixing };
      const whole = await finishTail(tailTraining(divided, train, settings));
      const plain = await finishTail(tailTraining(divided, train, { epochs: 3, batchSize: 2 }));
      expect(whole.done.weights).not.toEqual(plain.done.weights);
      const losses = whole.done.history.map(({ trainLoss }) => trainLoss);
      expect(losses[3]).toBeLessThan(losses[1] ?? 0);
      const state = whole.states[2];
      const rest = await finishTail(tailTraining(divided, train, { ...settings, resume: state }));
      expect(rest.done.weights).toEqual(whole.done.weights);
    },
  );
});
