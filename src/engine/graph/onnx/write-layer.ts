/** Layers with weights or arithmetic, written as ONNX nodes. */
import type {
  ActivationNode,
  BatchNorm,
  Conv2d,
  Dense,
  DepthwiseConv2d,
  GraphNode,
  LocalResponseNorm,
  Pool,
} from '../graph.ts';
import { lineOf } from '../fold.ts';
import { onnxAttribute, type OnnxAttribute } from '../onnx-proto.ts';
import type { Shape } from '../shapes.ts';
import type { OnnxWriter, Tensor } from './writer.ts';

const ints = (name: string, values: readonly number[]): OnnxAttribute => onnxAttribute(name, values);
const real = (name: string, value: number): OnnxAttribute => onnxAttribute(name, value, true);

/** [kh, kw, cin, cout] as [cout, cin, kh, kw]; a depthwise [kh, kw, c, m] as [c * m, 1, kh, kw]. */
function kernelToNchw(depthwise: boolean) {
  return (source: Float32Array, shape: Shape): { dims: Shape; data: Float32Array } => {
    const [kh = 1, kw = 1, third = 1, fourth = 1] = shape;
    const cin = depthwise ? 1 : third;
    const cout = depthwise ? third * fourth : fourth;
    const area = kh * kw;
    const data = new Float32Array(source.length);
    for (let o = 0; o < cout; o++)
      for (let i = 0; i < cin; i++) {
        const to = (o * cin + i) * area;
        for (let p = 0; p < area; p++) data[to + p] = source[(p * cin + i) * cout + o] ?? 0;
      }
    return { dims: [cout, cin, kh, kw], data };
  };
}

const asIs = (data: Float32Array, shape: Shape) => ({ dims: shape, data });
/** One number per channel, broadcast over [n, c, h, w] or [n, c]. */
const perChannel = (map: boolean) => (data: Float32Array) => ({
  dims: map ? [data.length, 1, 1] : [data.length],
  data,
});

function conv(writer: OnnxWriter, node: Conv2d | DepthwiseConv2d, input: Tensor): Tensor {
  const depthwise = node.op === 'depthwise-conv2d';
  const kernel = writer.weight(node.kernel, node.op, kernelToNchw(depthwise));
  const [kh = 1, kw = 1] = writer.graph.weights.get(node.kernel)?.shape ?? [];
  const inputs = [input.name, kernel];
  if (node.bias !== undefined) inputs.push(writer.weight(node.bias, 'vector', asIs));
  const name = writer.emit('Conv', inputs, node.name, [
    ints('kernel_shape', [kh, kw]),
    ints('strides', node.strides),
    ints('dilations', node.dilations),
    ints('pads', node.pads),
    onnxAttribute('group', depthwise ? (input.shape[2] ?? 1) : node.groups),
  ]);
  return { name, shape: writer.shape(node.name), chw: true };
}

/** Rows for an input that lies in [c, h, w] order: the graph's row (y, x, c) moves there. */
function rowsToChw(map: Shape) {
  const [h = 1, w = 1, c = 1] = map;
  return (source: Float32Array, shape: Shape): { dims: Shape; data: Float32Array } => {
    const [, outputs = 1] = shape;
    const data = new Float32Array(source.length);
    for (let p = 0; p < h * w; p++)
      for (let k = 0; k < c; k++) {
        const from = (p * c + k) * outputs;
        data.set(source.subarray(from, from + outputs), (k * h * w + p) * outputs);
      }
    return { dims: shape, data };
  };
}

function dense(writer: OnnxWriter, node: Dense, input: Tensor): Tensor {
  const { flattened } = input;
  const kernel =
    flattened === undefined
      ? writer.weight(node.kernel, 'matrix', asIs)
      : writer.weight(node.kernel, `matrix ${flattened.join('x')}`, rowsToChw(flattened));
  const inputs = [input.name, kernel];
  if (node.bias !== undefined) inputs.push(writer.weight(node.bias, 'vector', asIs));
  return { name: writer.emit('Gemm', inputs, node.name), shape: writer.shape(node.name), chw: false };
}

function pool(writer: OnnxWriter, node: Pool, input: Tensor): Tensor {
  const max = node.op === 'max-pool';
  const attributes = [
    ints('kernel_shape', node.window),
    ints('strides', node.strides),
    ints('pads', node.pads),
  ];
  if (!max) attributes.push(onnxAttribute('count_include_pad', node.countPadding ? 1 : 0));
  const name = writer.emit(max ? 'MaxPool' : 'AveragePool', [input.name], node.name, attributes);
  return { name, shape: writer.shape(node.name), chw: true };
}

