import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { optimizerKinds } from '../../../src/contract/choices.ts';
import type { OptimizerKind } from '../../../src/contract/train.ts';
import { createOptimizer, read, variableOf } from '../../../src/engine/train/optimizer.ts';
import type { Optimizer, OptimizerExtras } from '../../../src/engine/train/optimizer.ts';
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
function setup(
  kind: OptimizerKind,
  start: readonly number[],
  decay?: number,
  extras: OptimizerExtras = {},
): Setup {
  made += 1;
  const variable = variableOf(tf.tensor1d([...start]), { trainable: true, name: `tested${made}` });
  const pull = decay === undefined ? undefined : tf.scalar(decay);
  const optimizer = createOptimizer(kind, [{ variable, decay: pull }], extras);
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
    const g = kind === 'adamw' ? gradient : gradient + decay * w;
    if (kind === 'sgd') {
      w -= lr * g;
      return w;
    }
    if (kind === 'momentum') {
      m = 0.9 * m + g;
      w -= lr * m;
      return w;
    }
    if (kind === 'rmsprop') {
      v = 0.9 * v + 0.1 * g * g;
      w -= (lr * g) / (Math.sqrt(v) + 1e-8);
      return w;
    }
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    // The order of computation at the end of Kingma & Ba's section 2.
    const step = (lr * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    const kept = kind === 'adamw' ? w - lr * decay * w : w;
    w = kept - (step * m) / (Math.sqrt(v) + 1e-8);
    return w;
  };
}

