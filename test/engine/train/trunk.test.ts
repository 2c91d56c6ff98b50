import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { importModel } from '../../../src/engine/graph/import-model.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../src/engine/train/trunk.ts';
import { policyOf } from '../data/photo-fixtures.ts';
import { mobileNetV2, Net, resNet } from '../graph/networks.ts';

const policy = policyOf(16, 16, { mean: [10, 20, 30], std: [2, 3, 4] });
const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);

async function run(graph: ModelGraph, pixels: Float32Array): Promise<Float32Array> {
  const session = await createSession(exportOnnx(graph));
  const [height, width, channels] = graph.input.shape;
  const [output] = await session.run(pixels, [1, height, width, channels]);
  await session.release();
  return output ?? new Float32Array();
}

/** What every trunk promises. */
function checkTrunk(trunk: Trunk): void {
  const { graph, dimension, finalColumns, parts } = trunk;
  expect(graph.outputs).toHaveLength(1);
  expect(inferShapes(graph).get(graph.outputs[0] ?? '')).toEqual([dimension]);
  expect(parts.reduce((sum, { columns }) => sum + columns, 0)).toBe(dimension);
  expect(parts[0]?.columns).toBe(finalColumns);
}

describe('small networks', () => {
  test('of the MobileNet family: the pooled features and the sum that closes a block', () => {
    const trunk = buildTrunk(mobile, policy);
    checkTrunk(trunk);
    expect(trunk.parts).toEqual([
      { node: 'pool', columns: 32 },
      { node: 'block_2/add', columns: 6 },
    ]);
    expect(trunk.graph.nodes.map(({ name }) => name)).not.toContain('logits');
  });

  test('of the ResNet family: the flattened pool and the earlier stage', () => {
    const trunk = buildTrunk(
      resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`),
      policyOf(32, 32),
    );
    checkTrunk(trunk);
    expect(trunk.graph.nodes.some(({ op }) => op === 'batch-norm')).toBe(false); // they are folded
    expect(trunk.parts[0]?.columns).toBe(16);
    expect(trunk.parts.slice(1).map(({ node, columns }) => ({ node, columns }))).toContainEqual({
      node: 'stage0/unit1/add',
      columns: 8,
    });
    // The last sum is what the final features are the mean of, but for the activation between.
    expect(trunk.parts.map(({ node }) => node)).not.toContain('stage1/unit1/add');
  });

  test('without taps: the final features alone, and no concatenation', () => {
    const trunk = buildTrunk(mobile, policy, { taps: false });
    checkTrunk(trunk);
    expect(trunk.parts).toHaveLength(1);
    expect(trunk.dimension).toBe(trunk.finalColumns);
    expect(trunk.graph.nodes.some(({ op }) => op === 'concat')).toBe(false);
  });

  test('a plain chain of layers has final features only', () => {
    const net = new Net([16, 16, 3]);
    const map = net.cbr('two', net.cbr('one', 'input', 8, 3, 2), 12, 3, 2);
    const trunk = buildTrunk(net.graph(net.dense('fc', net.globalPool('pool', map), 4)), policy);
    checkTrunk(trunk);
    expect(trunk.parts).toEqual([{ node: 'pool', columns: 12 }]);
  });

  test('a network that ends in a map is pooled', () => {
    const net = new Net([16, 16, 3]);
    const trunk = buildTrunk(net.graph(net.cbr('one', 'input', 8, 3, 2)), policy);
    checkTrunk(trunk);
    expect(trunk.dimension).toBe(8);
  });

  test('takes pixels 0..255: normalization is part of it, and each part is the mean of its map', async () => {
    const trunk = buildTrunk(mobile, policy);
    const random = seededRandom(1);
    const pixels = Float32Array.from({ length: 16 * 16 * 3 }, () => random.integer(256));
    const features = await run(trunk.graph, pixels);

    const normalized = pixels.map(
      (value, at) => (value - (policy.mean[at % 3] ?? 0)) / (policy.std[at % 3] ?? 1),
    );
    const final = await run({ ...mobile, outputs: ['pool'] }, normalized);
    const map = await run({ ...mobile, outputs: ['block_2/add'] }, normalized);
    const means = Array.from({ length: 6 }, (_, channel) => {
      const values = map.filter((_value, at) => at % 6 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    const expected = [...final, ...means];
    expect(features).toHaveLength(38);
    const size = Math.max(...expected.map(Math.abs));
    features.forEach((value, at) =>
      expect(Math.abs(value - (expected[at] ?? Number.NaN)) / size).toBeLessThan(1e-5),
    );
  });
});

const weights = fileURLToPath(new URL('../../../../shared/weights/', import.meta.url));
describe.skipIf(!existsSync(weights))('models in ../shared/weights (skipped where they are not)', () => {
  test.each([
    ['mobilenet_v2_1.0_224', 1280],
    ['resnet50_v2_stage3', undefined],
  ])('%s', async (name, final) => {
    const path = `${weights}${name}.onnx`;
    const graph = await importModel([{ name: path, bytes: readFileSync(path) }]);
    const trunk = buildTrunk(graph, policyOf(graph.input.shape[0], graph.input.shape[1]));
    checkTrunk(trunk);
    expect(trunk.finalColumns).toBe(final ?? trunk.finalColumns);
    expect(trunk.parts.length).toBeGreaterThan(1);
    expect(trunk.parts.length).toBeLessThanOrEqual(3);
    const shapes = inferShapes(graph);
    const sizes = trunk.parts.slice(1).map(({ node }) => shapes.get(node)?.[0] ?? 0);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b)); // deepest first
    const size = graph.input.shape[0] * graph.input.shape[1] * 3;
    const features = await run(
      trunk.graph,
      Float32Array.from({ length: size }, (_, at) => at % 256),
    );
    expect(features).toHaveLength(trunk.dimension);
    expect(features.every((value) => Number.isFinite(value))).toBe(true);
  });
});