function activation(writer: OnnxWriter, node: ActivationNode, input: Tensor): Tensor {
  const x = input.name;
  const done = (op: string, attributes: OnnxAttribute[] = [], inputs: string[] = [x]): Tensor => ({
    ...input,
    name: writer.emit(op, inputs, node.name, attributes),
  });
  switch (node.kind) {
    case 'relu':
      return done('Relu');
    case 'relu6':
      return done('Clip', [], [x, writer.number(0), writer.number(6)]);
    case 'clip':
      return done(
        'Clip',
        [],
        [
          x,
          node.min === undefined ? '' : writer.number(node.min),
          node.max === undefined ? '' : writer.number(node.max),
        ],
      );
    case 'leaky-relu':
      return done('LeakyRelu', [real('alpha', node.alpha ?? 0.01)]);
    case 'elu':
      return done('Elu', [real('alpha', node.alpha ?? 1)]);
    case 'selu':
      return done('Selu');
    case 'sigmoid':
      return done('Sigmoid');
    case 'tanh':
      return done('Tanh');
    case 'softplus':
      return done('Softplus');
    case 'hard-sigmoid':
      return done('HardSigmoid', [real('alpha', node.alpha ?? 1 / 6), real('beta', node.beta ?? 0.5)]);
    case 'hard-swish':
      return done('HardSwish');
    case 'swish':
      return done('Mul', [], [x, writer.emit('Sigmoid', [x], `${node.name}/sigmoid`)]);
    case 'gelu': {
      // The shape of nodes that ONNX Runtime joins into its own Gelu.
      const scaled = writer.emit('Div', [x, writer.number(Math.SQRT2)], `${node.name}/scaled`);
      const erf = writer.emit('Erf', [scaled], `${node.name}/erf`);
      const shifted = writer.emit('Add', [erf, writer.number(1)], `${node.name}/shifted`);
      const gated = writer.emit('Mul', [x, shifted], `${node.name}/gated`);
      return done('Mul', [], [gated, writer.number(0.5)]);
    }
    default:
      // softmax, the only one left
      return done('Softmax', [onnxAttribute('axis', input.chw ? 1 : -1)]);
  }
}

function affine(writer: OnnxWriter, node: GraphNode & { op: 'affine' }, input: Tensor): Tensor {
  const use = input.chw ? 'map' : 'vector';
  const scale = writer.weight(node.scale, use, perChannel(input.chw));
  const offset = writer.weight(node.offset, use, perChannel(input.chw));
  const scaled = writer.emit('Mul', [input.name, scale], `${node.name}/scaled`);
  return { ...input, name: writer.emit('Add', [scaled, offset], node.name) };
}

function batchNorm(writer: OnnxWriter, node: BatchNorm, input: Tensor): Tensor {
  if (input.shape.length === 2) {
    // Rows of channels: ONNX's own normalization wants the channels right behind the batch.
    const line = lineOf(writer.graph, node);
    const scale = writer.float(`${node.name}/scale`, [line.scale.length], line.scale);
    const offset = writer.float(`${node.name}/offset`, [line.offset.length], line.offset);
    const scaled = writer.emit('Mul', [input.name, scale], `${node.name}/scaled`);
    return { ...input, name: writer.emit('Add', [scaled, offset], node.name) };
  }
  const vectors = [node.scale, node.offset, node.mean, node.variance].map((key) =>
    writer.weight(key, 'vector', asIs),
  );
  const name = writer.emit('BatchNormalization', [input.name, ...vectors], node.name, [
    real('epsilon', node.epsilon),
  ]);
  return { ...input, name };
}

function lrn(writer: OnnxWriter, node: LocalResponseNorm, input: Tensor): Tensor {
  const name = writer.emit('LRN', [input.name], node.name, [
    onnxAttribute('size', node.size),
    real('alpha', node.alpha),
    real('beta', node.beta),
    real('bias', node.bias),
  ]);
  return { ...input, name };
}

/** add and mul; a vector [c] next to a map becomes [n, c, 1, 1]. */
function elementwise(
  writer: OnnxWriter,
  node: GraphNode & { op: 'add' | 'mul' },
  inputs: readonly Tensor[],
): Tensor {
  const shape = writer.shape(node.name);
  const map = shape.length === 3;
  const names = inputs.map((tensor) =>
    map && tensor.shape.length === 1
      ? writer.reshape(tensor.name, [tensor.shape[0] ?? 1, 1, 1], `${tensor.name}/map`)
      : tensor.name,
  );
  const [first = '', ...rest] = names;
  const op = node.op === 'add' ? 'Add' : 'Mul';
  let name = first;
  for (const [i, other] of rest.entries())
    name = writer.emit(op, [name, other], i === rest.length - 1 ? node.name : `${node.name}/${i}`);
  return { name, shape, chw: map };
}

/** Every layer that is not about moving numbers. */
export function writeLayer(writer: OnnxWriter, node: GraphNode, inputs: readonly Tensor[]): Tensor {
  const [input] = inputs;
  if (input === undefined) throw new Error(`The model graph's node "${node.name}" has no input.`);
  if (node.op === 'dense') return dense(writer, node, input);
  switch (node.op) {
    case 'conv2d':
    case 'depthwise-conv2d':
      return conv(writer, node, input);
    case 'batch-norm':
      return batchNorm(writer, node, input);
    case 'affine':
      return affine(writer, node, input);
    case 'activation':
      return activation(writer, node, input);
    case 'max-pool':
    case 'average-pool':
      return pool(writer, node, input);
    case 'local-response-norm':
      return lrn(writer, node, input);
    case 'add':
    case 'mul':
      return elementwise(writer, node, inputs);
    default:
      throw new Error(`No ONNX form of "${node.op}" (node "${node.name}").`);
  }
}
