import * as tfc from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Weight } from '../../../src/engine/graph/graph.ts';
import { importTfjsGraph } from '../../../src/engine/graph/import-tfjs-graph.ts';
import { encodeWeights } from '../../../src/engine/graph/tfjs-weights.ts';
import {
  countValues,
  damage,
  withDamage,
  parseJson,
  photos,
  randomWeight,
  single,
  relativeError,
  runGraphInOnnx,
  type TfjsJson,
} from './tfjs-testing.ts';

type Attributes = Record<string, object>;

const text = (value: string): object => ({ s: btoa(value) });
const list = (...values: number[]): object => ({ list: { i: values.map(String) } });
const flag = (value: boolean): object => ({ b: value });

interface GraphModelJson extends TfjsJson {
  signature?: object;
}

/** Writes GraphDef JSON as the TF.js converter does: int64 as texts, bytes as base64, constants in the weights. */
class GraphDefWriter {
  readonly node: object[] = [];
  private readonly weights: [string, Weight][] = [];
  private readonly ints = new Set<string>();

  constructor(shape: readonly number[]) {
    const dim = shape.map((size) => ({ size: String(size) }));
    this.node.push({
      name: 'images',
      op: 'Placeholder',
      attr: { shape: { shape: { dim } }, dtype: { type: 'DT_FLOAT' } },
    });
  }

  op(op: string, name: string, input: string[], attr: Attributes = {}): string {
    this.node.push({ name, op, input, attr: { T: { type: 'DT_FLOAT' }, ...attr } });
    return name;
  }

  constant(name: string, weight: Weight): string {
    const dim = weight.shape.map((size) => ({ size: String(size) }));
    this.node.push({
      name,
      op: 'Const',
      attr: { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: { dim } } } },
    });
    this.weights.push([name, weight]);
    return name;
  }

  random(name: string, shape: readonly number[], positive = false): string {
    const { data } = randomWeight(shape, 90 + this.weights.length);
    return this.constant(name, { shape, data: positive ? data.map((x) => Math.abs(x) + 0.4) : data });
  }

  integers(name: string, values: readonly number[]): string {
    this.ints.add(name);
    return this.constant(name, { shape: [values.length], data: Float32Array.from(values) });
  }

  scalar(name: string, value: number): string {
    return this.constant(name, { shape: [], data: Float32Array.of(value) });
  }

  files(outputs?: Record<string, string>): { json: GraphModelJson; weights: Uint8Array } {
    const { manifest, bytes } = encodeWeights(this.weights);
    let offset = 0;
    const weights = manifest[0]?.weights.map((spec) => {
      const size = spec.shape.reduce((product, one) => product * one, 1);
      const isInt = this.ints.has(spec.name);
      if (isInt) {
        const values = Int32Array.from(new Float32Array(bytes.slice(offset, offset + size * 4).buffer));
        bytes.set(new Uint8Array(values.buffer), offset);
      }
      offset += size * 4;
      return { ...spec, shape: [...spec.shape], dtype: isInt ? 'int32' : 'float32' };
    });
    const json = {
      format: 'graph-model',
      modelTopology: { node: this.node, library: {}, versions: { producer: 440 } },
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights }],
      ...(outputs === undefined
        ? {}
        : {
            signature: {
              inputs: { images: { name: 'images:0', dtype: 'DT_FLOAT' } },
              outputs: Object.fromEntries(Object.entries(outputs).map(([key, name]) => [key, { name }])),
            },
          }),
    };
    return { json: parseJson(JSON.stringify(json)), weights: bytes };
  }
}

/** tfjs-converter and our graph (run by ONNX Runtime) on two random photos. */
async function disagreement(writer: GraphDefWriter, outputs?: Record<string, string>): Promise<number> {
  const { json, weights } = writer.files(outputs);
  const graph = importTfjsGraph(json, weights);
  const x = photos(graph, 2, 21);
  const model = await loadGraphModel(
    tfc.io.fromMemory({
      format: 'graph-model',
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: new Uint8Array(weights).buffer,
      ...(json.signature === undefined ? {} : { signature: json.signature }),
    }),
  );
  const results = model.predict(tfc.tensor4d(x, [2, ...graph.input.shape]));
  const expected = single(results).dataSync();
  model.dispose();
  return relativeError(await runGraphInOnnx(graph, x, 2), expected);
}

