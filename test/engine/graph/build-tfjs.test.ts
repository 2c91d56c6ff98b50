import { readFileSync } from 'node:fs';
import * as tfc from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildLayersModel } from '../../../src/engine/graph/build-tfjs.ts';
import { activationKinds } from '../../../src/engine/graph/graph.ts';
import type { GraphNode, ModelGraph, Pads, Weight } from '../../../src/engine/graph/graph.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { customLayersOf } from '../../../src/engine/graph/tfjs-custom-layers.ts';
import {
  haveShared,
  loadWithTfjs,
  photos,
  predict,
  randomWeight,
  relativeError,
  runGraph,
  runGraphInOnnx,
  savedFiles,
  single,
  sharedWeights,
} from './tfjs-testing.ts';

type Shape = readonly [number, number, number];

/** A graph of these nodes; weights the nodes refer to are made up by key, with the shapes given. */
function graphOf(
  shape: Shape,
  nodes: GraphNode[],
  shapes: Record<string, readonly number[]> = {},
): ModelGraph {
  const weights = new Map<string, Weight>();
  for (const [i, [key, weightShape]] of Object.entries(shapes).entries()) {
    const weight = randomWeight(weightShape, 40 + i);
    const data = key.includes('variance') ? weight.data.map((x) => Math.abs(x) + 0.3) : weight.data;
    weights.set(key, { shape: weightShape, data });
  }
  return { input: { name: 'photo', shape }, nodes, outputs: [nodes.at(-1)?.name ?? 'photo'], weights };
}

/** TF.js and ONNX Runtime, each given the graph by its own builder. */
async function disagreement(graph: ModelGraph, seed = 3): Promise<number> {
  const x = photos(graph, 2, seed).map((one) => one * 2);
  return relativeError(await runGraph(graph, x, 2), await runGraphInOnnx(graph, x, 2));
}

const plain = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 } as const;
const photo = ['photo'];

