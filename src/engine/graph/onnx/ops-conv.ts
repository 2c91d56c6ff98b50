/** ONNX operations with weights: Conv, Gemm, MatMul, BatchNormalization. */
import type { OnnxNode } from '../onnx-proto.ts';
import { numberOf } from './attributes.ts';
import { nchw, nhwc, type GraphBuilder } from './builder.ts';
import { asFloat32, type Constant } from './constants.ts';
import { broken, unsupported } from './errors.ts';
import { offsets, product, type View } from './view.ts';
import { spatialOutput, windowOf } from './window.ts';

/** ONNX [cout, cin / groups, kh, kw] as [kh, kw, cin / groups, cout]; for depthwise as [kh, kw, c, multiplier]. */
function kernelToNhwc(data: Float32Array, dims: readonly number[], depthwise: boolean): Float32Array {
  const [cout = 1, cin = 1, kh = 1, kw = 1] = dims;
  const area = kh * kw;
  const result = new Float32Array(data.length);
  // A depthwise kernel has cin 1 and cout = c * multiplier, so both orders are [kh, kw, cin, cout].
  const channels = depthwise ? 1 : cin;
  for (let o = 0; o < cout; o++)
    for (let i = 0; i < channels; i++) {
      const from = (o * channels + i) * area;
      for (let p = 0; p < area; p++) result[(p * channels + i) * cout + o] = data[from + p] ?? 0;
    }
  return result;
}

function biasOf(builder: GraphBuilder, node: OnnxNode, name: string, channels: number): { bias?: string } {
  const constant = builder.optionalConstant(node, 2);
  if (constant === undefined) return {};
  if (constant.data.length !== channels)
    throw broken(node, `its bias has ${constant.data.length} numbers for ${channels} channels`);
  return { bias: builder.weight(`${name}/bias`, [channels], asFloat32(constant)) };
}

export function conv(builder: GraphBuilder, node: OnnxNode): View {
  const kernel = builder.constant(node, 1);
  const dims = kernel.dims;
  if (dims.length !== 4) throw unsupported(node, `a kernel with ${dims.length} axes`);
  const x = builder.arrange(node, builder.view(node, 0), nchw);
  const [cout = 0, cinPerGroup = 0, kh = 0, kw = 0] = dims;
  const [, , cin = 0] = x.shape;
  const groups = numberOf(node, 'group', 1);
  if (!(groups >= 1) || cinPerGroup * groups !== cin || cout % groups !== 0)
    throw broken(node, `its kernel [${dims.join(', ')}] with ${groups} groups does not fit ${cin} channels`);
  if (product(dims) === 0) throw broken(node, 'its kernel is empty');
  const window = windowOf(node, [kh, kw], x.shape);
  const depthwise = groups === cin && groups > 1;
  const name = builder.nameOf(node);
  const data = kernelToNhwc(asFloat32(kernel), dims, depthwise);
  const shape = depthwise ? [kh, kw, cin, cout / cin] : [kh, kw, cinPerGroup, cout];
  const common = {
    inputs: [x.node],
    kernel: builder.weight(`${name}/kernel`, shape, data),
    ...biasOf(builder, node, name, cout),
    strides: window.strides,
    dilations: window.dilations,
    pads: window.pads,
  };
  const made = depthwise
    ? builder.add(name, { op: 'depthwise-conv2d', ...common })
    : builder.add(name, { op: 'conv2d', ...common, groups });
  return builder.fresh(made, [...spatialOutput(x.shape, window), cout], nchw);
}

export function batchNorm(builder: GraphBuilder, node: OnnxNode): View {
  if (numberOf(node, 'training_mode', 0) !== 0) throw unsupported(node, 'it is in training mode');
  if (numberOf(node, 'spatial', 1) === 0) throw unsupported(node, 'one mean per pixel (spatial = 0)');
  const x = builder.view(node, 0);
  const rank = x.axes.length;
  const arranged = builder.arrange(node, x, rank === 2 ? [1] : rank === 3 ? [2, 1] : nchw);
  const channels = arranged.shape.at(-1) ?? 0;
  const name = builder.nameOf(node);
  const weight = (index: number, key: string): string => {
    const constant = builder.constant(node, index);
    if (constant.data.length !== channels)
      throw broken(node, `its ${key} has ${constant.data.length} numbers for ${channels} channels`);
    return builder.weight(`${name}/${key}`, [channels], asFloat32(constant));
  };
  const made = builder.add(name, {
    op: 'batch-norm',
    inputs: [arranged.node],
    scale: weight(1, 'scale'),
    offset: weight(2, 'offset'),
    mean: weight(3, 'mean'),
    variance: weight(4, 'variance'),
    epsilon: numberOf(node, 'epsilon', 1e-5),
  });
  return { ...arranged, node: made };
}

