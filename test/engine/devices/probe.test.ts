import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { mobileNet, runMobileNet } from '../../../src/engine/devices/bench-network.ts';
import { measure, type Workload } from '../../../src/engine/devices/measure.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import type { OpenDevice } from '../../../src/engine/devices/open-device.ts';
import { probeMessageSchema } from '../../../src/engine/devices/probe-messages.ts';
import { probe } from '../../../src/engine/devices/probe.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';

const compile = (onnx: Uint8Array) => createSession(onnx, { threads: 1 });
const right: OpenDevice = { compile, backend: 'cpu' };
/** Small enough for plain JavaScript. */
const tiny = (): Workload => ({ graph: mobileNet(32, 3, 0.1), batch: 1, steps: 1, seconds: 0 });

async function ask(open: () => Promise<OpenDevice>, bench = false) {
  const messages = [];
  for await (const message of probe({ device: 'webgpu', bench }, open, tiny))
    messages.push(probeMessageSchema.parse(message));
  return messages;
}

beforeAll(async () => {
  await import('@tensorflow/tfjs-backend-cpu');
});

describe('trying a device', () => {
  it('tests inference and training, and ends', async () => {
    expect(await ask(async () => right)).toMatchObject([
      { type: 'self-test', test: { kind: 'inference', passed: true } },
      { type: 'self-test', test: { kind: 'training-step', passed: true } },
      { type: 'done' },
    ]);
  });

  it('has no inference to test where only TensorFlow.js runs', async () => {
    const messages = await ask(async () => ({ backend: 'cpu' }));
    expect(messages.map(({ type }) => type)).toEqual(['self-test', 'done']);
  });

  it('times both kinds of step when asked', async () => {
    const speeds = (await ask(async () => right, true)).filter(({ type }) => type === 'speed');
    expect(speeds).toMatchObject([
      { speed: { workload: 'inference', batch: 1, steps: 1 } },
      { speed: { workload: 'training-step', batch: 1, steps: 1 } },
    ]);
  });

  it('does not time a device that answers wrongly', async () => {
    const wrong: OpenDevice = {
      backend: 'cpu',
      compile: async (onnx) => ({
        ...(await compile(onnx)),
        run: async () => [new Float32Array(20)],
      }),
    };
    const messages = await ask(async () => wrong, true);
    expect(messages.map(({ type }) => type)).toEqual(['self-test', 'self-test', 'done']);
    expect(messages[0]).toMatchObject({ test: { passed: false } });
  });

  it('tells a device that is not there from one that gives up', async () => {
    const absent = async (): Promise<never> => {
      throw new HolotypeError('not-supported', 'No such card.', { remedy: 'Buy one.' });
    };
    expect(await ask(absent)).toEqual([
      { type: 'unavailable', message: 'No such card.', remedy: 'Buy one.' },
    ]);

    // ONNX Runtime notices only when it compiles that there is no card.
    expect(await ask(async () => ({ backend: 'cpu', compile: absent }))).toMatchObject([
      { type: 'unavailable' },
    ]);

    const weak: OpenDevice = {
      backend: 'cpu',
      compile: async (onnx) => ({
        ...(await compile(onnx)),
        run: () => Promise.reject(new Error('out of memory')),
      }),
    };
    expect(await ask(async () => weak)).toEqual([{ type: 'failed', message: 'out of memory' }]);
  });
});

describe('the measured network', () => {
  it("is MobileNetV2's size: 2.2 million weights before the classifier, 17 bottlenecks", () => {
    const graph = mobileNet(224, 1000);
    let parameters = 0;
    for (const { data } of graph.weights.values()) parameters += data.length;
    // Sandler et al. 2018, table 4: 3.4 M; batch norm folded away.
    expect(parameters / 1e6).toBeCloseTo(3.49, 1);
    expect(graph.nodes.filter(({ op }) => op === 'depthwise-conv2d')).toHaveLength(17);
    expect(graph.nodes.filter(({ op }) => op === 'add')).toHaveLength(10);
    expect(inferShapes(graph).get('top/relu6')).toEqual([7, 7, 1280]);
  });

  it('is the same network in ONNX Runtime and in TensorFlow.js', async () => {
    const graph = mobileNet(32, 3, 0.25);
    const photos = Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => Math.sin(i));
    await tf.setBackend('cpu');
    const expected = tf.tidy(() => {
      const variables = new Map(
        [...graph.weights].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
      );
      return runMobileNet(tf, graph, variables, tf.tensor4d(photos, [2, 32, 32, 3])).dataSync<'float32'>();
    });
    const session = await compile(exportOnnx(graph));
    const [scores = new Float32Array()] = await session.run(photos, [2, 32, 32, 3]);
    await session.release();
    const scale = Math.max(...expected.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    scores.forEach((score, i) => expect(Math.abs(score - (expected[i] ?? NaN)) / scale).toBeLessThan(1e-4));
    expect(scores).toHaveLength(6);
  });

  it('leaves no tensors behind once measured', async () => {
    const before = tf.memory().numTensors;
    for await (const speed of measure({ backend: 'cpu' }, tiny()))
      expect(speed.imagesPerSecond).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
