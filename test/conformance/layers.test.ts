import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerOnnxRuntimeBackend } from '../../src/backend/index.ts';
import { distance, losses, middles, narrow, optimizers, trainOn, wide } from './layers-models.ts';
import type { Middle, Training } from './layers-models.ts';

beforeAll(() => registerOnnxRuntimeBackend());

const pick = <T>(from: Readonly<Record<string, T>>, name: string): T => {
  const found = from[name];
  if (found === undefined) throw new Error(`nothing is called ${name}`);
  return found;
};
const inNothing: Middle = (x) => x;
const usual: Training = {
  middle: inNothing,
  channels: narrow,
  optimizer: () => tf.train.momentum(0.05, 0.9),
  loss: pick(losses, 'categorical cross-entropy'),
  batch: 3,
  training: true,
  steps: 20,
};
/** tfjs-backend-cpu (4.22) reads this gradient of all photos but the first from the wrong place. */
const rightForOnePhoto = new Set(['upsampling']);

/** What is more than 1e-4 from tfjs-backend-cpu's: forward values, gradients, losses, weights at the end. */
async function off(change: Partial<Training>): Promise<string> {
  const task = { ...usual, ...change };
  const [ours, reference] = [await trainOn('onnxruntime', task), await trainOn('cpu', task)];
  const { worst, at } = distance(ours, reference);
  return worst < 1e-4 ? 'nothing' : `${at} by ${worst}`;
}

describe('steps on ONNX Runtime end where those on tfjs-backend-cpu do', () => {
  for (const [name, middle] of Object.entries(middles))
    it(`through ${name}`, async () => {
      expect(await off({ middle, batch: rightForOnePhoto.has(name) ? 1 : 3 })).toBe('nothing');
    });
  for (const name of ['batch norm', 'inverted residual', 'dropout with a fixed mask'])
    it(`through ${name}, in inference mode`, async () => {
      expect(await off({ middle: pick(middles, name), training: false })).toBe('nothing');
    });
  const ofImages = /^(conv|depthwise|add|concat|max|average|batch|padding|inverted|multiply)/;
  for (const [name, middle] of Object.entries(middles).filter(([name]) => ofImages.test(name)))
    it(`through ${name} of many channels`, async () => {
      // The JavaScript it is compared with takes half a second for such a step.
      expect(await off({ middle, channels: wide, steps: 3 })).toBe('nothing');
    });

  const smooth = pick(middles, 'separable 3x3 same');
  for (const [name, optimizer] of Object.entries(optimizers))
    it(`with ${name}`, async () => {
      expect(await off({ middle: smooth, optimizer })).toBe('nothing');
    });
  for (const [name, loss] of Object.entries(losses))
    it(`by ${name}`, async () => {
      expect(await off({ middle: smooth, loss })).toBe('nothing');
    });
});

it('a distance is what it is called', () => {
  const outcome = (...values: number[]) => ({ a: Float32Array.of(1, 2), b: Float32Array.from(values) });
  expect(distance(outcome(3, 4), outcome(3, 4))).toEqual({ worst: 0, at: '' });
  expect(distance(outcome(3, 5), outcome(3, 4))).toEqual({ worst: 0.2, at: 'b' });
  expect(distance(outcome(3, Number.NaN), outcome(3, 4))).toEqual({ worst: Infinity, at: 'b' });
  expect(distance(outcome(3), outcome(3, 4))).toEqual({ worst: Infinity, at: 'b' });
  expect(distance({ a: Float32Array.of(1, 2) }, outcome(0))).toEqual({ worst: Infinity, at: 'b' });
});
