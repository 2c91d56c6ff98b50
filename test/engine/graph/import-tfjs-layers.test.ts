import * as tf from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { importTfjsLayers } from '../../../src/engine/graph/import-tfjs-layers.ts';
import {
  countValues,
  damage,
  haveShared,
  loadWithTfjs,
  parseJson,
  photos,
  predict,
  randomizeWeights,
  readTfjsFolder,
  relativeError,
  runGraphInOnnx,
  savedFiles,
  symbolic,
  withDamage,
  type TfjsJson,
} from './tfjs-testing.ts';

const { layers } = tf;
type Layers = tf.layers.Layer[];

/** TF.js and our graph (run by ONNX Runtime) on the same two random photos. */
async function compare(model: tf.LayersModel): Promise<{ error: number; ops: string[] }> {
  randomizeWeights(model, 7);
  const { json, weights } = await savedFiles(model);
  const graph = importTfjsLayers(json, weights);
  const x = photos(graph, 2, 11);
  const expected = predict(model, x, 2);
  const actual = await runGraphInOnnx(graph, x, 2);
  model.dispose();
  return { error: relativeError(actual, expected), ops: graph.nodes.map((node) => node.op) };
}

function sequential(inputShape: number[], list: Layers): tf.Sequential {
  return tf.sequential({ layers: [layers.inputLayer({ inputShape }), ...list] });
}

const odd = [9, 7, 3];
const cases: [title: string, inputShape: number[], list: () => Layers][] = [];
for (const padding of ['same', 'valid'] as const)
  for (const strides of [1, 2, 3])
    cases.push(
      [
        `Conv2D ${padding}, stride ${strides}`,
        odd,
        () => [layers.conv2d({ filters: 4, kernelSize: [3, 4], strides, padding, activation: 'relu' })],
      ],
      [
        `DepthwiseConv2D ${padding}, stride ${strides}`,
        [8, 9, 3],
        () => [
          layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides, padding, activation: 'tanh' }),
        ],
      ],
      [
        `SeparableConv2D ${padding}, stride ${strides}`,
        odd,
        () => [layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, strides, padding })],
      ],
      [
        `MaxPooling2D ${padding}, stride ${strides}`,
        odd,
        () => [layers.maxPooling2d({ poolSize: 3, strides, padding })],
      ],
      [
        `AveragePooling2D ${padding}, stride ${strides}`,
        odd,
        () => [layers.averagePooling2d({ poolSize: [2, 3], strides, padding })],
      ],
    );
cases.push(
  [
    'Conv2D without bias, dilated',
    odd,
    () => [layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same', useBias: false })],
  ],
  [
    'pools with default strides',
    [8, 8, 2],
    () => [layers.maxPooling2d({ poolSize: 2 }), layers.averagePooling2d({})],
  ],
  ['BatchNormalization', odd, () => [layers.batchNormalization({ epsilon: 0.01 })]],
  ['BatchNormalization without gamma', odd, () => [layers.batchNormalization({ scale: false })]],
  ['BatchNormalization without beta', odd, () => [layers.batchNormalization({ center: false })]],
  [
    'BatchNormalization of a vector',
    odd,
    () => [layers.globalAveragePooling2d({}), layers.batchNormalization({})],
  ],
  ['ReLU', odd, () => [layers.reLU({})]],
  [
    'ReLU up to 6',
    odd,
    () => [layers.conv2d({ filters: 3, kernelSize: 3, strides: 1 }), layers.reLU({ maxValue: 6 })],
  ],
  ['ReLU up to 0.4', odd, () => [layers.reLU({ maxValue: 0.4 })]],
  ['LeakyReLU', odd, () => [layers.leakyReLU({ alpha: 0.07 })]],
  ['LeakyReLU, default slope', odd, () => [layers.leakyReLU({})]],
  ['ELU', odd, () => [layers.elu({})]],
  ['Softmax of a vector', odd, () => [layers.flatten(), layers.softmax({})]],
  ['Softmax of channels', odd, () => [layers.softmax({ axis: -1 })]],
  [
    'ZeroPadding2D',
    odd,
    () => [
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [2, 3],
        ],
      }),
    ],
  ],
  ['ZeroPadding2D, two numbers', odd, () => [layers.zeroPadding2d({ padding: [1, 2] })]],
  ['GlobalAveragePooling2D', odd, () => [layers.globalAveragePooling2d({})]],
  ['GlobalMaxPooling2D', odd, () => [layers.globalMaxPooling2d({})]],
  [
    'Flatten, Dropout, Dense',
    odd,
    () => [
      layers.flatten(),
      layers.dropout({ rate: 0.4 }),
      layers.dense({ units: 4, activation: 'softmax' }),
    ],
  ],
  ['Dense without bias on every pixel', odd, () => [layers.dense({ units: 4, useBias: false })]],
  ['Reshape with an open size', odd, () => [layers.reshape({ targetShape: [3, -1, 7] })]],
  ['Permute that changes nothing', odd, () => [layers.permute({ dims: [1, 2, 3] }), layers.reLU({})]],
  ['Rescaling', odd, () => [layers.rescaling({ scale: 1 / 127.5, offset: -1 })]],
);
const activations = [
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'sigmoid',
  'tanh',
  'softplus',
  'hardSigmoid',
  'softmax',
  'swish',
  'gelu',
] as const;
for (const activation of activations)
  cases.push([
    `Activation ${activation}`,
    odd,
    () => [layers.conv2d({ filters: 3, kernelSize: 2, strides: 1 }), layers.activation({ activation })],
  ]);

