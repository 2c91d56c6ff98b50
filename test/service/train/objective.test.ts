import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import type { TrainOptions, TrainOptionsInput } from '../../../src/contract/train.ts';
import { objectiveOf } from '../../../src/service/train/objective.ts';
import { scratchFolder } from '../../store/scratch.ts';

const scratch = scratchFolder();
const options = (more: Partial<TrainOptionsInput>): TrainOptions =>
  trainOptionsSchema.parse({ photos: '.', ...more });
const labels = Int32Array.from([0, 0, 0, 0, 0, 0, 1, 1]);
const train = { rows: 8, labels };

test('balanced weights are n / (classes x own), so that every class counts the same', async () => {
  const { weights } = await objectiveOf(options({ classWeights: 'balanced' }), ['a', 'b'], train);
  expect([...(weights?.present ?? [])]).toEqual([Math.fround(8 / 12), 2]);
  const missing = await objectiveOf(options({ classWeights: 'balanced' }), ['a', 'b', 'c'], train);
  expect([...(missing.weights?.present ?? [])]).toEqual([Math.fround(8 / 12), 2, 1]);
});

test('of a label, having it counts as much as not having it', async () => {
  const targets = Float32Array.from([1, 0, 0, 0, 0, 0, 0, 0]);
  const { weights } = await objectiveOf(options({ task: 'multi-label', classWeights: 'balanced' }), ['a'], {
    ...train,
    targets,
  });
  expect(weights?.present[0]).toBe(4);
  expect(weights?.absent?.[0]).toBeCloseTo(4 / 7, 6);
});

test('a file of weights keeps their proportions; the mean over the photos is 1', async () => {
  const csv = join(scratch, 'weights.csv');
  writeFileSync(csv, 'class;weight\nb;3,0\na;1\n');
  const json = join(scratch, 'weights.json');
  writeFileSync(json, '{"a": 1, "b": 3}');
  for (const classWeights of [csv, json]) {
    const { weights } = await objectiveOf(options({ classWeights }), ['a', 'b'], train);
    const [a = 0, b = 0] = weights?.present ?? [];
    expect(b / a).toBeCloseTo(3, 6);
    expect((6 * a + 2 * b) / 8).toBeCloseTo(1, 6);
  }
});

test.each([
  ['leaves out', 'a,1\n', /leave out "b"/],
  ['names another', 'a,1\nb,1\nc,1\n', /name "c"/],
  ['is no number', 'a,1\nb,much\n', /can't be read/],
  ['is all zero', 'a,0\nb,0\n', /no training photo counts/],
])('a file that %s is refused', async (_, text, message) => {
  const file = join(scratch, 'bad.csv');
  writeFileSync(file, text);
  const result = objectiveOf(options({ classWeights: file }), ['a', 'b'], train);
  await expect(result).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(message) as string,
  });
});

test("huber's delta is in the target's units, and one standard deviation when nobody says", async () => {
  const task = 'regression' as const;
  const given = await objectiveOf(options({ task, loss: 'huber:10' }), [], train, 4);
  expect(given.loss).toEqual({ kind: 'huber', parameter: 2.5 });
  const usual = await objectiveOf(options({ task, loss: 'huber' }), [], train, 4);
  expect(usual.loss).toEqual({ kind: 'huber', parameter: 1 });
});
