/** How fast a device is: timed steps of a real network. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { DeviceSpeed } from '../../contract/devices.ts';
import { seededRandom } from '../data/random.ts';
import { exportOnnx } from '../graph/export-onnx.ts';
import type { ModelGraph } from '../graph/graph.ts';
import { mobileNet, runMobileNet } from './bench-network.ts';
import type { OpenDevice } from './open-device.ts';

export interface Workload {
  readonly graph: ModelGraph;
  readonly batch: number;
  /** Timed steps: at least one, and further ones up to this many while the time lasts. */
  readonly steps: number;
  /** Seconds after which no further step is begun. */
  readonly seconds: number;
}

/** @returns what `devices --bench` measures */
export const usualWorkload = (): Workload => ({ graph: mobileNet(), batch: 16, steps: 9, seconds: 6 });

/** Times inference and then a training step (forward, backward, Adam, every weight); the slower one comes last. */
export async function* measure(device: OpenDevice, workload: Workload): AsyncGenerator<DeviceSpeed> {
  if (device.compile !== undefined) {
    const { graph, batch } = workload;
    const photos = randomPhotos(workload);
    const shape = [batch, ...graph.input.shape];
    const session = await device.compile(exportOnnx(graph));
    try {
      yield await timed('inference', workload, async () => {
        await session.run(photos.slice(), shape);
      });
    } finally {
      await session.release();
    }
  }
  yield await trainingSpeed(device.backend, workload);
}

async function trainingSpeed(backend: string, workload: Workload): Promise<DeviceSpeed> {
  const { graph, batch } = workload;
  if (!(await tf.setBackend(backend)))
    throw new Error(`The TensorFlow.js backend "${backend}" does not start.`);
  const variables = new Map(
    [...graph.weights].map(([name, { shape, data }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(data, [...shape]), true, `measure/${name}`)),
    ]),
  );
  const photos = tf.tensor4d(randomPhotos(workload), [batch, ...graph.input.shape]);
  const labels = tf.tidy(() => {
    const classes = graph.weights.get('scores/bias')?.data.length ?? 2;
    const answers = Array.from({ length: batch }, (_, i) => i % classes);
    return tf.cast(tf.oneHot(tf.tensor1d(answers, 'int32'), classes), 'float32');
  });
  const optimizer = tf.train.adam(1e-4);
  try {
    return await timed('training-step', workload, async () => {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, runMobileNet(tf, graph, variables, photos)),
        true,
        [...variables.values()],
      );
      // A weight of the first layer is ready only when the whole step is.
      const [first] = variables.values();
      await Promise.all([loss?.data(), first?.data()]);
      loss?.dispose();
    });
  } finally {
    optimizer.dispose();
    tf.dispose([photos, labels, ...variables.values()]);
  }
}

function randomPhotos({ graph, batch }: Workload): Float32Array {
  const random = seededRandom(3);
  const length = graph.input.shape.reduce((a, b) => a * b, batch);
  return Float32Array.from({ length }, () => 2 * random.next() - 1);
}

/** The median over the steps, after two that compile and warm up. */
async function timed(
  workload: DeviceSpeed['workload'],
  { batch, steps, seconds }: Workload,
  step: () => Promise<void>,
): Promise<DeviceSpeed> {
  const begun = performance.now();
  const late = (): boolean => performance.now() - begun > seconds * 1000;
  await step();
  if (!late()) await step();
  const times: number[] = [];
  while (times.length === 0 || (times.length < steps && !late())) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const millisecondsPerStep = Math.max(median, 1e-3); // a clock may be too coarse for a tiny step
  return {
    workload,
    batch,
    steps: times.length,
    millisecondsPerStep,
    imagesPerSecond: (1000 * batch) / millisecondsPerStep,
  };
}
