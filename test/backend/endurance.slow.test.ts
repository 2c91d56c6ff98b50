/** 2,000 training steps must not cost more than 200: neither tensors nor memory may pile up. */
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from 'vitest';
import { stats } from '../../src/backend/index.ts';
import { random, tf } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

beforeAll(() => tf.setBackend('onnxruntime'));

const steps = 2000;
/** Until then, sessions are compiled and allocators find their size. */
const warmUp = 500;
const sampledEvery = 20;
const batch = 16;

/**
 * Bytes a step that the process may seem to grow by, since V8 goes on compiling for thousands of steps. One activation
 * or one batch of photos left behind at each step would be 32 KiB or more.
 */
const allowedSlope = 8192;

interface Sample {
  readonly step: number;
  readonly numTensors: number;
  readonly numBytes: number;
  /** Data that the backend holds. */
  readonly dataIds: number;
  readonly rss: number;
}

/** The median of the slopes between all pairs (Theil and Sen): a few outliers don't move it. */
function slope(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((a, i) =>
    samples.slice(i + 1).map((b) => (b.rss - a.rss) / (b.step - a.step)),
  );
  return slopes.sort((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? Number.NaN;
}

/** A small CNN with what most have: convolutions, batch norm, pools, dropout. */
function smallNetwork() {
  const model = sequential();
  model.add(layers.conv2d({ inputShape: [16, 16, 3], filters: 16, kernelSize: 3, padding: 'same' }));
  model.add(layers.batchNormalization());
  model.add(layers.reLU());
  model.add(layers.maxPooling2d({ poolSize: 2 }));
  model.add(layers.separableConv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }));
  model.add(layers.averagePooling2d({ poolSize: 2 }));
  model.add(layers.flatten());
  model.add(layers.dropout({ rate: 0.3 }));
  model.add(layers.dense({ units: 4, activation: 'softmax' }));
  return model;
}

test('2,000 steps of Adam on a small CNN pile up neither tensors nor memory', () => {
  const model = smallNetwork();
  const optimizer = tf.train.adam(1e-3);
  const samples: Sample[] = [];
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    // New photos each time, as in training: what was read of the last ones must go.
    const x = random([batch, 16, 16, 3], step);
    const classes = Array.from(tf.tidy(() => tf.argMax(tf.mean(x, [1, 2]), 1).dataSync()));
    const truth = tf.tidy(() => tf.oneHot(tf.tensor1d(classes, 'int32'), 4));
    const loss = optimizer.minimize(
      () => tf.losses.logLoss(truth, model.apply(x, { training: true }) as tf.Tensor),
      true,
    );
    losses.push(loss?.dataSync()[0] ?? Number.NaN);
    tf.dispose([x, truth]);
    loss?.dispose();
    if (step < warmUp || step % sampledEvery !== 0) continue;
    collectGarbage();
    const { numTensors, numBytes } = tf.memory();
    const dataIds = tf.backend().numDataIds();
    samples.push({ step, numTensors, numBytes, dataIds, rss: process.memoryUsage.rss() });
  }
  const { compiles } = stats();
  optimizer.dispose();
  model.dispose();

  const [first, last] = [samples[0], samples.at(-1)];
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  console.log(
    `RSS ${mebibytes(first?.rss)} after ${warmUp} steps, ${mebibytes(last?.rss)} after ${steps}, ` +
      `slope ${slope(samples).toFixed(0)} bytes a step; ${first?.numTensors ?? 0} tensors, ` +
      `${first?.numBytes ?? 0} bytes; ${compiles} graphs compiled; ` +
      `loss ${mean(losses.slice(0, 50)).toFixed(3)} to ${mean(losses.slice(-50)).toFixed(3)}`,
  );
  expect(new Set(samples.map(({ numTensors }) => numTensors)).size).toBe(1);
  expect(new Set(samples.map(({ numBytes }) => numBytes)).size).toBe(1);
  expect(new Set(samples.map(({ dataIds }) => dataIds)).size).toBe(1);
  expect(slope(samples)).toBeLessThan(allowedSlope);
  expect(mean(losses.slice(-50))).toBeLessThan(mean(losses.slice(0, 50)));
});

const mebibytes = (bytes = 0): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
