import * as tf from '@tensorflow/tfjs-core';
import { array, assert, double, integer, nat, pre, property } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSession, type OnnxSession } from '../../../src/engine/devices/onnx-session.ts';
import { compare, testInference, testTraining, tolerance } from '../../../src/engine/devices/self-test.ts';

const part = (...values: number[]) => [{ name: 'numbers', values: Float32Array.from(values) }];

describe('comparing answers', () => {
  it('measures the largest difference against the largest right number', () => {
    const test = compare('inference', part(1, -4, 2.02), part(1, -4, 2));
    expect(test.difference).toBeCloseTo(0.02 / 4, 6);
    expect(test).toMatchObject({ passed: false, where: 'numbers', tolerance });
  });

  it('names the array that differs most', () => {
    const right = [...part(1, 2), { name: 'others', values: [10] }];
    const test = compare('training-step', [...part(1, 2), { name: 'others', values: [10.5] }], right);
    expect(test).toMatchObject({ where: 'others', passed: false });
    expect(test.difference).toBeCloseTo(0.05, 9);
  });

  it.each([
    ['NaN', part(1, Number.NaN)],
    ['infinity', part(1, Infinity)],
    ['too few numbers', part(1)],
    ['too many numbers', part(1, 2, 3)],
    ['nothing at all', []],
  ])('never lets %s pass', (_, answer) => {
    expect(compare('inference', answer, part(1, 2))).toMatchObject({ passed: false, difference: null });
  });

  it('passes what lies within the tolerance and nothing else, at any scale', () => {
    const verdicts: boolean[] = [];
    assert(
      property(
        array(double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
        integer({ min: -20, max: 20 }),
        double({ min: 0, max: 2, noNaN: true }),
        nat(),
        (values, exponent, factor, at) => {
          pre(Math.abs(factor - 1) > 1e-9);
          const right = [1, ...values].map((value) => value * 2 ** exponent);
          const off = factor * tolerance * 2 ** exponent;
          const wrong = right.map((value, i) => (i === at % right.length ? value + off : value));
          const { passed } = compare(
            'inference',
            [{ name: 'x', values: wrong }],
            [{ name: 'x', values: right }],
          );
          verdicts.push(passed === factor < 1);
        },
      ),
    );
    expect(verdicts).not.toContain(false);
    expect(verdicts.length).toBeGreaterThan(50);
  });
});

describe('the inference test', () => {
  it('agrees with ONNX Runtime on the processor to a few parts in a million', async () => {
    const test = await testInference((onnx) => createSession(onnx, { threads: 1 }));
    expect(test).toMatchObject({ kind: 'inference', passed: true });
    expect(test.difference).toBeLessThan(1e-5);
  });

  it('finds a device out that is off by a hundredth', async () => {
    const test = await testInference(async (onnx): Promise<OnnxSession> => {
      const session = await createSession(onnx, { threads: 1 });
      return {
        ...session,
        run: async (input, shape) =>
          (await session.run(input, shape)).map((values) => values.map((value) => value * 1.01)),
      };
    });
    expect(test.passed).toBe(false);
    expect(test.difference).toBeCloseTo(0.01, 4);
  });
});

describe('the training test', () => {
  beforeAll(async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
    const { backend } = tf;
    for (const name of ['right', 'crooked']) {
      tf.registerBackend(name, () => tf.findBackend('cpu') ?? backend());
      tf.copyRegisteredKernels('cpu', name);
    }
    const gradient = tf.getKernel('Conv2DBackpropFilter', 'cpu');
    tf.unregisterKernel('Conv2DBackpropFilter', 'crooked');
    tf.registerKernel({
      kernelName: 'Conv2DBackpropFilter',
      backendName: 'crooked',
      kernelFunc(params) {
        const made = gradient.kernelFunc(params);
        const [info] = Array.isArray(made) ? made : [made];
        if (info === undefined) throw new Error('The kernel makes one tensor.');
        const values = tf.backend().readSync(info.dataId);
        if (values instanceof Float32Array) values[0] = (values[0] ?? 0) * 1.1; // one number of 216
        return made;
      },
    });
  });

  it('agrees with itself exactly', async () => {
    expect(await testTraining('right')).toMatchObject({
      kind: 'training-step',
      passed: true,
      difference: 0,
    });
  });

  it('finds a backend out whose gradient is wrong in a single number', async () => {
    const test = await testTraining('crooked');
    expect(test.passed).toBe(false);
    expect(test.difference).toBeGreaterThan(tolerance);
    expect(test.where).toMatch(/conv|pointwise/);
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    await testTraining('right');
    // The two constants of the optimizer are TensorFlow.js' own to keep.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2);
  });

  it('says so when there is no such backend', async () => {
    await expect(testTraining('abacus')).rejects.toThrow(/abacus/);
  });
});
