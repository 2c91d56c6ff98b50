import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import type { ActivationKind, GraphNode, ModelGraph } from '../../../../src/engine/graph/graph.ts';
import { weightOf } from '../../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../../src/engine/graph/shapes.ts';
import { forward } from '../../../../src/engine/train/finetune/graph-forward.ts';
import { createTail } from '../../../../src/engine/train/finetune/tail-model.ts';
import { tf } from '../../../../src/engine/train/tf.ts';
import { Net, mobileNetV2, resNet } from '../../graph/networks.ts';
import { relativeError, runGraphInOnnx } from '../../graph/tfjs-testing.ts';
import { divide, pixels, randomHead, runOnPixels, startCpu } from './tail-testing.ts';

beforeAll(startCpu);

function weightsOf(graph: ModelGraph) {
  return {
    tensor: (key: string): Tensor => {
      const { data, shape } = weightOf(graph, key);
      return tf.tensor(data, [...shape]);
    },
    inverseDeviation: (node: Extract<GraphNode, { op: 'batch-norm' }>): Tensor =>
      tf.tensor1d(weightOf(graph, node.variance).data.map((v) => 1 / Math.sqrt(v + node.epsilon))),
  };
}

/** Our own forward pass of a whole graph. */
function runForward(graph: ModelGraph, data: Float32Array, batch: number): Float32Array {
  return tf.tidy(() => {
    const known = new Map([[graph.input.name, tf.tensor4d(data, [batch, ...graph.input.shape])]]);
    const [output] = forward(graph.nodes, known, weightsOf(graph), graph.outputs);
    return Float32Array.from(output?.dataSync<'float32'>() ?? []);
  });
}

/** How far our forward pass is from ONNX Runtime's, relative to the size of the answers. */
async function difference(graph: ModelGraph): Promise<number> {
  const random = seededRandom(9);
  const [h, w, c] = graph.input.shape;
  const data = Float32Array.from({ length: 2 * h * w * c }, () => random.normal());
  const expected = await runGraphInOnnx(graph, data, 2);
  const actual = runForward(graph, data, 2);
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} answers instead of ${expected.length}`);
  return relativeError(actual, expected);
}

const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);
const residual = resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`);