const cases: [title: string, graph: () => ModelGraph][] = [
  [
    'batch-norm',
    () =>
      graphOf(
        [3, 4, 5],
        [
          {
            op: 'batch-norm',
            name: 'n',
            inputs: photo,
            scale: 's',
            offset: 'o',
            mean: 'm',
            variance: 'variance',
            epsilon: 0.01,
          },
        ],
        { s: [5], o: [5], m: [5], variance: [5] },
      ),
  ],
  [
    'affine',
    () =>
      graphOf([3, 4, 5], [{ op: 'affine', name: 'n', inputs: photo, scale: 's', offset: 'o' }], {
        s: [5],
        o: [5],
      }),
  ],
  [
    'affine of a vector',
    () =>
      graphOf(
        [3, 4, 5],
        [
          { op: 'global-average-pool', name: 'p', inputs: photo, keepDims: false },
          { op: 'affine', name: 'n', inputs: ['p'], scale: 's', offset: 'o' },
        ],
        { s: [5], o: [5] },
      ),
  ],
  [
    'batch-norm of a vector',
    () =>
      graphOf(
        [3, 4, 5],
        [
          { op: 'global-max-pool', name: 'p', inputs: photo, keepDims: false },
          {
            op: 'batch-norm',
            name: 'n',
            inputs: ['p'],
            scale: 's',
            offset: 'o',
            mean: 'm',
            variance: 'variance',
            epsilon: 0.01,
          },
        ],
        { s: [5], o: [5], m: [5], variance: [5] },
      ),
  ],
  [
    'clip between',
    () =>
      graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'clip', min: -0.4, max: 0.7 }]),
  ],
  [
    'clip from zero',
    () =>
      graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'clip', min: 0, max: 0.7 }]),
  ],
  [
    'clip above only',
    () => graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'clip', max: 0.3 }]),
  ],
  [
    'clip below only',
    () => graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'clip', min: 0.2 }]),
  ],
  [
    'clip not at all',
    () => graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'clip' }]),
  ],
  [
    'leaky-relu 0.2',
    () =>
      graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'leaky-relu', alpha: 0.2 }]),
  ],
  [
    'elu 0.3',
    () => graphOf([4, 4, 3], [{ op: 'activation', name: 'n', inputs: photo, kind: 'elu', alpha: 0.3 }]),
  ],
  [
    'hard-sigmoid of Keras',
    () =>
      graphOf(
        [4, 4, 3],
        [{ op: 'activation', name: 'n', inputs: photo, kind: 'hard-sigmoid', alpha: 0.2, beta: 0.5 }],
      ),
  ],
  [
    'hard-sigmoid 0.7, 0.1',
    () =>
      graphOf(
        [4, 4, 3],
        [{ op: 'activation', name: 'n', inputs: photo, kind: 'hard-sigmoid', alpha: 0.7, beta: 0.1 }],
      ),
  ],
  [
    'pad with zeros',
    () => graphOf([3, 4, 2], [{ op: 'pad', name: 'n', inputs: photo, pads: [1, 0, 2, 3], value: 0 }]),
  ],
  [
    'pad with a number',
    () => graphOf([3, 4, 2], [{ op: 'pad', name: 'n', inputs: photo, pads: [1, 0, 2, 3], value: -7.5 }]),
  ],
  [
    'global-average-pool, kept axes',
    () => graphOf([3, 4, 5], [{ op: 'global-average-pool', name: 'n', inputs: photo, keepDims: true }]),
  ],
  [
    'global-max-pool',
    () => graphOf([3, 4, 5], [{ op: 'global-max-pool', name: 'n', inputs: photo, keepDims: false }]),
  ],
  [
    'dense',
    () =>
      graphOf(
        [2, 3, 4],
        [
          { op: 'reshape', name: 'f', inputs: photo, shape: [24] },
          { op: 'dense', name: 'n', inputs: ['f'], kernel: 'k', bias: 'b' },
        ],
        { k: [24, 5], b: [5] },
      ),
  ],
  [
    'add of three',
    () =>
      graphOf(
        [3, 3, 4],
        [
          { op: 'activation', name: 'r', inputs: photo, kind: 'relu' },
          { op: 'add', name: 'n', inputs: ['r', 'photo', 'r'] },
        ],
      ),
  ],
  [
    'mul with a vector',
    () =>
      graphOf(
        [3, 3, 4],
        [
          { op: 'global-average-pool', name: 'v', inputs: photo, keepDims: false },
          { op: 'mul', name: 'n', inputs: ['photo', 'v'] },
        ],
      ),
  ],
  [
    'add of [1, 1, c] first',
    () =>
      graphOf(
        [3, 3, 4],
        [
          { op: 'global-average-pool', name: 'v', inputs: photo, keepDims: true },
          { op: 'add', name: 'n', inputs: ['v', 'photo'] },
        ],
      ),
  ],
  [
    'concat',
    () =>
      graphOf(
        [3, 3, 4],
        [
          { op: 'activation', name: 'r', inputs: photo, kind: 'relu' },
          { op: 'concat', name: 'n', inputs: ['r', 'photo'] },
        ],
      ),
  ],
  [
    'channel-slice',
    () => graphOf([3, 4, 7], [{ op: 'channel-slice', name: 'n', inputs: photo, start: 2, end: 6 }]),
  ],
  [
    'channel-slice of a vector',
    () =>
      graphOf(
        [3, 4, 7],
        [
          { op: 'global-max-pool', name: 'v', inputs: photo, keepDims: false },
          { op: 'channel-slice', name: 'n', inputs: ['v'], start: 3, end: 7 },
        ],
      ),
  ],
  [
    'channel-shuffle',
    () => graphOf([3, 4, 6], [{ op: 'channel-shuffle', name: 'n', inputs: photo, groups: 3 }]),
  ],
  [
    'local-response-norm',
    () =>
      graphOf(
        [3, 4, 8],
        [{ op: 'local-response-norm', name: 'n', inputs: photo, size: 5, alpha: 0.4, beta: 0.75, bias: 1.5 }],
      ),
  ],
  [
    'max-pool after relu, padded',
    () =>
      graphOf(
        [7, 6, 2],
        [
          { op: 'activation', name: 'r', inputs: photo, kind: 'relu' },
          {
            op: 'max-pool',
            name: 'n',
            inputs: ['r'],
            window: [3, 3],
            strides: [2, 2],
            pads: [1, 1, 1, 1],
            countPadding: false,
          },
        ],
      ),
  ],
];
for (const kind of activationKinds)
  cases.push([
    `activation ${kind}`,
    () => graphOf([4, 5, 3], [{ op: 'activation', name: 'n', inputs: photo, kind }]),
  ]);