const conv = (strides: number[], padding: string, more: Attributes = {}): Attributes => ({
  strides: list(1, ...strides, 1),
  dilations: list(1, 1, 1, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  ...more,
});

const photo = (): GraphDefWriter => new GraphDefWriter([-1, 9, 7, 3]);

const cases: [title: string, write: () => GraphDefWriter][] = [];
function add(title: string, write: (w: GraphDefWriter) => unknown): void {
  cases.push([
    title,
    () => {
      const w = photo();
      write(w);
      return w;
    },
  ]);
}
for (const padding of ['SAME', 'VALID'])
  for (const stride of [1, 2, 3]) {
    add(`Conv2D ${padding}, stride ${stride}`, (w) =>
      w.op('Conv2D', 'out', ['images', w.random('k', [3, 4, 3, 5])], conv([stride, stride], padding)),
    );
    add(`DepthwiseConv2dNative ${padding}, stride ${stride}`, (w) =>
      w.op(
        'DepthwiseConv2dNative',
        'out',
        ['images', w.random('k', [3, 3, 3, 2])],
        conv([stride, stride], padding),
      ),
    );
    for (const op of ['MaxPool', 'AvgPool'])
      add(`${op} ${padding}, stride ${stride}`, (w) =>
        w.op(op, 'out', ['images'], {
          ksize: list(1, 3, 2, 1),
          strides: list(1, stride, stride, 1),
          padding: text(padding),
          data_format: text('NHWC'),
        }),
      );
  }
add('Conv2D with explicit padding', (w) =>
  w.op(
    'Conv2D',
    'out',
    ['images', w.random('k', [3, 3, 3, 2])],
    conv([2, 2], 'EXPLICIT', { explicit_paddings: list(0, 0, 1, 2, 0, 1, 0, 0) }),
  ),
);
for (const activation of ['Relu', 'Relu6', 'Elu', 'LeakyRelu'])
  add(`_FusedConv2D with BiasAdd and ${activation}`, (w) =>
    w.op(
      '_FusedConv2D',
      'out',
      ['images', w.random('k', [3, 3, 3, 4]), w.random('b', [4])],
      conv([1, 1], 'SAME', {
        fused_ops: { list: { s: [btoa('BiasAdd'), btoa(activation)] } },
        num_args: { i: '1' },
        leakyrelu_alpha: { f: 0.13 },
      }),
    ),
  );
add('_FusedConv2D with BiasAdd only', (w) =>
  w.op(
    '_FusedConv2D',
    'out',
    ['images', w.random('k', [1, 1, 3, 4]), w.random('b', [4])],
    conv([1, 1], 'SAME', { fused_ops: { list: { s: [btoa('BiasAdd')] } }, num_args: { i: '1' } }),
  ),
);
add('FusedDepthwiseConv2dNative', (w) =>
  w.op(
    'FusedDepthwiseConv2dNative',
    'out',
    ['images', w.random('k', [3, 3, 3, 1]), w.random('b', [3])],
    conv([2, 2], 'SAME', {
      fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Relu6')] } },
      num_args: { i: '1' },
    }),
  ),
);
for (const op of ['FusedBatchNorm', 'FusedBatchNormV3'])
  add(op, (w) =>
    w.op(
      op,
      'out',
      ['images', w.random('s', [3]), w.random('o', [3]), w.random('m', [3]), w.random('v', [3], true)],
      { epsilon: { f: 0.002 }, is_training: flag(false), data_format: text('NHWC') },
    ),
  );
for (const op of ['Relu', 'Relu6', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softmax'])
  add(op, (w) => w.op(op, 'out', ['images']));
add('LeakyRelu', (w) => w.op('LeakyRelu', 'out', ['images'], { alpha: { f: 0.3 } }));
add('BiasAdd and Identity', (w) =>
  w.op('Identity', 'out', [w.op('BiasAdd', 'b', ['images', w.random('c', [3])])]),
);
for (const op of ['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv']) {
  add(`${op} of a constant per channel`, (w) => w.op(op, 'out', ['images', w.random('c', [3], true)]));
  add(`${op} of a number written [1, 1, 1, 1]`, (w) =>
    w.op(op, 'out', ['images', w.random('c', [1, 1, 1, 1], true)]),
  );
  if (op !== 'RealDiv') {
    add(`${op} of a constant before`, (w) => w.op(op, 'out', [w.scalar('c', 1.7), 'images']));
    add(`${op} of two tensors`, (w) =>
      w.op(op, 'out', [w.op('Relu', 'r', ['images']), w.op('Tanh', 't', ['images'])]),
    );
  }
  add(`${op} of constants`, (w) =>
    w.op('Mul', 'out', ['images', w.op(op, 'folded', [w.random('a', [3], true), w.scalar('b', 0.6)])]),
  );
}
add('batch norm as arithmetic with Rsqrt', (w) => {
  const scale = w.op('Mul', 'scale', [
    w.op('Rsqrt', 'root', [w.random('v', [3], true)]),
    w.random('gamma', [3]),
  ]);
  w.op('AddV2', 'out', [w.op('Mul', 'm', ['images', scale]), w.random('beta', [3])]);
});
for (const keep of [true, false]) {
  add(`Mean, keep_dims ${keep}`, (w) =>
    w.op('Mean', 'out', ['images', w.integers('axes', [1, 2])], { keep_dims: flag(keep) }),
  );
  add(`Max, negative axes, keep_dims ${keep}`, (w) =>
    w.op('Max', 'out', ['images', w.integers('axes', [-2, -3])], { keep_dims: flag(keep) }),
  );
}
add('Pad', (w) =>
  w.op('Pad', 'out', [
    'images',
    w.constant('p', { shape: [4, 2], data: Float32Array.of(0, 0, 1, 2, 0, 3, 0, 0) }),
  ]),
);
add('Squeeze of a 1 x 1 convolution', (w) => {
  const pooled = w.op('Mean', 'pool', ['images', w.integers('axes', [1, 2])], { keep_dims: flag(true) });
  const logits = w.op('Conv2D', 'logits', [pooled, w.random('k', [1, 1, 3, 6])], conv([1, 1], 'SAME'));
  w.op('Squeeze', 'out', [logits], { squeeze_dims: list(1, 2) });
});
add('Reshape, MatMul and Softmax', (w) => {
  const flat = w.op('Reshape', 'flat', ['images', w.integers('shape', [-1, 189])]);
  const product = w.op('MatMul', 'product', [flat, w.random('k', [189, 4])], {
    transpose_a: flag(false),
    transpose_b: flag(false),
  });
  w.op('Softmax', 'out', [product]);
});
add('_FusedMatMul', (w) => {
  const flat = w.op('Mean', 'flat', ['images', w.integers('axes', [1, 2])], { keep_dims: flag(false) });
  w.op('_FusedMatMul', 'out', [flat, w.random('k', [3, 4]), w.random('b', [4])], {
    transpose_a: flag(false),
    transpose_b: flag(false),
    fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Relu')] } },
    num_args: { i: '1' },
  });
});
add('MatMul with a transposed kernel', (w) => {
  const flat = w.op('Mean', 'flat', ['images', w.integers('axes', [1, 2])], { keep_dims: flag(false) });
  w.op('MatMul', 'out', [flat, w.random('k', [4, 3])], { transpose_a: flag(false), transpose_b: flag(true) });
});
add('ConcatV2', (w) =>
  w.op('ConcatV2', 'out', ['images', w.op('Relu', 'r', ['images']), w.integers('axis', [3])], {
    N: { i: '2' },
  }),
);

describe('importTfjsGraph, operation by operation against tfjs-converter', () => {
  it.each(cases)('%s', async (_, write) => {
    expect(await disagreement(write())).toBeLessThan(1e-5);
  });
});

/** The TF Hub MobileNets in small: hub preprocessing, stem, blocks, pool, 1 x 1 logits; v2 has inverted residuals. */
function mobilenet(version: 1 | 2): GraphDefWriter {
  const w = new GraphDefWriter([-1, 32, 32, 3]);
  let x = w.op('Sub', 'module/hub_input/Sub', [
    w.op('Mul', 'module/hub_input/Mul', ['images', w.scalar('module/hub_input/Mul/y', 2)]),
    w.scalar('module/hub_input/Sub/y', 1),
  ]);
  const normalized = (name: string, channels: number, relu: boolean): void => {
    x = w.op(
      'FusedBatchNormV3',
      `${name}/BatchNorm`,
      [
        x,
        ...['gamma', 'beta', 'mean'].map((key) => w.random(`${name}/${key}`, [channels])),
        w.random(`${name}/variance`, [channels], true),
      ],
      { epsilon: { f: 0.001 }, is_training: flag(false), data_format: text('NHWC') },
    );
    if (relu) x = w.op('Relu6', `${name}/Relu6`, [x]);
  };
  const full = (name: string, from: number, to: number, size: number, stride: number, relu = true): void => {
    x = w.op(
      'Conv2D',
      `${name}/Conv2D`,
      [x, w.random(`${name}/weights`, [size, size, from, to])],
      conv([stride, stride], 'SAME'),
    );
    normalized(name, to, relu);
  };
  const depthwise = (name: string, channels: number, stride: number): void => {
    x = w.op(
      'DepthwiseConv2dNative',
      `${name}/depthwise`,
      [x, w.random(`${name}/weights`, [3, 3, channels, 1])],
      conv([stride, stride], 'SAME'),
    );
    normalized(name, channels, true);
  };
  full('M/Conv', 3, 8, 3, 2);
  for (const [i, stride] of [1, 2, 1].entries()) {
    if (version === 1) {
      depthwise(`M/dw_${i}`, 8, stride);
      full(`M/pw_${i}`, 8, 8, 1, 1);
    } else {
      const before = x;
      full(`M/expand_${i}`, 8, 24, 1, 1);
      depthwise(`M/dw_${i}`, 24, stride);
      full(`M/project_${i}`, 24, 8, 1, 1, false);
      if (stride === 1) x = w.op('Add', `M/add_${i}`, [x, before]);
    }
  }
  x =
    version === 1
      ? w.op('Mean', 'M/Logits/global_pool', [x, w.integers('M/Logits/axes', [1, 2])], {
          keep_dims: flag(true),
        })
      : w.op('AvgPool', 'M/Logits/AvgPool', [x], {
          ksize: list(1, 8, 8, 1),
          strides: list(1, 8, 8, 1),
          padding: text('VALID'),
          data_format: text('NHWC'),
        });
  x = w.op(
    'Conv2D',
    'M/Logits/Conv2D',
    [x, w.random('M/Logits/weights', [1, 1, 8, 11])],
    conv([1, 1], 'SAME'),
  );
  x = w.op('BiasAdd', 'M/Logits/BiasAdd', [x, w.random('M/Logits/biases', [11])], {
    data_format: text('NHWC'),
  });
  w.op('Squeeze', 'M/Logits/output', [x], { squeeze_dims: list(1, 2) });
  return w;
}

describe('importTfjsGraph, networks of the MobileNet family', () => {
  it.each([1, 2] as const)('MobileNet v%i as TF Hub writes it', async (version) => {
    expect(await disagreement(mobilenet(version), { logits: 'M/Logits/output:0' })).toBeLessThan(1e-4);
    const { json, weights } = mobilenet(version).files({ logits: 'M/Logits/output:0' });
    const graph = importTfjsGraph(json, weights);
    expect(graph.input).toEqual({ name: 'images', shape: [32, 32, 3] });
    expect(graph.outputs).toEqual(['M/Logits/output']);
  });

  it('leaves out what the outputs do not need, and takes nodes in any order', async () => {
    const w = mobilenet(2);
    w.op('SomethingUnknown', 'aside', ['images']);
    w.node.reverse();
    const { json, weights } = w.files({ logits: 'M/Logits/output:0' });
    expect(importTfjsGraph(json, weights).nodes.at(-1)?.name).toBe('M/Logits/output');
  });
});

describe('importTfjsGraph on files that are not right', () => {
  const valid = (): { json: GraphModelJson; weights: Uint8Array } => {
    const w = photo();
    w.op('Relu', 'out', [w.op('Conv2D', 'c', ['images', w.random('k', [3, 3, 3, 2])], conv([1, 1], 'SAME'))]);
    return w.files({ y: 'out:0' });
  };
  const edited = (from: string, to: string): unknown => {
    const source = JSON.stringify(valid().json);
    expect(source).toContain(from);
    return JSON.parse(source.replaceAll(from, to));
  };

  it('names operation and node that it does not know', () => {
    for (const op of ['Einsum', 'constructor', 'toString'])
      expect(() => importTfjsGraph(edited('"Relu"', `"${op}"`), valid().weights)).toThrowError(
        expect.objectContaining({
          code: 'not-supported',
          message: expect.stringMatching(new RegExp(`"${op}".*"out"`)),
        }),
      );
  });

  it('answers every kind of damage with a HolotypeError', () => {
    const { json, weights } = valid();
    const damaged: unknown[] = [
      null,
      {},
      { ...json, modelTopology: {} },
      { ...json, modelTopology: { node: [] } },
      { ...json, weightsManifest: [] },
      edited('"input":["c"]', '"input":["out"]'),
      edited('"input":["c"]', '"input":["nothing"]'),
      edited('"input":["c"]', '"input":["c:1"]'),
      edited('"input":["c"]', '"input":[]'),
      edited('"name":"c"', '"name":"out"'),
      edited('"name":"out:0"', '"name":"k"'),
      edited('"size":"9"', '"size":"-1"'),
      edited(btoa('SAME'), btoa('ODD')),
      edited(btoa('SAME'), '!'),
      edited(btoa('NHWC'), btoa('NCHW')),
      edited('"strides":{"list":{"i":["1","1"', '"strides":{"list":{"i":["1","x"'),
      edited('"shape":[3,3,3,2]', '"shape":[3,3,2,3]'),
      edited('"shape":[3,3,3,2]', '"shape":[54]'),
    ];
    for (const [i, broken] of damaged.entries())
      expect(() => importTfjsGraph(broken, weights), `damage ${i}`).toThrowError(HolotypeError);
    for (const length of [0, 1, 100, 215, 217])
      expect(() => importTfjsGraph(json, new Uint8Array(length)), `${length} bytes`).toThrowError(
        HolotypeError,
      );
  });

  it('never answers damage with anything but a HolotypeError, wherever it is', () => {
    const w = photo();
    const padded = w.op('Pad', 'p', [
      w.op('Mul', 'm', ['images', w.scalar('two', 2)]),
      w.constant('by', { shape: [4, 2], data: Float32Array.of(0, 0, 1, 1, 1, 1, 0, 0) }),
    ]);
    const convolved = w.op('Conv2D', 'c', [padded, w.random('k', [3, 3, 3, 2])], conv([2, 2], 'SAME'));
    const pooled = w.op('Mean', 'g', [convolved, w.integers('axes', [1, 2])], { keep_dims: flag(true) });
    w.op('Squeeze', 'out', [pooled], { squeeze_dims: list(1, 2) });
    const { json, weights } = w.files({ y: 'out:0' });
    const surprises: string[] = [];
    for (let choice = 0, all = countValues(json); choice < all; choice++)
      for (const replacement of damage)
        try {
          importTfjsGraph(withDamage(json, choice, replacement), weights);
        } catch (error) {
          if (!(error instanceof HolotypeError))
            surprises.push(`value ${choice} as ${JSON.stringify(replacement)}: ${String(error)}`);
        }
    expect(surprises).toEqual([]);
  });

  it('takes a size for an input that leaves it open', () => {
    const open = edited('"size":"9"', '"size":"-1"');
    expect(importTfjsGraph(open, valid().weights, { inputSize: [12, 7] }).input.shape).toEqual([12, 7, 3]);
  });
});