describe('importTfjsLayers, layer by layer against TF.js', () => {
  it.each(cases)('%s', async (_, inputShape, list) => {
    const { error } = await compare(sequential(inputShape, list()));
    expect(error).toBeLessThan(1e-5);
  });

  it('Add, Multiply, Concatenate, a shared layer and a nested functional model', async () => {
    const inner = tf.input({ shape: [5, 6, 4] });
    const nested = tf.model({
      inputs: inner,
      outputs: symbolic(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'inside' }), inner),
      name: 'nested',
    });
    const input = tf.input({ shape: [5, 6, 4], name: 'photo' });
    const shared = layers.conv2d({ filters: 4, kernelSize: 1, name: 'shared' });
    const once = symbolic(shared, input);
    const twice = symbolic(shared, once);
    const inside = symbolic(nested, twice);
    const sum = symbolic(layers.add(), [once, twice, inside]);
    const squeezed = symbolic(
      layers.reshape({ targetShape: [1, 1, 4] }),
      symbolic(layers.globalAveragePooling2d({}), sum),
    );
    const scaled = symbolic(layers.multiply(), [sum, squeezed]);
    const joined = symbolic(layers.concatenate({ axis: -1 }), [scaled, input]);
    const { error, ops } = await compare(tf.model({ inputs: input, outputs: joined }));
    expect(error).toBeLessThan(1e-5);
    expect(ops.filter((op) => op === 'conv2d')).toHaveLength(3);
  });

  it('drops dropout and folds nothing else away', async () => {
    const { ops } = await compare(
      sequential(odd, [layers.dropout({ rate: 0.5 }), layers.reLU({}), layers.flatten()]),
    );
    expect(ops).toEqual(['activation', 'reshape']);
  });
});

