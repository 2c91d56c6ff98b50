import { beforeAll, describe, expect, test } from 'vitest';
import type { LossSpec } from '../../../src/contract/losses.ts';
import type { Task } from '../../../src/contract/project.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { costOfGuessing, lossOfRow, lossTensor } from '../../../src/engine/train/losses.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { startWasm } from './tf-testing.ts';

beforeAll(startWasm);

const cases: readonly { task: Task; loss: LossSpec }[] = [
  { task: 'single-label', loss: { kind: 'cross-entropy' } },
  { task: 'single-label', loss: { kind: 'focal' } },
  { task: 'single-label', loss: { kind: 'focal', parameter: 0.5 } },
  { task: 'multi-label', loss: { kind: 'binary-cross-entropy' } },
  { task: 'multi-label', loss: { kind: 'focal' } },
  { task: 'multi-label', loss: { kind: 'focal', parameter: 0.5 } },
  { task: 'regression', loss: { kind: 'mse' } },
  { task: 'regression', loss: { kind: 'mae' } },
  { task: 'regression', loss: { kind: 'huber', parameter: 0.7 } },
];
const name = ({ task, loss: { kind, parameter } }: (typeof cases)[number]): string =>
  `${task} ${kind}${parameter === undefined ? '' : `:${parameter}`}`;

const rows = 6;
const outputs = 3;
const random = seededRandom(11);
const answers = Float32Array.from({ length: rows * outputs }, () => 2 * random.normal());

/** Targets that are smoothed, so that every part of a loss is there. */
function targetsFor(task: Task): Float32Array {
  const source = seededRandom(5);
  if (task === 'regression') return answers.map(() => source.normal());
  if (task === 'multi-label') return answers.map(() => (source.integer(2) === 1 ? 0.95 : 0.05));
  return Float32Array.from(answers, (_, at) => (at % outputs === (at * 7) % rows ? 0.9 : 0.05));
}

interface Computed {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
}

function byTensors(
  { task, loss }: (typeof cases)[number],
  z: Float32Array,
  t: Float32Array,
  weights?: Float32Array,
): Computed {
  return tf.tidy(() => {
    const shape: [number, number] = [z.length / outputs, outputs];
    const wanted = tf.tensor2d(t, shape);
    const each = weights === undefined ? undefined : tf.tensor2d(weights, shape);
    const of = (x: ReturnType<typeof tf.tensor>) => lossTensor(x, wanted, { task, loss }, each);
    const x = tf.tensor2d(z, shape);
    const gradient = tf.grad((one) => tf.sum(of(one)))(x);
    return { values: of(x).dataSync<'float32'>(), gradient: gradient.dataSync<'float32'>() };
  });
}

function plainly(
  objective: (typeof cases)[number],
  z: ArrayLike<number>,
  t: Float32Array,
  weights?: Float32Array,
): number[] {
  // A Float64Array in the place of a Float32Array: the differences need its digits.
  const numbers = Float64Array.from(z) as unknown as Float32Array;
  return Array.from({ length: z.length / outputs }, (_, row) =>
    lossOfRow(
      numbers,
      row * outputs,
      outputs,
      (c) => t[row * outputs + c] ?? 0,
      objective,
      (c) => weights?.[row * outputs + c] ?? 1,
    ),
  );
}