const kinds = optimizerKinds;

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

  test('momentum gathers: gradient 1 moves by lr, then by 1.9 lr, then by 2.71 lr', () => {
    const one = setup('momentum', [0]);
    const places = [1, 1, 1].map(() => one.step([1], 0.1)[0] ?? 0);
    expect(places[0]).toBeCloseTo(-0.1, 6);
    expect(places[1]).toBeCloseTo(-0.29, 6);
    expect(places[2]).toBeCloseTo(-0.561, 6);
    one.dispose();
  });

  test('plain SGD forgets: gradient 1 moves by lr each time', () => {
    const one = setup('sgd', [0]);
    const places = [1, 1, 1].map(() => one.step([1], 0.1)[0] ?? 0);
    places.forEach((place, t) => expect(place).toBeCloseTo(-0.1 * (t + 1), 6));
    one.dispose();
  });

  test('RMSprop divides by the root mean square: the first step is lr / sqrt(0.1), whatever the gradient', () => {
    const one = setup('rmsprop', [0, 0]);
    const [up, down] = one.step([-7, 0.02], 0.1);
    expect(up).toBeCloseTo(0.1 / Math.sqrt(0.1), 5);
    expect(down).toBeCloseTo(-0.1 / Math.sqrt(0.1), 5);
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

describe('TensorFlow.js’s own optimizers', () => {
  const own = {
    sgd: () => tf.train.sgd(0.05),
    momentum: () => tf.train.momentum(0.05, 0.9),
    adam: () => tf.train.adam(0.05),
    // Its epsilon stands within the root.
    rmsprop: () => tf.train.rmsprop(0.05, 0.9, 0, 1e-16),
  };

  test.each(Object.keys(own) as (keyof typeof own)[])('%s takes the same 20 steps', (kind) => {
    const theirs = tf.variable(tf.tensor1d([0.5, -1]), true, `theirs-${kind}`);
    const optimizer = own[kind]();
    const mine = setup(kind, [0.5, -1]);
    for (let t = 0; t < 20; t += 1) {
      const gradient = [Math.sin(t + 1), 0.1 * Math.cos(3 * t)];
      tf.tidy(() => optimizer.applyGradients([{ name: theirs.name, tensor: tf.tensor1d(gradient) }]));
      const places = mine.step(gradient, 0.05);
      [...read(theirs).data].forEach((place, i) => expect(places[i]).toBeCloseTo(place, 4));
    }
    mine.dispose();
    optimizer.dispose();
    theirs.dispose();
  });
});

describe('penalties', () => {
  const start = [1.5, -0.4, 0.03, 0];
  const sum = (term: (w: number) => number) => (weights: readonly number[]) =>
    weights.reduce((total, w) => total + term(w), 0);

  test.each([
    ['l1', sum(Math.abs), Math.sign, [0, 1]],
    ['l2', sum((w) => w * w), (w: number) => 2 * w, [0, 1, 2, 3]],
  ] as const)('a step of SGD goes down the gradient of %s', (name, penalty, gradient, places) => {
    const [lambda, lr] = [0.7, 1e-2];
    const one = setup('sgd', start, 0, { [name]: lambda });
    const after = one.step([0, 0, 0, 0], lr);
    for (const i of places) {
      const w = start[i] ?? 0;
      const moved = (w - (after[i] ?? 0)) / lr;
      expect(moved).toBeCloseTo(lambda * gradient(w), 4);
      // ... which is what the penalty's finite difference says.
      const shifted = (by: number): number[] => start.map((other, at) => (at === i ? other + by : other));
      const slope = (lambda * (penalty(shifted(1e-5)) - penalty(shifted(-1e-5)))) / 2e-5;
      expect(moved).toBeCloseTo(slope, 3);
    }
    one.dispose();
  });

  test('L1 ends at zero and stays there, as long as the photos pull less than it does', () => {
    const one = setup('sgd', [0.05, -0.05], 0, { l1: 1 });
    expect(one.step([0, 0], 0.1).map(Math.abs)).toEqual([0, 0]);
    expect(one.step([0.9, -0.9], 0.1).map(Math.abs)).toEqual([0, 0]);
    expect(one.step([-1.5, 1.5], 0.1)[0]).toBeCloseTo(0.05, 6);
    one.dispose();
  });

  // (w - a)^2 / 2 + l1 |w| is least at a shrunk by l1; (w - a)^2 / 2 + l2 w^2 at a / (1 + 2 l2).
  test.each(kinds)('%s comes to rest where loss and penalty are in balance', (kind) => {
    const aims = [2, -1, 0.2];
    const rest = (extras: OptimizerExtras): number[] => {
      const one = setup(kind, [0.5, 0.5, 0.5], 0, extras);
      let places = [0.5, 0.5, 0.5];
      for (let t = 0; t < 300; t += 1)
        places = one.step(
          places.map((place, i) => place - (aims[i] ?? 0)),
          0.06 * (1 - t / 300),
        );
      one.dispose();
      return places;
    };
    const sparse = rest({ l1: 0.5 });
    expect(sparse[0]).toBeCloseTo(1.5, 2);
    expect(sparse[1]).toBeCloseTo(-0.5, 2);
    expect(Math.abs(sparse[2] ?? 1)).toBe(0);
    rest({ l2: 0.5 }).forEach((place, i) => expect(place).toBeCloseTo((aims[i] ?? 0) / 2, 2));
  });

  test('biases, which have no decay, have no penalties either', () => {
    const one = setup('sgd', [1], undefined, { l1: 1, l2: 1 });
    expect(one.step([0], 0.1)).toEqual([1]);
    one.dispose();
  });
});

describe('clipping and averaging', () => {
  test('a longer gradient is scaled down to the length, a shorter one stays', () => {
    const one = setup('sgd', [0, 0], undefined, { clip: 1 });
    const far = one.step([3, 4], 1);
    expect(far[0]).toBeCloseTo(-0.6, 6);
    expect(far[1]).toBeCloseTo(-0.8, 6);
    const near = one.step([0.3, 0.4], 1);
    expect(near[0]).toBeCloseTo(-0.9, 6);
    expect(near[1]).toBeCloseTo(-1.2, 6);
    one.dispose();
  });

  test('each head has a length of its own', () => {
    const one = setup('sgd', [0, 0, 0, 0], undefined, { clip: 1, groups: 2 });
    one.step([3, 4, 0.3, 0.4], 1).forEach((place, i) => {
      expect(place).toBeCloseTo([-0.6, -0.8, -0.3, -0.4][i] ?? 0, 6);
    });
    one.dispose();
  });

  test('the average is the running mean of the weights, exchanged with them and back to the bit', () => {
    const variable = variableOf(tf.tensor1d([1]), { trainable: true, name: 'averaged' });
    const optimizer = createOptimizer('sgd', [{ variable }], { ema: 0.5 });
    let [place, average] = [1, 1];
    for (let t = 1; t <= 6; t += 1) {
      tf.tidy(() => optimizer.step({ [variable.name]: tf.tensor1d([1]) }, 0.1));
      place -= 0.1;
      const kept = Math.min(0.5, (1 + t) / (10 + t));
      average = kept * average + (1 - kept) * place;
    }
    const own = [...read(variable).data];
    optimizer.swapAveraged();
    expect(read(variable).data[0]).toBeCloseTo(average, 5);
    optimizer.swapAveraged();
    expect([...read(variable).data]).toEqual(own);
    optimizer.dispose();
    variable.dispose();
  });
});

describe('the state of an optimizer', () => {
  test.each(kinds)('%s goes on from its state to the same bits', (kind) => {
    const gradients = Array.from({ length: 8 }, (_, t) => [Math.sin(t), Math.cos(3 * t)]);
    const extras = { l1: 0.01, l2: 0.01, clip: 0.5, ema: 0.9 };
    const whole = setup(kind, [0.5, -0.5], 0.1, extras);
    const halves = setup(kind, [0.5, -0.5], 0.1, extras);
    for (const g of gradients.slice(0, 4)) [whole, halves].map((one) => one.step(g, 0.05));
    const middle = halves.step([0, 0], 0); // a learning rate of 0 moves nothing but the moments
    whole.step([0, 0], 0);
    const resumed = setup(kind, middle, 0.1, extras);
    resumed.optimizer.restore(halves.optimizer.state());
    for (const g of gradients.slice(4)) expect(resumed.step(g, 0.05)).toEqual(whole.step(g, 0.05));
    expect(resumed.optimizer.state().steps).toBe(9);
    for (const one of [whole, halves, resumed]) one.dispose();
  });

  test('a checkpoint of another size or another optimizer is refused in words', () => {
    const one = setup('adamw', [1, 2]);
    const other = setup('adamw', [1, 2, 3]);
    const sgd = setup('momentum', [1, 2]);
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
      const one = setup(kind, [1, 2], 0.1, { l1: 0.1, l2: 0.1, clip: 1, ema: 0.9 });
      one.step([1, 1], 0.1);
      one.optimizer.swapAveraged();
      one.optimizer.restore(one.optimizer.state());
      one.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
