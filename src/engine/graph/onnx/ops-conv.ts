/** ONNX operations with a window or a weight matrix: Conv, pooling, Gemm, MatMul, BatchNormalization. */
import type { Pads, Pair } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import { intsOf, numberOf, stringOf } from './attributes.ts';
import { nchw, nhwc, type GraphBuilder } from './builder.ts';
import { asFloat32, type Constant } from './constants.ts';
import { broken, unsupported } from './errors.ts';
import { offsets, product, type View } from './view.ts';

function pair(node: OnnxNode, name: string, fallback: Pair): Pair {
  const list = intsOf(node, name);
  if (list === undefined || list.length === 0) return fallback;
  const [h, w] = list;
  if (list.length !== 2 || h === undefined || w === undefined)
    throw unsupported(node, `${name} [${list.join(', ')}] is not two-dimensional`);
  if (!(h >= 1 && w >= 1 && h < 65536 && w < 65536)) throw broken(node, `${name} is [${h}, ${w}]`);
  return [h, w];
}

interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
}

/** Explicit padding, whatever way the file states it. */
function windowOf(node: OnnxNode, kernel: Pair, input: readonly number[]): Window {
  const strides = pair(node, 'strides', [1, 1]);
  const dilations = pair(node, 'dilations', [1, 1]);
  const auto = stringOf(node, 'auto_pad', 'NOTSET');
  if (auto === 'VALID') return { kernel, strides, dilations, pads: [0, 0, 0, 0] };
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const split = (axis: 0 | 1): [number, number] => {
      const size = input[axis] ?? 1;
      const reach = (kernel[axis] - 1) * dilations[axis] + 1;
      const total = Math.max(0, (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size);
      const less = Math.floor(total / 2);
      return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    };
    const [top, bottom] = split(0);
    const [left, right] = split(1);
    return { kernel, strides, dilations, pads: [top, left, bottom, right] };
  }
  const [top = 0, left = 0, bottom = 0, right = 0] = intsOf(node, 'pads') ?? [];
  const pads: Pads = [top, left, bottom, right];
  if (pads.some((p) => p < 0)) throw unsupported(node, `negative padding [${pads.join(', ')}]`);
  return { kernel, strides, dilations, pads };
}

export function slidingOutput(
  size: number,
  before: number,
  after: number,
  reach: number,
  stride: number,
): number {
  return Math.floor((size + before + after - reach) / stride) + 1;
}

function spatialOutput(input: readonly number[], window: Window): [number, number] {
  const { kernel, strides, dilations, pads } = window;
  const out = (axis: 0 | 1) =>
    slidingOutput(
      input[axis] ?? 1,
      pads[axis],
      pads[axis + 2] ?? 0,
      (kernel[axis] - 1) * dilations[axis] + 1,
      strides[axis],
    );
  return [out(0), out(1)];
}

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

/**
 * ceil_mode as padding after the last row and column, so that rounding down gives the same number of
 * windows. As ONNX and PyTorch have it, a window that would start in that padding is left out.
 */
function ceilPads(input: readonly number[], window: Window): Pads {
  const { kernel, strides, pads } = window;
  const after = (axis: 0 | 1): number => {
    const size = input[axis] ?? 1;
    const before = pads[axis];
    const declared = pads[axis + 2] ?? 0;
    let out = Math.ceil((size + before + declared - kernel[axis]) / strides[axis]) + 1;
    if ((out - 1) * strides[axis] >= size + before) out--;
    return Math.max(declared, (out - 1) * strides[axis] + kernel[axis] - size - before);
  };
  return [pads[0], pads[1], after(0), after(1)];
}

export function pool(builder: GraphBuilder, node: OnnxNode): View {
  const max = node.opType === 'MaxPool';
  if (node.outputs.length > 1 && node.outputs[1] !== '') throw unsupported(node, 'it also returns indices');
  const x = builder.arrange(node, builder.view(node, 0), nchw);
  const kernel = pair(node, 'kernel_shape', [0, 0]);
  if (kernel[0] === 0) throw broken(node, 'it states no kernel_shape');
  const declared = windowOf(node, kernel, x.shape);
  if (declared.dilations.some((d) => d !== 1)) throw unsupported(node, 'a dilated window');
  const name = builder.nameOf(node);
  const [h = 1, w = 1, c = 1] = x.shape;
  const unpadded = declared.pads.every((p) => p === 0);
  if (!max && unpadded && kernel[0] === h && kernel[1] === w) {
    const made = builder.add(name, { op: 'global-average-pool', inputs: [x.node], keepDims: true });
    return builder.fresh(made, [1, 1, c], nchw);
  }
  const countPadding = !max && numberOf(node, 'count_include_pad', 0) !== 0;
  let window = declared;
  let from = x.node;
  let shape: readonly number[] = x.shape;
  if (numberOf(node, 'ceil_mode', 0) !== 0) {
    const pads = ceilPads(shape, window);
    const overhangs = pads.some((p, i) => p !== declared.pads[i]);
    if (countPadding && overhangs && !unpadded) {
      // Declared padding counts in the mean, the overhang of the last window does not.
      from = builder.add(`${name}/pad`, { op: 'pad', inputs: [from], pads: declared.pads, value: 0 });
      const [t, l, b, r] = declared.pads;
      shape = [h + t + b, w + l + r, c];
      const rest: Pads = [0, 0, pads[2] - b, pads[3] - r];
      window = { ...window, pads: rest };
      return finishPool(builder, name, from, shape, window, max, false);
    }
    window = { ...window, pads };
    if (overhangs) return finishPool(builder, name, from, shape, window, max, false);
  }
  return finishPool(builder, name, from, shape, window, max, countPadding);
}

function finishPool(
  builder: GraphBuilder,
  name: string,
  from: string,
  shape: readonly number[],
  window: Window,
  max: boolean,
  countPadding: boolean,
): View {
  const made = builder.add(name, {
    op: max ? 'max-pool' : 'average-pool',
    inputs: [from],
    window: window.kernel,
    strides: window.strides,
    pads: window.pads,
    countPadding,
  });
  return builder.fresh(made, [...spatialOutput(shape, window), shape[2] ?? 1], nchw);
}

export function globalPool(builder: GraphBuilder, node: OnnxNode): View {
  const x = builder.arrange(node, builder.view(node, 0), nchw);
  const made = builder.add(builder.nameOf(node), {
    op: node.opType === 'GlobalMaxPool' ? 'global-max-pool' : 'global-average-pool',
    inputs: [x.node],
    keepDims: true,
  });
  return builder.fresh(made, [1, 1, x.shape[2] ?? 1], nchw);
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