describe('the forward pass equals ONNX Runtime', () => {
  test.each([
    ['an inverted residual network', mobile],
    ['a residual network with batch norms', residual],
  ])('on %s', async (_, graph) => {
    expect(await difference(graph)).toBeLessThan(2e-5);
  });

  const kinds: [ActivationKind, object][] = [
    ['leaky-relu', { alpha: 0.2 }],
    ['elu', { alpha: 0.5 }],
    ['elu', {}],
    ['selu', {}],
    ['sigmoid', {}],
    ['tanh', {}],
    ['softplus', {}],
    ['hard-sigmoid', {}],
    ['hard-sigmoid', { alpha: 0.2, beta: 0.5 }],
    ['hard-swish', {}],
    ['swish', {}],
    ['gelu', {}],
    ['clip', { min: -0.5, max: 0.7 }],
    ['clip', { min: 0, max: 6 }],
    ['softmax', {}],
  ];
  test.each(kinds)('with %s %o', async (kind, numbers) => {
    const net = new Net([5, 4, 3]);
    net.add({ op: 'activation', name: 'y', inputs: ['input'], kind, ...numbers });
    expect(await difference(net.graph('y'))).toBeLessThan(2e-5);
  });

  type Rest<T> = T extends unknown ? Omit<T, 'name' | 'inputs'> : never;
  const layers: [string, Rest<GraphNode>, [shape: number[], key: string][]][] = [
    [
      'uneven padding',
      {
        op: 'conv2d',
        kernel: 'k',
        bias: 'b',
        strides: [2, 1],
        dilations: [1, 1],
        pads: [2, 0, 1, 1],
        groups: 1,
      },
      [
        [[3, 2, 4, 6], 'k'],
        [[6], 'b'],
      ],
    ],
    [
      'dilation',
      { op: 'conv2d', kernel: 'k', strides: [1, 2], dilations: [2, 3], pads: [1, 2, 1, 2], groups: 1 },
      [[[3, 2, 4, 6], 'k']],
    ],
    [
      'groups',
      {
        op: 'conv2d',
        kernel: 'k',
        bias: 'b',
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
        groups: 2,
      },
      [
        [[3, 3, 2, 6], 'k'],
        [[6], 'b'],
      ],
    ],
    [
      'a group a channel',
      { op: 'conv2d', kernel: 'k', strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 4 },
      [[[3, 3, 1, 8], 'k']],
    ],
    [
      'a channel multiplier and dilation',
      {
        op: 'depthwise-conv2d',
        kernel: 'k',
        bias: 'b',
        strides: [1, 1],
        dilations: [2, 2],
        pads: [2, 2, 2, 2],
      },
      [
        [[3, 3, 4, 2], 'k'],
        [[8], 'b'],
      ],
    ],
    [
      'stride 2 padded evenly',
      { op: 'depthwise-conv2d', kernel: 'k', strides: [2, 2], dilations: [1, 1], pads: [1, 1, 1, 1] },
      [[[3, 3, 4, 1], 'k']],
    ],
    [
      'a padded maximum',
      { op: 'max-pool', window: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], countPadding: false },
      [],
    ],
    [
      'a padded mean',
      { op: 'average-pool', window: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], countPadding: false },
      [],
    ],
    [
      'an unevenly padded mean',
      { op: 'average-pool', window: [3, 2], strides: [2, 2], pads: [1, 1, 0, 0], countPadding: false },
      [],
    ],
    [
      'a mean that counts padding',
      { op: 'average-pool', window: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], countPadding: true },
      [],
    ],
    ['padding', { op: 'pad', pads: [1, 2, 0, 3], value: 0.5 }, []],
    ['the largest of a map', { op: 'global-max-pool', keepDims: true }, []],
    ['the mean of a map', { op: 'global-average-pool', keepDims: false }, []],
    ['some channels', { op: 'channel-slice', start: 1, end: 3 }, []],
    ['shuffled channels', { op: 'channel-shuffle', groups: 2 }, []],
    ['a new shape', { op: 'reshape', shape: [7, 6 * 4] }, []],
    [
      'an affine',
      { op: 'affine', scale: 's', offset: 'o' },
      [
        [[4], 's'],
        [[4], 'o'],
      ],
    ],
    ['local response norm', { op: 'local-response-norm', size: 3, alpha: 0.3, beta: 0.75, bias: 1.2 }, []],
  ];
  test.each(layers)('with %s', async (_, layer, weights) => {
    const net = new Net([7, 6, 4]);
    for (const [shape, key] of weights) net.weight(key, shape);
    net.add({ ...layer, name: 'y', inputs: ['input'] });
    expect(await difference(net.graph('y'))).toBeLessThan(2e-5);
  });

  test('where gates of one number a channel meet maps', async () => {
    const net = new Net([6, 6, 4]);
    const gate = net.act('gate', net.globalPool('squeeze', 'input'), 'sigmoid');
    const graph = net.graph(
      net.concat('both', net.mul('gated', 'input', gate), net.sum('sum', 'input', gate)),
    );
    expect(await difference(graph)).toBeLessThan(2e-5);
  });
});

