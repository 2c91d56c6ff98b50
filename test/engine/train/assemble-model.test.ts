import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { softmaxRows } from '../../../src/engine/evaluate/calibration.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph, Weight } from '../../../src/engine/graph/graph.ts';
import { assembleModel, headLogits } from '../../../src/engine/train/assemble-model.ts';
import { standardizationOf, standardize } from '../../../src/engine/train/feature-matrix.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import type { HeadWeights } from '../../../src/engine/train/head-model.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../src/engine/train/trunk.ts';
import { policyOf } from '../data/photo-fixtures.ts';
import { mobileNetV2, resNet } from '../graph/networks.ts';

const photos = 6;
const random = seededRandom(3);

function weight(...shape: number[]): Weight {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => random.normal() * 0.3) };
}

/** A head with random weights; rows of columns that it doesn't read are zero, as training leaves them. */
function randomHead(trunk: Trunk, classes: number, hidden: readonly number[], columns: number): HeadWeights {
  const widths = [trunk.dimension, ...hidden, classes];
  const layers = widths.slice(1).map((width, index) => {
    const kernel = weight(widths[index] ?? 0, width);
    if (index === 0) kernel.data.fill(0, columns * width);
    return { kernel, bias: weight(width) };
  });
  return { layers };
}

async function run(graph: ModelGraph, pixels: Float32Array, size: number): Promise<Float32Array> {
  const session = await createSession(exportOnnx(graph));
  try {
    const [output] = await session.run(pixels, [photos, size, size, 3]);
    return output ?? new Float32Array();
  } finally {
    await session.release();
  }
}

const named = (block: number, layer: string): string => `block_${block}/${layer}`;
const policy16 = policyOf(16, 16, { mean: [120, 110, 100], std: [60, 55, 50] });
const policy32 = policyOf(32, 32, { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] });
const mobile = buildTrunk(mobileNetV2(named), policy16);
const residual = buildTrunk(
  resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`),
  policy32,
);

test.each([
  { name: 'a linear head on all features', trunk: mobile, size: 16, hidden: [], only: 'all' },
  { name: 'a linear head on the final features', trunk: mobile, size: 16, hidden: [], only: 'final' },
  { name: 'hidden layers on all features', trunk: mobile, size: 16, hidden: [7, 5], only: 'all' },
  { name: 'hidden layers on the final features', trunk: mobile, size: 16, hidden: [7], only: 'final' },
  { name: 'another network', trunk: residual, size: 32, hidden: [], only: 'all' },
])('$name: the whole network answers as trunk, head and temperature do', async (one) => {
  const { trunk, size, hidden, only } = one;
  const classes = 4;
  const temperature = 1.7;
  const columns = only === 'all' ? trunk.dimension : trunk.finalColumns;
  const pixels = Float32Array.from({ length: photos * size * size * 3 }, () => random.integer(256));

  const data = await run(trunk.graph, pixels, size);
  expect(data).toHaveLength(photos * trunk.dimension);
  const matrix: FeatureMatrix = {
    rows: photos,
    columns: trunk.dimension,
    data: data.slice(),
    labels: new Int32Array(photos),
  };
  const standardization = standardizationOf(matrix);
  standardize(matrix, standardization);
  const head = randomHead(trunk, classes, hidden, columns);
  const expected = softmaxRows(headLogits(head, matrix), classes, temperature);

  const graph = assembleModel({ trunk, head, standardization, columns, temperature });
  const answers = await run(graph, pixels, size);
  expect(answers).toHaveLength(photos * classes);
  answers.forEach((value, at) => expect(Math.abs(value - (expected[at] ?? Number.NaN))).toBeLessThan(2e-5));
  // Different photos must get different answers, or the comparison says nothing.
  expect(Math.abs((answers[0] ?? 0) - (answers[classes] ?? 0))).toBeGreaterThan(1e-4);
});

test('blocks that the head does not read are not part of the model', () => {
  const head = randomHead(mobile, 3, [], mobile.finalColumns);
  const standardization = { mean: new Float32Array(mobile.dimension), scale: 1 };
  const parts = { trunk: mobile, head, standardization, temperature: 1 };
  const whole = assembleModel({ ...parts, columns: mobile.dimension });
  const final = assembleModel({ ...parts, columns: mobile.finalColumns });
  expect(whole.nodes.map(({ op }) => op)).toContain('concat');
  expect(final.nodes.map(({ op }) => op)).not.toContain('concat');
  expect(final.nodes.length).toBeLessThan(whole.nodes.length);
  const kernel = final.weights.get('head/logits/kernel');
  expect(kernel?.shape).toEqual([mobile.finalColumns, 3]);
});

test('logits of a head, by hand', () => {
  const head: HeadWeights = {
    layers: [
      {
        kernel: { shape: [2, 2], data: Float32Array.of(1, -1, 2, 0) },
        bias: { shape: [2], data: Float32Array.of(0.5, 0.25) },
      },
      {
        kernel: { shape: [2, 1], data: Float32Array.of(3, 4) },
        bias: { shape: [1], data: Float32Array.of(-1) },
      },
    ],
  };
  const matrix = { rows: 2, columns: 2, data: Float32Array.of(1, 1, -1, 0) };
  // (1, 1): relu(3.5, -0.75) = (3.5, 0) -> 9.5. (-1, 0): relu(-0.5, 1.25) = (0, 1.25) -> 4.
  expect([...headLogits(head, matrix)]).toEqual([9.5, 4]);
});

test('a head with fewer rows than there are features reads the first ones', () => {
  const head: HeadWeights = {
    layers: [
      {
        kernel: { shape: [1, 2], data: Float32Array.of(2, 3) },
        bias: { shape: [2], data: new Float32Array(2) },
      },
    ],
  };
  const logits = headLogits(head, { rows: 2, columns: 3, data: Float32Array.of(1, 9, 9, 2, 9, 9) });
  expect([...logits]).toEqual([2, 3, 4, 6]);
});