describe('importTfjsLayers, variants of the format', () => {
  const files = async (): Promise<{ json: TfjsJson; weights: Uint8Array }> => {
    const model = sequential(
      [4, 4, 3],
      [
        layers.conv2d({ filters: 2, kernelSize: 3, name: 'c' }),
        layers.activation({ activation: 'relu6', name: 'a' }),
      ],
    );
    randomizeWeights(model, 3);
    const saved = await savedFiles(model);
    model.dispose();
    return saved;
  };
  const edit = (json: TfjsJson, change: (text: string) => string): TfjsJson =>
    parseJson(change(JSON.stringify(json)));

  it('reads converted Keras files (model_config), bare layer lists, and relu6 as a custom object', async () => {
    const { json, weights } = await files();
    const plain = importTfjsLayers(json, weights);
    const topology = parseJson<{ config: { layers: unknown[] } }>(JSON.stringify(json.modelTopology));
    const wrapped = {
      ...json,
      modelTopology: {
        keras_version: '2.1.6',
        backend: 'tensorflow',
        model_config: { class_name: 'Sequential', config: topology.config.layers },
      },
    };
    expect(importTfjsLayers(wrapped, weights).nodes).toEqual(plain.nodes);
    const custom = edit(json, (text) =>
      text.replace('"activation":"relu6"', '"activation":{"class_name":"relu6","config":{}}'),
    );
    expect(importTfjsLayers(custom, weights).nodes).toEqual(plain.nodes);
    expect(plain.nodes.map((node) => node.name)).toEqual(['c', 'a']);
    expect(plain.nodes[1]).toMatchObject({ op: 'activation', kind: 'relu6' });
  });

  it('finds weights under the names of enclosing models', async () => {
    const { json, weights } = await files();
    const prefixed = edit(json, (text) =>
      text.replaceAll('"c/kernel"', '"outer/c/kernel"').replaceAll('"c/bias"', '"c/cell/bias"'),
    );
    expect(importTfjsLayers(prefixed, weights).weights.size).toBe(2);
  });

  it('reads the wiring of Keras 3, and hard_sigmoid as it means it', () => {
    const tensor = (name: string): object => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, 2, 2, 1], dtype: 'float32', keras_history: [name, 0, 0] },
    });
    const call = (...names: string[]): object[] => [
      { args: names.length === 1 ? [tensor(names[0] ?? '')] : [names.map(tensor)], kwargs: {} },
    ];
    const modelTopology = {
      keras_version: '3.5.0',
      model_config: {
        class_name: 'Functional',
        config: {
          name: 'functional',
          layers: [
            {
              class_name: 'InputLayer',
              name: 'in',
              config: { batch_shape: [null, 2, 2, 1], name: 'in' },
              inbound_nodes: [],
            },
            {
              class_name: 'Activation',
              name: 'gate',
              config: { activation: 'hard_sigmoid' },
              inbound_nodes: call('in'),
            },
            { class_name: 'Multiply', name: 'out', config: {}, inbound_nodes: call('in', 'gate') },
          ],
          input_layers: ['in', 0, 0],
          output_layers: ['out', 0, 0],
        },
      },
    };
    const graph = importTfjsLayers({ modelTopology, weightsManifest: [] }, new Uint8Array());
    expect(graph.outputs).toEqual(['out']);
    expect(graph.nodes).toMatchObject([
      { kind: 'hard-sigmoid', alpha: 1 / 6, beta: 0.5 },
      { op: 'mul', inputs: ['in', 'gate'] },
    ]);
  });

  it('takes the size for an input that leaves it open, and refuses it without', async () => {
    const { json, weights } = await files();
    const open = edit(json, (text) => text.replace('[null,4,4,3]', '[null,null,null,3]'));
    expect(importTfjsLayers(open, weights, { inputSize: [6, 8] }).input.shape).toEqual([6, 8, 3]);
    expect(() => importTfjsLayers(open, weights)).toThrowError(
      expect.objectContaining({ code: 'not-supported' }),
    );
  });

  it('names class and layer that it does not know', () => {
    const model = sequential(
      [4, 4, 3],
      [layers.conv2dTranspose({ filters: 2, kernelSize: 3, name: 'upwards' })],
    );
    return savedFiles(model).then(({ json, weights }) =>
      expect(() => importTfjsLayers(json, weights)).toThrowError(
        expect.objectContaining({
          code: 'not-supported',
          message: expect.stringMatching(/"Conv2DTranspose".*"upwards"/),
        }),
      ),
    );
  });

  it('refuses settings that the graph cannot express', async () => {
    const refused: Layers[] = [
      [layers.permute({ dims: [2, 1, 3] })],
      [layers.softmax({ axis: 1 })],
      [layers.batchNormalization({ axis: 1 })],
      [layers.conv2d({ filters: 1, kernelSize: 1, activation: 'mish' })],
      [layers.globalAveragePooling2d({ dataFormat: 'channelsFirst' })],
    ];
    for (const list of refused) {
      const { json, weights } = await savedFiles(sequential([4, 4, 3], list));
      expect(() => importTfjsLayers(json, weights)).toThrowError(
        expect.objectContaining({ code: 'not-supported' }),
      );
    }
  });

  it('answers every kind of damage with a HolotypeError', async () => {
    const { json, weights } = await files();
    const text = JSON.stringify(json);
    const damaged: unknown[] = [
      null,
      [],
      'model',
      {},
      { ...json, modelTopology: null },
      { ...json, modelTopology: { class_name: 'Sequential', config: { layers: [] } } },
      { ...json, modelTopology: { class_name: 'Dense', config: {} } },
      { ...json, weightsManifest: undefined },
      { ...json, format: 'graph-model' },
      JSON.parse(text.replace('"c/kernel"', '"d/kernel"')),
      JSON.parse(text.replace('"shape":[3,3,3,2]', '"shape":[3,3,2,3]')),
      JSON.parse(
        text
          .replace('"kernel_size":[3,3]', '"kernel_size":"big"')
          .replace('"strides":[1,1]', '"strides":[0,1]'),
      ),
      JSON.parse(text.replace('"class_name":"Conv2D"', '"class_name":"constructor"')),
      JSON.parse(text.replace('"activation":"relu6"', '"activation":"toString"')),
    ];
    for (const broken of damaged) expect(() => importTfjsLayers(broken, weights)).toThrowError(HolotypeError);
    expect(() => importTfjsLayers(json, weights.subarray(0, 100))).toThrowError(/"c\/kernel" is cut off/);
  });

  it('never answers damage with anything but a HolotypeError, wherever it is', async () => {
    const model = sequential(odd, [
      layers.zeroPadding2d({ padding: 1 }),
      layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.rescaling({ scale: 2 }),
      layers.batchNormalization({}),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ]);
    const { json, weights } = await savedFiles(model);
    model.dispose();
    const surprises: string[] = [];
    for (let choice = 0, all = countValues(json); choice < all; choice++)
      for (const replacement of damage)
        try {
          importTfjsLayers(withDamage(json, choice, replacement), weights);
        } catch (error) {
          if (!(error instanceof HolotypeError))
            surprises.push(`value ${choice} as ${JSON.stringify(replacement)}: ${String(error)}`);
        }
    expect(surprises).toEqual([]);
  });

  it('refuses layers that feed themselves or one another', () => {
    const relu = (name: string, from: string): object => ({
      class_name: 'ReLU',
      name,
      config: { name },
      inbound_nodes: [[[from, 0, 0, {}]]],
    });
    const input = {
      class_name: 'InputLayer',
      name: 'in',
      config: { batch_input_shape: [null, 2, 2, 1] },
      inbound_nodes: [],
    };
    const model = (list: object[]): object => ({
      modelTopology: {
        class_name: 'Model',
        config: { layers: [input, ...list], input_layers: [['in', 0, 0]], output_layers: [['a', 0, 0]] },
      },
      weightsManifest: [],
    });
    expect(() => importTfjsLayers(model([relu('a', 'b'), relu('b', 'a')]), new Uint8Array())).toThrowError(
      /feeds itself/,
    );
    expect(() => importTfjsLayers(model([relu('a', 'nowhere')]), new Uint8Array())).toThrowError(/"nowhere"/);
  });
});

