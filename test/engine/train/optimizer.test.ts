import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OptimizerKind } from '../../../src/contract/train.ts';
import { createOptimizer, read, variableOf } from '../../../src/engine/train/optimizer.ts';
import type { Optimizer } from '../../../src/engine/train/optimizer.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { startWasm } from './tf-testing.ts';

beforeAll(startWasm);

interface Setup {
  readonly optimizer: Optimizer;
  step(gradient: readonly number[], learningRate: number): number[];
  dispose(): void;
}

let made = 0;

/** One variable of the given numbers under an optimizer. */
function setup(kind: OptimizerKind, start: readonly number[], decay?: number): Setup {
  made += 1;
  const variable = variableOf(tf.tensor1d([...start]), { trainable: true, name: `tested${made}` });
  const pull = decay === undefined ? undefined : tf.scalar(decay);
  const optimizer = createOptimizer(kind, [{ variable, decay: pull }]);
  return {
    optimizer,
    step(gradient, learningRate) {
      tf.tidy(() => optimizer.step({ [variable.name]: tf.tensor1d([...gradient]) }, learningRate));
      return [...read(variable).data];
    },
    dispose() {
      optimizer.dispose();
      variable.dispose();
      pull?.dispose();
    },
  };
}

/** The published rules once more, in float64, one number at a time. */
function reference(kind: OptimizerKind, start: number, decay: number): (g: number, lr: number) => number {
  let [w, m, v, t] = [start, 0, 0, 0];
  return (gradient, lr) => {
    t += 1;
    if (kind === 'sgd') {
      m = 0.9 * m + gradient + decay * w;
      w -= lr * m;
      return w;
    }
    const g = kind === 'adam' ? gradient + decay * w : gradient;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    // The order of computation at the end of Kingma & Ba's section 2.
    const step = (lr * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    const kept = kind === 'adamw' ? w - lr * decay * w : w;
    w = kept - (step * m) / (Math.sqrt(v) + 1e-8);
    return w;
  };
}

const kinds = ['adamw', 'adam', 'sgd'] as const;

describe('optimizers, by hand', () => {
  test('the first step of AdamW is the learning rate against the gradient, and the decay beside it', () => {
    const one = setup('adamw', [1, 1], 0.5);
    const [up, down] = one.step([0.3, -0.02], 0.1);
    // 1 - 0.1 x 0.5 x 1 - 0.1 x sign(gradient): the gradient's size doesn't matter.
    expect(up).toBeCloseTo(0.85, 5);
    expect(down).toBeCloseTo(1.05, 5);
    one.dispose();
  });

  test('the decay of AdamW is decoupled: without a gradient the weight still shrinks by it, exactly', () => {
    const one = setup('adamw', [2], 0.5);
    expect(one.step([0], 0.1)[0]).toBeCloseTo(2 * 0.95, 6);
    expect(one.step([0], 0.1)[0]).toBeCloseTo(2 * 0.95 * 0.95, 6);
    one.dispose();
  });

  test('the decay of Adam goes through the gradient, so the first step has the learning rate as its size', () => {
    const one = setup('adam', [2], 0.5);
    expect(one.step([0], 0.1)[0]).toBeCloseTo(1.9, 5);
    one.dispose();
  });

  test('SGD gathers momentum: gradient 1 moves by lr, then by 1.9 lr, then by 2.71 lr', () => {
    const one = setup('sgd', [0]);
    const places = [1, 1, 1].map(() => one.step([1], 0.1)[0] ?? 0);
    expect(places[0]).toBeCloseTo(-0.1, 6);
    expect(places[1]).toBeCloseTo(-0.29, 6);
    expect(places[2]).toBeCloseTo(-0.561, 6);
    one.dispose();
  });

  test('the decay of SGD is added to the gradient', () => {
    const one = setup('sgd', [1], 0.2);
    expect(one.step([0.3], 0.1)[0]).toBeCloseTo(1 - 0.1 * (0.3 + 0.2), 6);
    one.dispose();
  });

  test('what has no gradient stays where it is', () => {
    const variable = variableOf(tf.tensor1d([4]), { trainable: true, name: 'still' });
    const optimizer = createOptimizer('adamw', [{ variable, decay: tf.scalar(1) }]);
    optimizer.step({}, 0.1);
    expect([...read(variable).data]).toEqual([4]);
  });
});

describe('optimizers, compared with float64', () => {
  test.each(kinds)('%s is the published rule over 50 steps', (kind) => {
    const gradients = fc.array(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      { minLength: 50, maxLength: 50 },
    );
    const starts = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(gradients, starts, fc.double({ min: 0, max: 0.5, noNaN: true }), (steps, start, decay) => {
        const one = setup(kind, start, decay);
        const references = start.map((w) => reference(kind, Math.fround(w), Math.fround(decay)));
        for (const [t, gradient] of steps.entries()) {
          // Below float32's reach nobody can agree about a gradient's direction.
          const clear = gradient.map((g) => (Math.abs(g) < 1e-3 ? 1e-3 : Math.fround(g)));
          const lr = 0.01 / (1 + t / 10);
          const mine = one.step(clear, lr);
          references.forEach((next, i) => {
            expect(Math.abs((mine[i] ?? 0) - next(clear[i] ?? 0, lr))).toBeLessThan(1e-5);
          });
        }
        one.dispose();
      }),
      { numRuns: 10 },
    );
  });
});

describe('the state of an optimizer', () => {
  test.each(kinds)('%s goes on from its state to the same bits', (kind) => {
    const gradients = Array.from({ length: 8 }, (_, t) => [Math.sin(t), Math.cos(3 * t)]);
    const whole = setup(kind, [0.5, -0.5], 0.1);
    const halves = setup(kind, [0.5, -0.5], 0.1);
    for (const g of gradients.slice(0, 4)) [whole, halves].map((one) => one.step(g, 0.05));
    const middle = halves.step([0, 0], 0); // a learning rate of 0 moves nothing but the moments
    whole.step([0, 0], 0);
    const resumed = setup(kind, middle, 0.1);
    resumed.optimizer.restore(halves.optimizer.state());
    for (const g of gradients.slice(4)) expect(resumed.step(g, 0.05)).toEqual(whole.step(g, 0.05));
    expect(resumed.optimizer.state().steps).toBe(9);
    for (const one of [whole, halves, resumed]) one.dispose();
  });

  test('a checkpoint of another size or another optimizer is refused in words', () => {
    const one = setup('adamw', [1, 2]);
    const other = setup('adamw', [1, 2, 3]);
    const sgd = setup('sgd', [1, 2]);
    const refusal = expect.objectContaining({
      code: 'bad-input',
      message: expect.stringContaining('optimizer/0/'),
    });
    expect(() => one.optimizer.restore(other.optimizer.state())).toThrow(refusal);
    expect(() => one.optimizer.restore(sgd.optimizer.state())).toThrow(refusal);
    for (const each of [one, other, sgd]) each.dispose();
  });

  test('gives every tensor back', () => {
    const before = tf.memory().numTensors;
    for (const kind of kinds) {
      const one = setup(kind, [1, 2], 0.1);
      one.step([1, 1], 0.1);
      one.optimizer.restore(one.optimizer.state());
      one.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
