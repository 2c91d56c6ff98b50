import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { openGradCam } from '../../../src/engine/explain/grad-cam.ts';
import { resized } from '../../../src/engine/explain/heat-map.ts';
import { cutAt, tailAfter } from '../../../src/engine/graph/cut.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { weightOf } from '../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { assembleModel } from '../../../src/engine/train/assemble-model.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import { Net, mobileNetV2, resNet } from '../graph/networks.ts';
import { relativeError } from '../graph/tfjs-testing.ts';
import { policyOf, randomHead } from '../train/finetune/tail-testing.ts';
import { blobNet, photoWithBlob } from './blob-net.ts';

const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);

function noise(graph: ModelGraph, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const [h, w] = graph.input.shape;
  return Uint8Array.from({ length: h * w * 3 }, () => random.integer(256));
}

/** Values of tensors for one photo. */
async function tensorsOf(
  graph: ModelGraph,
  names: readonly string[],
  pixels: Uint8Array,
): Promise<Float32Array[]> {
  const session = await createSession(exportOnnx(cutAt(graph, names), { inputType: 'uint8' }));
  const [h, w] = graph.input.shape;
  const values = await session.run(pixels.slice(), [1, h, w, 3]);
  await session.release();
  return values;
}

/** Derivative of a number in every element, by small steps to both sides. */
async function differences(
  values: Float32Array,
  step: number,
  of: (values: Float32Array) => number | Promise<number>,
): Promise<Float64Array> {
  const gradient = new Float64Array(values.length);
  for (const [at, value] of values.entries()) {
    const [up, down] = [values.slice(), values.slice()];
    up[at] = value + step;
    down[at] = value - step;
    // What the steps are after rounding.
    gradient[at] = ((await of(up)) - (await of(down))) / ((up[at] ?? 0) - (down[at] ?? 0));
  }
  return gradient;
}

/** The sum of channels, each by the mean of its gradient: Grad-CAM before its relu. */
function weightedSum(values: Float32Array, gradient: Float64Array, channels: number): Float32Array {
  const places = values.length / channels;
  const means = new Float64Array(channels);
  for (const [at, slope] of gradient.entries())
    means[at % channels] = (means[at % channels] ?? 0) + slope / places;
  return Float32Array.from({ length: places }, (_, place) => {
    let sum = 0;
    for (let k = 0; k < channels; k++) sum += (values[place * channels + k] ?? 0) * (means[k] ?? 0);
    return sum;
  });
}

function scaled(values: Float32Array): Float32Array {
  const most = Math.max(...values, 0);
  return values.map((value) => (most > 0 ? Math.max(0, value) / most : 0));
}

