import { beforeAll, describe, expect, test } from 'vitest';
import { inspectHead } from '../../../src/engine/train/head-health.ts';
import type { HeadWeights } from '../../../src/engine/train/head-model.ts';
import { adviseOnHead } from '../../../src/engine/evaluate/advice-head.ts';
import { clouds, finish, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const train = clouds(90, 8, 3, { seed: 1 });
const val = clouds(45, 8, 3, { seed: 2 });

/** Two inputs, four hidden units, two classes. */
function small(kernel: number[], bias: number[], activation?: 'tanh'): HeadWeights {
  return {
    layers: [
      {
        kernel: { shape: [2, 4], data: Float32Array.from(kernel) },
        bias: { shape: [4], data: Float32Array.from(bias) },
      },
      {
        kernel: { shape: [4, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 0, 0) },
        bias: { shape: [2], data: new Float32Array(2) },
      },
    ],
    ...(activation === undefined ? {} : { activation }),
  };
}
const photos = { rows: 3, columns: 2, data: Float32Array.of(1, 1, 2, -1, 0, 3) };

describe('what a head looks like inside', () => {
  test('by hand: zero weights, a dead unit, a copy', () => {
    // Unit 0 wakes for all, unit 1 is unit 0 again, unit 2 is held down by its bias, unit 3 wakes for the second.
    const head = small([1, 1, 1, 1, 0.5, 0.5, 0.5, -1], [0, 0, -10, -1]);
    expect(inspectHead(head, photos)).toEqual({
      weights: 16,
      zeros: 2,
      photos: 3,
      layers: [{ units: 4, dead: 1, copies: 1 }],
    });
    // A unit of another activation is never dead.
    expect(
      inspectHead(small([1, 1, 1, 1, 0.5, 0.5, 0.5, -1], [0, 0, -10, -1], 'tanh'), photos).layers,
    ).toEqual([{ units: 4, dead: 0, copies: 1 }]);
  });

  test('a head that learned well is in good health', async () => {
    const { heads } = await finish(training({ train, val, classes: 3, hidden: [8], epochs: 10 }));
    const health = inspectHead(heads[0]?.weights ?? { layers: [] }, train);
    expect(health.layers[0]?.copies).toBe(0);
    expect(health.layers[0]?.dead).toBeLessThan(2);
    expect(health.zeros).toBe(0);
    expect(adviseOnHead(health)).toEqual([]);
  });

  test('started with zeros, all units stay copies of each other, which is said with what to do', async () => {
    for (const [activation, dead] of [
      ['relu', 8],
      ['tanh', 0],
    ] as const) {
      const task = training({ train, val, classes: 3, hidden: [8], epochs: 6, init: 'zeros', activation });
      const { heads } = await finish(task);
      const health = inspectHead(heads[0]?.weights ?? { layers: [] }, train);
      expect(health.layers).toEqual([{ units: 8, dead, copies: 7 }]);
      const advice = adviseOnHead(health);
      expect(advice.map(({ code }) => code)).toEqual(
        dead > 0 ? ['units-dead', 'units-alike'] : ['units-alike'],
      );
      expect(advice.at(-1)).toMatchObject({
        severity: 'warning',
        evidence: '7 of 8 units have the weights of another one.',
        fix: { settings: { init: null } },
      });
    }
  });

  test('steps too large for features that are all above zero kill ReLUs, which is said with the numbers', async () => {
    const above = { ...train, data: train.data.map((value) => value + 5) };
    const task = training({ train: above, classes: 3, hidden: [16], epochs: 4, optimizer: 'sgd' });
    const { heads } = await finish({ ...task, learningRate: 0.1, groups: [{ weightDecay: 0 }] });
    const health = inspectHead(heads[0]?.weights ?? { layers: [] }, above);
    const [layer] = health.layers;
    expect(layer?.dead).toBeGreaterThan(3);
    const [advice] = adviseOnHead(health);
    expect(advice).toMatchObject({ code: 'units-dead', fix: { settings: { activation: 'leaky-relu' } } });
    expect(advice?.evidence).toBe(`${layer?.dead} of 16 units are zero for all of 90 photos.`);
  });

  test('a linear head has no units to die', async () => {
    const { heads } = await finish(training({ train, val, classes: 3, epochs: 2 }));
    expect(inspectHead(heads[0]?.weights ?? { layers: [] }, train)).toMatchObject({ layers: [], photos: 0 });
    expect(adviseOnHead(undefined)).toEqual([]);
  });
});
