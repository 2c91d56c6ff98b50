import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import type { Weight } from '../../../src/engine/graph/graph.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import type { HeadGroup } from '../../../src/engine/train/head-model.ts';
import type { HeadState } from '../../../src/engine/train/head-training.ts';
import { clouds, finish, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const rows = 10;
const columns = 5;
const classes = 3;
const features = clouds(rows, columns, classes, { seed: 4 });

interface Case {
  readonly hidden: readonly number[];
  readonly groups: readonly HeadGroup[];
}

function random(shape: readonly number[], seed: number): Weight {
  const source = seededRandom(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => source.normal() * 0.5) };
}

/** A place in the middle of a training, with weights that are nothing special. */
function somewhere({ hidden, groups }: Case): HeadState {
  const widths = [columns, ...hidden, groups.length * classes];
  const tensors = new Map<string, Weight>();
  for (const [layer, width] of widths.slice(1).entries()) {
    const kernel = random([widths[layer] ?? 0, width], 10 + layer);
    if (layer === 0) {
      // Columns that a group may not read hold zeros, as they do from the start.
      kernel.data.forEach((_, at) => {
        const group = groups[hidden.length > 0 ? 0 : Math.floor((at % width) / classes)];
        if (Math.floor(at / width) >= (group?.columns ?? columns)) kernel.data[at] = 0;
      });
    }
    tensors.set(`head/${layer}/kernel`, kernel);
    tensors.set(`head/${layer}/bias`, random([width], 20 + layer));
  }
  for (const [at, { shape }] of [...tensors.values()].entries())
    tensors.set(`optimizer/${at}/momentum`, {
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    });
  const best = groups.map(() => ({ epoch: 0, loss: Infinity, accuracy: -Infinity }));
  return { epoch: 0, sinceBest: 0, optimizerSteps: 0, best, history: [], tensors };
}

/** Sum over the groups of mean cross-entropy + decay / 2 x kernel^2, in float64 from the definition. */
function loss({ hidden, groups }: Case, state: ReadonlyMap<string, Float64Array>): number {
  const layers = hidden.length + 1;
  const get = (name: string): Float64Array => state.get(name) ?? new Float64Array();
  let total = 0;
  for (const [g, group] of groups.entries()) {
    const counted = Array.from({ length: rows }, (_, row) => row).filter((row) => group.mask?.[row] !== 0);
    for (const row of counted) {
      let x = [...features.data.subarray(row * columns, (row + 1) * columns)];
      for (let layer = 0; layer < layers; layer += 1) {
        const kernel = get(`head/${layer}/kernel`);
        const bias = get(`head/${layer}/bias`);
        const width = bias.length;
        const y = [...bias].map((b, out) =>
          x.reduce((sum, value, k) => sum + value * (kernel[k * width + out] ?? 0), b),
        );
        x = layer < layers - 1 ? y.map((value) => Math.max(0, value)) : y;
      }
      const logits = x.slice(g * classes, (g + 1) * classes);
      const sum = logits.reduce((s, value) => s + Math.exp(value), 0);
      total += (Math.log(sum) - (logits[features.labels[row] ?? 0] ?? 0)) / counted.length;
    }
    for (let layer = 0; layer < layers; layer += 1) {
      const kernel = get(`head/${layer}/kernel`);
      const width = get(`head/${layer}/bias`).length;
      kernel.forEach((value, at) => {
        const own = layer < layers - 1 || Math.floor((at % width) / classes) === g;
        if (own) total += (group.weightDecay / 2) * value * value;
      });
    }
  }
  return total;
}

/** A single step of plain SGD with a learning rate of 1 moves by exactly the gradient. */
async function gradient(one: Case): Promise<Map<string, Float64Array>> {
  const state = somewhere(one);
  const { states } = await finish(
    training({
      train: features,
      classes,
      ...one,
      optimizer: 'momentum',
      learningRate: 1,
      warmup: 0,
      batchSize: rows,
      epochs: 1,
      resume: state,
    }),
  );
  const after = states[0]?.tensors ?? new Map<string, Weight>();
  return new Map(
    [...state.tensors]
      .filter(([name]) => name.startsWith('head/'))
      .map(([name, { data }]) => [
        name,
        Float64Array.from(data, (value, at) => value - (after.get(name)?.data[at] ?? Number.NaN)),
      ]),
  );
}

const cases: [string, Case][] = [
  ['one linear head', { hidden: [], groups: [{ weightDecay: 0 }] }],
  ['one linear head with decay', { hidden: [], groups: [{ weightDecay: 0.7 }] }],
  [
    'three linear heads with decays, columns and rows of their own',
    {
      hidden: [],
      groups: [
        { weightDecay: 0 },
        { weightDecay: 0.3, columns: 3 },
        { weightDecay: 1, mask: Uint8Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 0 : 1)) },
      ],
    },
  ],
  ['a hidden layer', { hidden: [4], groups: [{ weightDecay: 0.2 }] }],
  ['two hidden layers and fewer columns', { hidden: [6, 4], groups: [{ weightDecay: 0.2, columns: 2 }] }],
];

describe('the gradient of the loss', () => {
  test.each(cases)('%s: as finite differences of the definition', async (_, one) => {
    const analytic = await gradient(one);
    const weights = new Map(
      [...somewhere(one).tensors].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const h = 1e-5;
    for (const [name, values] of analytic) {
      const place = weights.get(name) ?? new Float64Array();
      const width = weights.get(name.replace('kernel', 'bias'))?.length ?? 1;
      const unread = (at: number): boolean => {
        const group = one.groups[one.hidden.length > 0 ? 0 : Math.floor((at % width) / classes)];
        return name === 'head/0/kernel' && Math.floor(at / width) >= (group?.columns ?? columns);
      };
      const numeric = values.map((_value, at) => {
        if (unread(at)) return 0; // what a head may not read stays at zero
        const here = place[at] ?? 0;
        place[at] = here + h;
        const above = loss(one, weights);
        place[at] = here - h;
        const below = loss(one, weights);
        place[at] = here;
        return (above - below) / (2 * h);
      });
      expect(values).toHaveLength(place.length);
      for (const [at, value] of values.entries())
        expect(Math.abs(value - (numeric[at] ?? Number.NaN))).toBeLessThan(unread(at) ? 1e-30 : 2e-6);
    }
  });
});

test('the mean is taken over the rows a head learns from, so masked rows might as well not be there', async () => {
  const mask = Uint8Array.from({ length: rows }, (_, row) => (row < 6 ? 1 : 0));
  const masked = await gradient({ hidden: [], groups: [{ weightDecay: 0, mask }] });
  const few: FeatureMatrix = {
    rows: 6,
    columns,
    data: features.data.slice(0, 6 * columns),
    labels: features.labels.slice(0, 6),
  };
  const { states } = await finish(
    training({
      train: few,
      classes,
      groups: [{ weightDecay: 0 }],
      optimizer: 'momentum',
      learningRate: 1,
      warmup: 0,
      epochs: 1,
      resume: somewhere({ hidden: [], groups: [{ weightDecay: 0 }] }),
    }),
  );
  const start = somewhere({ hidden: [], groups: [{ weightDecay: 0 }] }).tensors.get('head/0/kernel');
  const after = states[0]?.tensors.get('head/0/kernel');
  masked.get('head/0/kernel')?.forEach((value, at) => {
    expect(value).toBeCloseTo((start?.data[at] ?? 0) - (after?.data[at] ?? 0), 5);
  });
});