describe.each(cases.map((one) => [name(one), one] as const))('%s', (_, one) => {
  const t = targetsFor(one.task);
  const weights =
    one.task === 'single-label' ? undefined : Float32Array.from(t, (__, at) => 0.5 + (at % 4) / 2);

  test('tensors and plain numbers agree', () => {
    const { values } = byTensors(one, answers, t, weights);
    for (const [row, expected] of plainly(one, answers, t, weights).entries())
      expect(values[row]).toBeCloseTo(expected, 5);
  });

  test('the gradient is that of finite differences', () => {
    const { gradient } = byTensors(one, answers, t, weights);
    const h = 1e-5;
    const total = (z: ArrayLike<number>): number => plainly(one, z, t, weights).reduce((a, b) => a + b, 0);
    for (const at of answers.keys()) {
      const [up, down] = [h, -h].map((step) => {
        const z = Float64Array.from(answers);
        z[at] = (z[at] ?? 0) + step;
        return total(z);
      });
      expect(gradient[at]).toBeCloseTo(((up ?? 0) - (down ?? 0)) / (2 * h), 4);
    }
  });

  test('far answers have finite losses and gradients', () => {
    const far = answers.map((__, at) => (at % 2 === 0 ? 1 : -1) * (at < 9 ? 80 : 900));
    const hard = targetsFor(one.task).map((target) =>
      one.task === 'regression' ? target : Math.round(target),
    );
    const { values, gradient } = byTensors(one, far, hard, weights);
    for (const value of [...values, ...gradient]) expect(Number.isFinite(value)).toBe(true);
    for (const value of plainly(one, far, hard, weights)) expect(Number.isFinite(value)).toBe(true);
  });
});

describe('known values', () => {
  const row = (z: readonly number[], t: readonly number[], task: Task, loss: LossSpec): number =>
    lossOfRow(Float32Array.from(z), 0, z.length, (c) => t[c] ?? 0, { task, loss });

  test('cross-entropy of even odds is ln n', () => {
    expect(row([1, 1, 1, 1], [0, 1, 0, 0], 'single-label', { kind: 'cross-entropy' })).toBeCloseTo(
      Math.log(4),
      12,
    );
  });

  test('binary cross-entropy: -ln 0.8 and -ln 0.9 averaged', () => {
    const logit = (p: number): number => Math.log(p / (1 - p));
    const z = [logit(0.8), logit(0.1)];
    const expected = -(Math.log(0.8) + Math.log(0.9)) / 2;
    expect(row(z, [1, 0], 'multi-label', { kind: 'binary-cross-entropy' })).toBeCloseTo(expected, 6);
    // Lin et al. 2017: an easy answer at p = 0.9 with gamma 2 counts a hundredth of its cross-entropy.
    const easy = row([logit(0.9)], [1], 'multi-label', { kind: 'focal', parameter: 2 });
    expect(easy).toBeCloseTo(-Math.log(0.9) / 100, 7);
  });

  test('focal at gamma 0 is cross-entropy', () => {
    for (const task of ['single-label', 'multi-label'] as const) {
      const usual = { kind: task === 'single-label' ? 'cross-entropy' : 'binary-cross-entropy' } as const;
      const focal = row([2, -1, 0.3], [0, 1, 0], task, { kind: 'focal', parameter: 0 });
      expect(focal).toBeCloseTo(row([2, -1, 0.3], [0, 1, 0], task, usual), 10);
    }
  });

  test('huber is a parabola near by and a line far away', () => {
    const huber = { kind: 'huber', parameter: 2 } as const;
    expect(row([1.5], [0], 'regression', huber)).toBeCloseTo(1.125, 10);
    expect(row([-5], [0], 'regression', huber)).toBeCloseTo(2 * (5 - 1), 10);
    expect(row([3], [1], 'regression', { kind: 'mse' })).toBe(4);
    expect(row([3], [1], 'regression', { kind: 'mae' })).toBe(2);
  });

  test('the slope of a distance is 0 where there is none', () => {
    for (const loss of [{ kind: 'mae' }, { kind: 'huber' }] as const) {
      const { gradient } = byTensors({ task: 'regression', loss }, new Float32Array(3), new Float32Array(3));
      for (const value of gradient) expect(value === 0).toBe(true);
    }
  });

  test.each(cases.filter(({ task }) => task !== 'regression').map((one) => [name(one), one] as const))(
    'a guess costs as much as is said: %s',
    (_, { task, loss }) => {
      expect(costOfGuessing({ task, loss }, 3)).toBeCloseTo(row([0, 0, 0], [0, 1, 0], task, loss), 10);
    },
  );
});
