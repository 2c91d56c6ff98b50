/** Layers models that Holotype builds train on ONNX Runtime as they do on tfjs-backend-cpu. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { fallbackReport, registerOnnxRuntimeBackend } from '../../src/backend/index.ts';
import type { ModelGraph } from '../../src/engine/graph/graph.ts';
import { graphs, withHead } from './built-networks.ts';
import { distance, losses, optimizers, trainModelOn, type Course } from './layers-models.ts';

beforeAll(() => {
  registerOnnxRuntimeBackend();
  tf.env().set('IS_NODE', false); // tfjs-backend-cpu would advise to install tfjs-node
});

const usual: Course = {
  optimizer: () => tf.train.momentum(0.05, 0.9),
  loss: (truth, predicted) => tf.losses.softmaxCrossEntropy(truth, tf.log(predicted)),
  batch: 3,
  training: true,
  steps: 20,
};

/** What is more than 1e-4 from tfjs-backend-cpu's: forward values, gradients, losses, weights at the end. */
async function off(graph: ModelGraph, change: Partial<Course> = {}): Promise<string> {
  const course = { ...usual, ...change };
  const make = () => withHead(graph);
  const ours = await trainModelOn('onnxruntime', course, make);
  const { losses: history = new Float32Array() } = ours;
  // Nothing is compared where nothing was learnt.
  expect(new Set(history).size).toBeGreaterThan(course.steps / 2);
  expect(history.every(Number.isFinite)).toBe(true);
  const { worst, at } = distance(ours, await trainModelOn('cpu', course, make));
  return worst < 1e-4 ? 'nothing' : `${at} by ${worst}`;
}

describe('a built network ends 20 steps where it does on tfjs-backend-cpu', () => {
  it.each(Object.entries(graphs))('%s', async (_, make) => {
    expect(await off(make())).toBe('nothing');
    expect([...fallbackReport()]).toEqual([]);
  });

  const normed = Object.entries(graphs).filter(([, make]) =>
    make().nodes.some(({ op }) => op === 'batch-norm'),
  );
  it.each(normed)('%s, batch norm and dropout in inference mode', async (_, make) => {
    expect(await off(make(), { training: false })).toBe('nothing');
  });

  const smooth = graphs['activation tanh'];
  it.each(Object.entries(optimizers))('with %s', async (_, optimizer) => {
    expect(smooth && (await off(smooth(), { optimizer }))).toBe('nothing');
  });
  it.each(Object.entries(losses))('by %s', async (_, loss) => {
    expect(smooth && (await off(smooth(), { loss }))).toBe('nothing');
  });
});