/** Rows and columns of a weight matrix as [in, out]; `rows` says where ONNX row i lies in the graph's vector. */
function matrix(
  constant: Constant,
  options: { transposed: boolean; factor: number; rows: Int32Array },
): { data: Float32Array; inputs: number; outputs: number } {
  const [first = 0, second = 0] = constant.dims;
  const [inputs, outputs] = options.transposed ? [second, first] : [first, second];
  const source = asFloat32(constant);
  const { factor, rows, transposed } = options;
  const ordered = rows.every((row, i) => row === i);
  if (!transposed && ordered && factor === 1) return { data: source, inputs, outputs };
  const data = new Float32Array(source.length);
  for (let i = 0; i < inputs; i++) {
    const to = (rows[i] ?? i) * outputs;
    for (let o = 0; o < outputs; o++)
      data[to + o] = factor * (source[transposed ? o * inputs + i : i * outputs + o] ?? 0);
  }
  return { data, inputs, outputs };
}

/** The input as a graph vector [n], and where each of its ONNX elements lies in it. */
function vector(builder: GraphBuilder, node: OnnxNode, view: View): { node: string; rows: Int32Array } {
  if (view.axes.length !== 2) throw unsupported(node, `its input has ${view.axes.length} axes`);
  const size = product(view.shape);
  const rows = offsets(view.axes[1] ?? []);
  if (rows.length !== size) throw unsupported(node, 'its input mixes photos of a batch');
  if (view.shape.length === 1) return { node: view.node, rows };
  const name = `${builder.nameOf(node)}/flatten`;
  return { node: builder.add(name, { op: 'reshape', inputs: [view.node], shape: [size] }), rows };
}

function dense(
  builder: GraphBuilder,
  node: OnnxNode,
  options: {
    transposed: boolean;
    factor: number;
    bias: (outputs: number, name: string) => { bias?: string };
  },
): View {
  const weights = builder.constant(node, 1);
  if (weights.dims.length !== 2) throw unsupported(node, `a weight matrix with ${weights.dims.length} axes`);
  const x = vector(builder, node, builder.view(node, 0));
  const { data, inputs, outputs } = matrix(weights, { ...options, rows: x.rows });
  if (inputs !== x.rows.length)
    throw broken(node, `its weights take ${inputs} numbers but get ${x.rows.length}`);
  const name = builder.nameOf(node);
  const made = builder.add(name, {
    op: 'dense',
    inputs: [x.node],
    kernel: builder.weight(`${name}/kernel`, [inputs, outputs], data),
    ...options.bias(outputs, name),
  });
  return builder.fresh(made, [outputs], [1]);
}

export function gemm(builder: GraphBuilder, node: OnnxNode): View {
  if (numberOf(node, 'transA', 0) !== 0) throw unsupported(node, 'a transposed input');
  const beta = numberOf(node, 'beta', 1);
  return dense(builder, node, {
    transposed: numberOf(node, 'transB', 0) !== 0,
    factor: numberOf(node, 'alpha', 1),
    bias: (outputs, name) => {
      const constant = builder.optionalConstant(node, 2);
      if (constant === undefined) return {};
      const { length } = constant.data;
      if (length !== 1 && (length !== outputs || constant.dims.at(-1) !== outputs))
        throw broken(node, `its bias [${constant.dims.join(', ')}] does not fit ${outputs} outputs`);
      const source = asFloat32(constant);
      const data =
        length === outputs && beta === 1
          ? source
          : Float32Array.from({ length: outputs }, (_, i) => beta * (source[length === 1 ? 0 : i] ?? 0));
      return { bias: builder.weight(`${name}/bias`, [outputs], data) };
    },
  });
}

export function matMul(builder: GraphBuilder, node: OnnxNode): View {
  const x = builder.view(node, 0);
  if (x.axes.length !== 4) return dense(builder, node, { transposed: false, factor: 1, bias: () => ({}) });
  // [n, h, w, c] times a matrix is a 1x1 convolution.
  const weights = builder.constant(node, 1);
  const arranged = builder.arrange(node, x, nhwc);
  const [cin = 0, cout = 0] = weights.dims;
  const [h = 1, w = 1, c = 0] = arranged.shape;
  if (weights.dims.length !== 2 || cin !== c)
    throw broken(node, `its weights [${weights.dims.join(', ')}] do not fit ${c} channels`);
  const name = builder.nameOf(node);
  const made = builder.add(name, {
    op: 'conv2d',
    inputs: [arranged.node],
    kernel: builder.weight(`${name}/kernel`, [1, 1, cin, cout], asFloat32(weights)),
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    groups: 1,
  });
  return builder.fresh(made, [h, w, cout], nhwc);
}