describe.skipIf(!haveShared)('importTfjsLayers on real models (needs ../shared/weights)', () => {
  it('a Teachable Machine export gives the numbers that TF.js gives', async () => {
    const { json, weights } = readTfjsFolder('teachable_machine_export');
    const graph = importTfjsLayers(json, weights);
    const model = await loadWithTfjs(json, weights);
    const x = photos(graph, 1, 5);
    const expected = predict(model, x, 1);
    expect(expected).toHaveLength(5);
    expect(relativeError(await runGraphInOnnx(graph, x, 1), expected)).toBeLessThan(1e-4);
    model.dispose();
  });

  it('Keras MobileNet v1 without a topology gives the numbers of its architecture built in TF.js', async () => {
    const { json, weights } = readTfjsFolder('tfjs_mobilenet_v1_0.25_224');
    const graph = importTfjsLayers(json, weights);
    const model = mobilenetV1();
    const topology = (await savedFiles(model)).json.modelTopology;
    model.dispose();
    const loaded = await loadWithTfjs({ ...json, modelTopology: topology }, weights);
    const x = photos(graph, 1, 6);
    const expected = predict(loaded, x, 1);
    expect(expected).toHaveLength(1000);
    expect(relativeError(await runGraphInOnnx(graph, x, 1), expected)).toBeLessThan(1e-4);
    loaded.dispose();
  });
});

/** MobileNet v1 0.25 as in Howard et al. 2017, table 1, with the layer names of Keras, written for TF.js. */
function mobilenetV1(): tf.LayersModel {
  const input = tf.input({ shape: [224, 224, 3] });
  let x = input;
  const then = (layer: tf.layers.Layer): void => {
    x = symbolic(layer, x);
  };
  const relu6 = (name: string): void => {
    then(layers.batchNormalization({ name: `${name}_bn` }));
    then(layers.reLU({ maxValue: 6 }));
  };
  then(
    layers.conv2d({ name: 'conv1', filters: 8, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
  );
  relu6('conv1');
  const blocks: [filters: number, strides: number][] = [
    [16, 1],
    [32, 2],
    [32, 1],
    [64, 2],
    [64, 1],
    [128, 2],
    [128, 1],
    [128, 1],
    [128, 1],
    [128, 1],
    [128, 1],
    [256, 2],
    [256, 1],
  ];
  for (const [i, [filters, strides]] of blocks.entries()) {
    then(
      layers.depthwiseConv2d({
        name: `conv_dw_${i + 1}`,
        kernelSize: 3,
        strides,
        padding: 'same',
        useBias: false,
      }),
    );
    relu6(`conv_dw_${i + 1}`);
    then(layers.conv2d({ name: `conv_pw_${i + 1}`, filters, kernelSize: 1, useBias: false }));
    relu6(`conv_pw_${i + 1}`);
  }
  then(layers.globalAveragePooling2d({}));
  then(layers.reshape({ targetShape: [1, 1, 256] }));
  then(layers.conv2d({ name: 'conv_preds', filters: 1000, kernelSize: 1 }));
  then(layers.reshape({ targetShape: [1000] }));
  then(layers.activation({ activation: 'softmax' }));
  return tf.model({ inputs: input, outputs: x });
}