describe('the gradient equals finite differences', () => {
  test('through layers behind the map, shortcuts included', async () => {
    const graph = resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`);
    const at = 'stage1/unit0/relu';
    const pixels = noise(graph, 4);
    const cam = await openGradCam(graph, at);
    if (cam === undefined) throw new Error('no map');
    const looked = await cam.explain(pixels, 2);
    await cam.release();

    const shape = inferShapes(graph).get(at) ?? [];
    const [values = new Float32Array()] = await tensorsOf(graph, [at], pixels);
    const rest = await createSession(exportOnnx(tailAfter(graph, at)));
    const score = async (map: Float32Array): Promise<number> =>
      (await rest.run(map.slice(), [1, ...shape]))[0]?.[2] ?? Number.NaN;
    const gradient = await differences(values, 0.02, score);
    await rest.release();
    const expected = scaled(weightedSum(values, gradient, shape[2] ?? 1));
    expect(Math.max(...expected)).toBe(1); // something to compare
    expect(looked.map).toMatchObject({ rows: shape[0], columns: shape[1] });
    expect(relativeError(looked.map.values, expected)).toBeLessThan(0.02);
  });

  test('for a head with a hidden layer that reads two maps', async () => {
    const trunk = buildTrunk(mobile, policyOf(mobile));
    const { weights: head, ...rest } = randomHead(trunk, 8, [9]);
    const graph = assembleModel({ trunk, head, temperature: 1.3, ...rest });
    const pixels = noise(graph, 5);
    const cam = await openGradCam(graph);
    const looked = await cam?.explain(pixels, 1);
    const maps = cam?.maps ?? [];
    await cam?.release();
    expect(maps).toHaveLength(2);

    const values = await tensorsOf(
      graph,
      maps.map(({ name }) => name),
      pixels,
    );
    // The head by hand: averages, a relu layer, scores.
    const layer = (name: string, x: readonly number[]): number[] => {
      const kernel = weightOf(graph, `${name}/kernel`);
      const bias = weightOf(graph, `${name}/bias`).data;
      return [...bias].map((b, j) =>
        x.reduce((sum, v, i) => sum + v * (kernel.data[i * bias.length + j] ?? 0), b),
      );
    };
    const means = (map: Float32Array, channels: number): number[] =>
      Array.from({ length: channels }, (_, k) => {
        let sum = 0;
        for (let at = k; at < map.length; at += channels) sum += map[at] ?? 0;
        return (sum * channels) / map.length;
      });
    const score = (tensors: readonly Float32Array[]): number => {
      const features = tensors.flatMap((tensor, i) => means(tensor, maps[i]?.channels ?? 1));
      const hidden = layer('head/hidden1', features).map((v) => Math.max(0, v));
      return layer('head/logits', hidden)[1] ?? Number.NaN;
    };
    const sums = await Promise.all(
      maps.map(async ({ channels, rows, columns }, index) => {
        const own = values[index] ?? new Float32Array();
        const gradient = await differences(own, 0.01, (changed) =>
          score(values.map((tensor, i) => (i === index ? changed : tensor))),
        );
        return { rows, columns, values: weightedSum(own, gradient, channels).map((v) => v * rows * columns) };
      }),
    );
    const rows = Math.max(...sums.map((sum) => sum.rows));
    const columns = Math.max(...sums.map((sum) => sum.columns));
    const total = new Float32Array(rows * columns);
    for (const sum of sums)
      for (const [at, value] of resized(sum, rows, columns).values.entries())
        total[at] = (total[at] ?? 0) + value;
    expect(relativeError(looked?.map.values ?? [], scaled(total))).toBeLessThan(0.01);
  });
});

describe('a network that looks for something red', () => {
  test.each([
    [0, 0],
    [0, 3],
    [3, 0],
    [3, 3],
  ])('is found to look at the corner %i, %i where that is', async (row, column) => {
    const graph = blobNet();
    const cam = await openGradCam(graph);
    const { map, ...answer } = (await cam?.explain(photoWithBlob(row, column))) ?? { map: undefined };
    await cam?.release();
    expect(answer).toMatchObject({ class: 1 });
    expect(map).toMatchObject({ rows: 4, columns: 4 });
    expect(map?.values.indexOf(1)).toBe(row * 4 + column);
    expect([...(map?.values ?? [])].filter((value) => value > 0.05)).toHaveLength(1);
  });

  test('has nowhere to look for the other class: all zeros', async () => {
    const cam = await openGradCam(blobNet());
    const looked = await cam?.explain(photoWithBlob(1, 2), 0);
    await cam?.release();
    expect(looked?.class).toBe(0);
    expect(looked?.probability).toBeLessThan(0.5);
    expect([...(looked?.map.values ?? [1])].every((value) => value === 0)).toBe(true);
  });
});

test("the probability is the model's own, and photos come one after another", async () => {
  const cam = await openGradCam(mobile);
  for (const seed of [1, 2]) {
    const pixels = noise(mobile, seed);
    const [expected = new Float32Array()] = await tensorsOf(mobile, ['probabilities'], pixels);
    const looked = await cam?.explain(pixels);
    expect(looked?.probability).toBeCloseTo(Math.max(...expected), 5);
    expect(expected[looked?.class ?? -1]).toBe(Math.max(...expected));
  }
  await cam?.release();
});

test('a network without a map has no Grad-CAM', async () => {
  const net = new Net([8, 8, 3]);
  expect(await openGradCam(net.graph(net.dense('fc', net.flatten('flat', 'input'), 2)))).toBeUndefined();
});