describe('buildLayersModel agrees with ONNX Runtime', () => {
  it.each(cases)('%s', async (_, graph) => {
    expect(await disagreement(graph())).toBeLessThan(2e-6);
  });

  const onePad = fc.integer({ min: 0, max: 2 });
  const pads = fc.tuple(onePad, onePad, onePad, onePad);
  const two = (min: number, max: number): fc.Arbitrary<[number, number]> =>
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const image = fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 }));

  it('convolutions of any window, stride, dilation, padding and grouping', async () => {
    await fc.assert(
      fc.asyncProperty(
        image,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        two(1, 3),
        two(1, 3),
        two(1, 2),
        pads,
        fc.boolean(),
        async ([h, w], groups, perGroup, filters, [kh, kw], strides, dilations, padding, biased) => {
          const cout = groups * filters;
          const graph = graphOf(
            [h, w, groups * perGroup],
            [
              {
                op: 'conv2d',
                name: 'n',
                inputs: photo,
                kernel: 'k',
                ...(biased ? { bias: 'b' } : {}),
                strides,
                dilations,
                pads: padding,
                groups,
              },
            ],
            { k: [kh, kw, perGroup, cout], ...(biased ? { b: [cout] } : {}) },
          );
          expect(await disagreement(graph)).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 35 },
    );
  });

  it('depthwise convolutions of any window, stride, dilation and padding', async () => {
    await fc.assert(
      fc.asyncProperty(
        image,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        two(1, 3),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 2 }),
        pads,
        async ([h, w], channels, multiplier, [kh, kw], stride, dilation, padding) => {
          const graph = graphOf(
            [h, w, channels],
            [
              {
                op: 'depthwise-conv2d',
                name: 'n',
                inputs: photo,
                kernel: 'k',
                bias: 'b',
                strides: [stride, stride],
                dilations: [dilation, dilation],
                pads: padding,
              },
            ],
            { k: [kh, kw, channels, multiplier], b: [channels * multiplier] },
          );
          expect(await disagreement(graph)).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('pools of any window, stride and padding, counting padding or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('max-pool' as const, 'average-pool' as const),
        image,
        two(1, 3),
        two(1, 3),
        pads,
        fc.boolean(),
        async (op, [h, w], window, strides, wanted, countPadding) => {
          // ONNX Runtime wants padding smaller than the window.
          const [most, wide] = [window[0] - 1, window[1] - 1];
          const [top, left, bottom, right] = wanted;
          const padding: Pads = [
            Math.min(top, most),
            Math.min(left, wide),
            Math.min(bottom, most),
            Math.min(right, wide),
          ];
          const graph = graphOf(
            [h, w, 3],
            [{ op, name: 'n', inputs: photo, window, strides, pads: padding, countPadding }],
          );
          expect(await disagreement(graph)).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 35 },
    );
  });

  it('random networks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: 3, maxLength: 12 }),
        fc.nat(1000),
        async (choices, seed) => {
          const graph = randomNetwork(choices, seed);
          expect(await disagreement(graph, seed)).toBeLessThan(1e-4);
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** A network that grows by one random node a number, on everything that came before. */
function randomNetwork(choices: number[], seed: number): ModelGraph {
  const weights = new Map<string, Weight>();
  const nodes: GraphNode[] = [];
  const input = { name: 'photo', shape: [8, 7, 4] } as const;
  const shapesNow = (): Map<string, readonly number[]> => inferShapes({ input, nodes, outputs: [], weights });
  for (const [i, choice] of choices.entries()) {
    const name = `n/${i}`; // not a legal layer name: has to be translated
    const from = nodes.at(-1)?.name ?? 'photo';
    const [h = 1, w = 1, c = 1] = shapesNow().get(from) ?? [];
    const keep = (key: string, shape: number[]): string => {
      const { data } = randomWeight(shape, seed + i);
      weights.set(`${name}/${key}`, {
        shape,
        data: key === 'variance' ? data.map((x) => Math.abs(x) + 0.5) : data,
      });
      return `${name}/${key}`;
    };
    const kinds = activationKinds.filter((kind) => kind !== 'clip');
    const options: (() => GraphNode)[] = [
      () => ({
        op: 'conv2d',
        name,
        inputs: [from],
        kernel: keep('kernel', [2, 2, c, 4]),
        bias: keep('bias', [4]),
        ...plain,
        strides: h > 3 && w > 3 ? [2, 1] : [1, 1],
        pads: [1, 0, 1, 1],
      }),
      () => ({
        op: 'conv2d',
        name,
        inputs: [from],
        kernel: keep('kernel', [1, 3, c / 2, 6]),
        ...plain,
        groups: 2,
        pads: [0, 1, 0, 1],
      }),
      () => ({
        op: 'depthwise-conv2d',
        name,
        inputs: [from],
        kernel: keep('kernel', [3, 3, c, 1]),
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
      }),
      () => ({
        op: 'batch-norm',
        name,
        inputs: [from],
        scale: keep('scale', [c]),
        offset: keep('offset', [c]),
        mean: keep('mean', [c]),
        variance: keep('variance', [c]),
        epsilon: 1e-3,
      }),
      () => ({ op: 'activation', name, inputs: [from], kind: kinds[choice % kinds.length] ?? 'relu' }),
      () => ({
        op: 'max-pool',
        name,
        inputs: [from],
        window: [3, 3],
        strides: [1, 1],
        pads: [1, 1, 1, 1],
        countPadding: false,
      }),
      () => ({ op: 'add', name, inputs: [from, from] }),
      () => ({ op: 'concat', name, inputs: [from, from] }),
      () => ({ op: 'channel-shuffle', name, inputs: [from], groups: 2 }),
      () => ({ op: 'channel-slice', name, inputs: [from], start: 0, end: c > 4 ? c / 2 + ((c / 2) % 2) : c }),
    ];
    const make = options[choice % options.length];
    if (make !== undefined) nodes.push(make());
  }
  return { input, nodes, outputs: [nodes.at(-1)?.name ?? 'photo'], weights };
}

describe('buildLayersModel', () => {
  it('normalizes over even windows of channels (which ONNX Runtime refuses)', async () => {
    const [size, alpha, beta, bias] = [4, 2, 0.5, 1];
    const graph = graphOf(
      [1, 2, 6],
      [{ op: 'local-response-norm', name: 'n', inputs: photo, size, alpha, beta, bias }],
    );
    const x = photos(graph, 1, 4);
    // https://onnx.ai/onnx/operators/onnx__LRN.html: one channel before, two after
    const expected = x.map((value, i) => {
      const channel = i % 6;
      let sum = 0;
      for (let c = Math.max(0, channel - 1); c <= Math.min(5, channel + 2); c++)
        sum += (x[i - channel + c] ?? NaN) ** 2;
      return value / (bias + (alpha / size) * sum) ** beta;
    });
    expect(relativeError(await runGraph(graph, x, 1), expected)).toBeLessThan(1e-6);
  });

  it('passes an input through that is also the output', async () => {
    const graph = { ...graphOf([2, 2, 3], []), outputs: ['photo'] };
    expect(await runGraph(graph, photos(graph, 1, 1), 1)).toEqual(photos(graph, 1, 1));
  });

  const twoLayers = (): ModelGraph =>
    graphOf(
      [4, 4, 2],
      [
        {
          op: 'conv2d',
          name: 'stem/conv:1',
          inputs: photo,
          kernel: 'k',
          bias: 'b',
          ...plain,
          pads: [1, 2, 1, 2],
        },
        { op: 'activation', name: 'stem/conv_1_pad', inputs: ['stem/conv:1'], kind: 'hard-swish' },
        { op: 'global-average-pool', name: '_pool', inputs: ['stem/conv_1_pad'], keepDims: false },
        { op: 'dense', name: 'stem_conv_1', inputs: ['_pool'], kernel: 'k2' },
      ],
      { k: [3, 3, 2, 3], b: [3], k2: [3, 2] },
    );

  it('gives every node a layer of its name, made legal, unique even against helpers', async () => {
    const model = await buildLayersModel(twoLayers(), { name: 'my model' });
    const names = model.layers.map((layer) => layer.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[A-Za-z0-9.][A-Za-z0-9_.-]*$/.test(name))).toBe(true);
    for (const name of ['stem_conv_1', 'stem_conv_1_pad', 'layer_pool', 'stem_conv_1_1'])
      expect(names).toContain(name);
    expect(model.getLayer('stem_conv_1').getClassName()).toBe('Conv2D');
    expect(model.getLayer('stem_conv_1_1').getClassName()).toBe('Dense');
    expect(model.name).toBe('my_model');
    model.dispose();
  });

  it('freezes what it is told to, and constants always', async () => {
    const all = await buildLayersModel(twoLayers());
    expect(all.trainableWeights.map((weight) => weight.originalName)).toEqual([
      'stem_conv_1/kernel',
      'stem_conv_1/bias',
      'stem_conv_1_1/kernel',
    ]);
    const head = await buildLayersModel(twoLayers(), { trainable: (node) => node.op === 'dense' });
    expect(head.trainableWeights.map((weight) => weight.originalName)).toEqual(['stem_conv_1_1/kernel']);
    all.dispose();
    head.dispose();
  });

  it('computes the same with training: true where no batch statistics are involved', async () => {
    const graph = graphOf([3, 3, 2], [{ op: 'affine', name: 'n', inputs: photo, scale: 's', offset: 'o' }], {
      s: [2],
      o: [2],
    });
    const model = await buildLayersModel(graph);
    const x = tfc.tensor4d(photos(graph, 2, 1), [2, 3, 3, 2]);
    const trained = model.apply(x, { training: true });
    expect(relativeError(single(trained).dataSync(), single(model.predict(x)).dataSync())).toBeLessThan(1e-7);
    model.dispose();
  });

  it('leaves no tensor behind', async () => {
    const before = tfc.memory().numTensors;
    for (const [, graph] of cases) (await buildLayersModel(graph())).dispose();
    expect(tfc.memory().numTensors).toBe(before);
  });

  it('returns several outputs in order', async () => {
    const graph = { ...twoLayers(), outputs: ['_pool', 'stem/conv:1'] };
    const model = await buildLayersModel(graph);
    expect(model.outputs.map((output) => output.shape)).toEqual([
      [null, 3],
      [null, 4, 6, 3],
    ]);
    model.dispose();
  });

  it('saves custom layers so that they load again, and names them', async () => {
    const [, make] = cases.find(([title]) => title === 'local-response-norm') ?? [];
    const graph = make?.() ?? graphOf([1, 1, 1], []);
    expect(customLayersOf(graph)).toEqual(['LocalResponseNormalization']);
    expect(customLayersOf(twoLayers())).toEqual([]);
    const model = await buildLayersModel(graph);
    const x = photos(graph, 1, 2);
    const { json, weights } = await savedFiles(model);
    const again = await loadWithTfjs(json, weights);
    expect(predict(again, x, 1)).toEqual(predict(model, x, 1));
    model.dispose();
    again.dispose();
  });

  it('lets gradients through every layer that a fine-tuned tail can have', async () => {
    const graph = randomNetwork([0, 4, 1, 2, 3, 14, 5, 6, 7, 8, 9], 5);
    const model = await buildLayersModel(graph);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const x = tfc.tensor4d(photos(graph, 2, 1), [2, ...graph.input.shape]);
    const [output] = model.outputs;
    const y = tfc.zeros([2, ...(output?.shape.slice(1) ?? []).map((size) => size ?? 1)]);
    const first = model.trainableWeights[0]?.read().dataSync().slice() ?? new Float32Array(0);
    await model.fit(x, y, { epochs: 1 });
    const after = model.trainableWeights[0]?.read().dataSync() ?? new Float32Array(0);
    expect([...after]).not.toEqual([...first]);
    expect(after.every(Number.isFinite)).toBe(true);
    model.dispose();
  });
});

describe.skipIf(!haveShared)('buildLayersModel on a real network (needs ../shared/weights)', () => {
  it('MobileNetV2 read from ONNX gives the same numbers in TF.js and in ONNX Runtime', async () => {
    const graph = importOnnx(readFileSync(new URL('mobilenet_v2_1.0_224.onnx', sharedWeights)));
    expect(await disagreement(graph)).toBeLessThan(1e-4);
  });
});