describe('a divided backbone', () => {
  const points: [string, ModelGraph, string[]][] = [
    ['an inverted residual network', mobile, ['none', 'stem', 'block_0', 'block_1', 'block_2']],
    ['a residual network', residual, ['none', 'stem', 'stage0/unit1', 'stage1/unit0']],
  ];
  const cases = points.flatMap(([name, graph, blocks]) =>
    blocks.map((block) => [name, block, graph] as const),
  );
  test.each(cases)('answers as the whole: %s frozen until %s', async (_, block, graph) => {
    const divided = divide(graph, block);
    const { plan, trunk } = divided;
    const photos = pixels(graph, [0, 1, 2], 4);
    const features = await runOnPixels(trunk.graph, photos);
    const crossing = await runOnPixels(plan.frozen, photos);
    expect(crossing.length).toBe(3 * plan.dimension);
    for (const hidden of [[], [6]]) {
      const head = randomHead(trunk, 2, hidden);
      const model = createTail(trunk.graph, plan, head);
      const answers = tf.tidy(() =>
        model.logits(tf.tensor2d(crossing, [3, plan.dimension])).dataSync<'float32'>(),
      );
      const expected = tf.tidy(() => {
        let y: Tensor2D = tf.tensor2d(features, [3, trunk.dimension]);
        y = tf.div(tf.sub(y, tf.tensor1d(head.standardization.mean)), head.standardization.scale);
        head.weights.layers.forEach(({ kernel, bias }, index) => {
          y = tf.add(
            tf.matMul(y, tf.tensor2d(kernel.data, [kernel.shape[0] ?? 0, kernel.shape[1] ?? 0])),
            bias.data,
          );
          if (index < hidden.length) y = tf.relu(y);
        });
        return y.dataSync<'float32'>();
      });
      expect(relativeError(answers, expected)).toBeLessThan(5e-5);
      model.dispose();
    }
  });

  test.each([
    ['folded', mobile, 'block_0'],
    ['with batch norms', residual, 'stage0/unit1'],
  ])('has the gradients that small changes tell, %s', async (_, graph, block) => {
    const { plan, trunk } = divide(graph, block);
    const crossing = await runOnPixels(plan.frozen, pixels(graph, [0, 1], 4));
    const model = createTail(trunk.graph, plan, randomHead(trunk, 2));
    const x = tf.tensor2d(crossing, [2, plan.dimension]);
    const loss = (): Scalar => tf.mean(tf.square(model.logits(x)));
    const { grads } = tf.variableGrads(
      loss,
      model.parts.map(({ variable }) => variable),
    );
    const start = model.read();
    const random = seededRandom(1);
    for (const { variable, start: from, size, key } of model.parts) {
      // Along a random direction within each weight; a step too small drowns in float32, too large meets kinks.
      const direction = Float32Array.from({ length: size }, () => random.normal());
      const length = Math.hypot(...start.subarray(from, from + size)) || 1;
      const step = (2e-3 * length) / Math.hypot(...direction);
      const at = (sign: number): number => {
        const moved = start.slice();
        direction.forEach((d, i) => (moved[from + i] = (moved[from + i] ?? 0) + sign * step * d));
        model.write(moved);
        return tf.tidy(() => loss().dataSync<'float32'>()[0] ?? 0);
      };
      const told = (at(1) - at(-1)) / (2 * step);
      const own = grads[variable.name]?.dataSync<'float32'>() ?? new Float32Array();
      const size2 = Math.hypot(...own) * Math.hypot(...direction);
      const along = direction.reduce((sum, d, i) => sum + d * (own[i] ?? 0), 0);
      expect(Math.abs(along - told), key).toBeLessThan(0.03 * size2 + 1e-4);
      expect(size2, key).toBeGreaterThan(0);
    }
    model.dispose();
  });

  test('is refused where it makes no sense, with the blocks there are', () => {
    expect(() => divide(mobile, 'block_7')).toThrow(/no block "block_7"/);
    expect(() => divide(mobile, 'top')).toThrow(/nothing is left to train/);
    expect(() => divide(mobile, 'logits')).toThrow(/nothing is left to train/);
  });

  test('leaves statistics of batch norms and frozen weights out of what is trained', () => {
    const { plan, trunk } = divide(residual, 'stage0/unit0');
    const keys = new Set(plan.trained.map(({ key }) => key));
    expect([...keys].some((key) => /mean|variance/.test(key))).toBe(false);
    expect([...keys].some((key) => key.startsWith('stem') || key.startsWith('stage0/unit0'))).toBe(false);
    expect(keys.has('stage0/unit1/conv1/kernel') && keys.has('stage0/unit1/bn2/scale')).toBe(true);
    expect(inferShapes(trunk.graph).size).toBeGreaterThan(0);
    const depths = new Map(
      plan.trained.map(({ key, depth }) => [key.split('/').slice(0, 2).join('/'), depth]),
    );
    expect(depths.get('stage1/unit1')).toBe(0);
    expect(depths.get('stage1/unit0')).toBe(1);
    expect(depths.get('stage0/unit1')).toBe(2);
  });
});
