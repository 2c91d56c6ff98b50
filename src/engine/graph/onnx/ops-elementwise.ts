/** ONNX activations and arithmetic, with constants (a per-channel affine) and between tensors. */
import type { ActivationKind } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import { numberOf, stringOf } from './attributes.ts';
import type { GraphBuilder } from './builder.ts';
import { axisIndex, type Constant } from './constants.ts';
import { broken, unsupported } from './errors.ts';
import { axisSize, canonical, isBatch, logicalShape, product, type View } from './view.ts';

interface ActivationSettings {
  readonly alpha?: number;
  readonly beta?: number;
  readonly min?: number;
  readonly max?: number;
}

function activate(
  builder: GraphBuilder,
  wanted: string,
  view: View,
  kind: ActivationKind,
  settings: ActivationSettings = {},
): View {
  const node = builder.add(wanted, { op: 'activation', inputs: [view.node], kind, ...settings });
  return { ...view, node };
}

/** Activations without anything to look up. */
const plain: Readonly<Record<string, ActivationKind>> = {
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Softplus: 'softplus',
  HardSwish: 'hard-swish',
};

export function activation(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const name = builder.nameOf(node);
  const kind = plain[node.opType];
  if (kind !== undefined) return activate(builder, name, view, kind);
  switch (node.opType) {
    case 'LeakyRelu':
      return activate(builder, name, view, 'leaky-relu', { alpha: numberOf(node, 'alpha', 0.01) });
    case 'Elu':
      return activate(builder, name, view, 'elu', { alpha: numberOf(node, 'alpha', 1) });
    case 'HardSigmoid':
      return activate(builder, name, view, 'hard-sigmoid', {
        alpha: numberOf(node, 'alpha', 0.2),
        beta: numberOf(node, 'beta', 0.5),
      });
    case 'Selu': {
      const usual =
        Math.abs(numberOf(node, 'alpha', 1.67326) - 1.67326) < 1e-4 &&
        Math.abs(numberOf(node, 'gamma', 1.0507) - 1.0507) < 1e-4;
      if (!usual) throw unsupported(node, 'an alpha or gamma of its own');
      return activate(builder, name, view, 'selu');
    }
    case 'Gelu':
      if (stringOf(node, 'approximate', 'none') !== 'none') throw unsupported(node, 'the tanh approximation');
      return activate(builder, name, view, 'gelu');
    case 'Mish': {
      const soft = activate(builder, `${name}/softplus`, view, 'softplus');
      const gate = activate(builder, `${name}/tanh`, soft, 'tanh');
      return { ...view, node: builder.add(name, { op: 'mul', inputs: [view.node, gate.node] }) };
    }
    default:
      throw unsupported(node);
  }
}

export function clip(builder: GraphBuilder, node: OnnxNode): View {
  const bound = (index: number, name: string, fallback: number): number =>
    builder.optionalConstant(node, index)?.data[0] ?? numberOf(node, name, fallback);
  const view = builder.view(node, 0);
  const limit = 3.4e38;
  const min = bound(1, 'min', -Infinity);
  const max = bound(2, 'max', Infinity);
  const name = builder.nameOf(node);
  if (min === 0 && max === 6) return activate(builder, name, view, 'relu6');
  if (min === 0 && max > limit) return activate(builder, name, view, 'relu');
  return activate(builder, name, view, 'clip', {
    ...(min < -limit ? {} : { min }),
    ...(max > limit ? {} : { max }),
  });
}

/** relu(x) - slope * relu(-x): a slope per channel has no node of its own. */
export function pRelu(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const slope = builder.constant(node, 1);
  const name = builder.nameOf(node);
  const first = slope.data[0] ?? 0;
  if (Array.from(slope.data).every((v) => v === first))
    return activate(builder, name, view, 'leaky-relu', { alpha: first });
  // [c, 1, 1] may be written without its single elements.
  const dims = slope.dims.length === 1 && view.axes.length === 4 ? [slope.dims[0] ?? 1, 1, 1] : slope.dims;
  const negative = affine(builder, node, view, undefined, -1, `${name}/negative`);
  const below = activate(builder, `${name}/below`, negative, 'relu');
  const scaled = affine(
    builder,
    node,
    below,
    { ...slope, dims, data: Float32Array.from(slope.data, (v) => -v) },
    undefined,
    `${name}/slope`,
  );
  const above = activate(builder, `${name}/above`, view, 'relu');
  return { ...scaled, node: builder.add(name, { op: 'add', inputs: [above.node, scaled.node] }) };
}

/** One number per channel of the graph tensor from a constant broadcast over the value's ONNX axes. */
function perChannel(view: View, constant: Constant): Float32Array | undefined {
  const channels = view.shape.at(-1) ?? 1;
  const result = new Float32Array(channels);
  const lead = view.axes.length - constant.dims.length;
  if (lead < 0) return undefined;
  const strides = constant.dims.map((_, i) => product(constant.dims.slice(i + 1)));
  for (const [i, size] of constant.dims.entries()) {
    const axis = view.axes[i + lead] ?? [];
    if (size === 1) continue;
    if (size !== axisSize(axis) || !axis.every((atom) => atom.stride < channels)) return undefined;
  }
  for (let channel = 0; channel < channels; channel++) {
    let at = 0;
    for (const [i, size] of constant.dims.entries()) {
      if (size === 1) continue;
      let position = 0;
      for (const atom of view.axes[i + lead] ?? [])
        position = position * atom.size + (Math.floor(channel / atom.stride) % atom.size);
      at += position * (strides[i] ?? 0);
    }
    result[channel] = constant.data[at] ?? 0;
  }
  return result;
}

/** x * scale + offset with constants that broadcast; a plain number stands for itself. */
function affine(
  builder: GraphBuilder,
  node: OnnxNode,
  x: View,
  constant: Constant | undefined,
  factor: number | undefined,
  wanted: string,
  how: 'scale' | 'offset' = 'scale',
): View {
  let view = x;
  const scalar: Constant = { dims: [], data: [factor ?? 1], float: true };
  let vector = perChannel(view, constant ?? scalar);
  if (vector === undefined && view.shape.length > 1 && view.axes.length === 2) {
    // A constant per element of a flattened map: the same tensor seen as one long vector.
    const shape = [product(view.shape)];
    view = {
      ...view,
      shape,
      node: builder.add(`${wanted}/flatten`, { op: 'reshape', inputs: [view.node], shape }),
    };
    vector = perChannel(view, constant ?? scalar);
  }
  if (vector === undefined)
    throw unsupported(
      node,
      `a constant [${(constant ?? scalar).dims.join(', ')}] that does not go by channel of [${logicalShape(x).join(', ')}]`,
    );
  const neutral = how === 'scale' ? 1 : 0;
  if (vector.every((v) => v === neutral)) return view;
  const channels = vector.length;
  const other = new Float32Array(channels).fill(how === 'scale' ? 0 : 1);
  const made = builder.add(wanted, {
    op: 'affine',
    inputs: [view.node],
    scale: builder.weight(`${wanted}/scale`, [channels], how === 'scale' ? vector : other),
    offset: builder.weight(`${wanted}/offset`, [channels], how === 'scale' ? other : vector),
  });
  return { ...view, node: made };
}

const mapped = (constant: Constant, apply: (v: number) => number): Constant => ({
  ...constant,
  float: true,
  data: Float32Array.from(constant.data, apply),
});

/** Add, Sub, Mul and Div of two inputs, at least one computed from the photo. */
export function arithmetic(builder: GraphBuilder, node: OnnxNode): View {
  const a = builder.optional(node, 0);
  const b = builder.optional(node, 1);
  if (a === undefined || b === undefined) throw broken(node, 'an input is missing');
  const name = builder.nameOf(node);
  const op = node.opType;
  if (a.kind === 'view' && b.kind === 'view') return betweenViews(builder, node, a.view, b.view);
  if (a.kind === 'constant' && b.kind === 'view') {
    if (op === 'Add') return affine(builder, node, b.view, a.constant, undefined, name, 'offset');
    if (op === 'Mul') return affine(builder, node, b.view, a.constant, undefined, name);
    if (op === 'Sub') {
      const negative = affine(builder, node, b.view, undefined, -1, `${name}/negative`);
      return affine(builder, node, negative, a.constant, undefined, name, 'offset');
    }
    throw unsupported(node, 'a constant divided by a tensor');
  }
  if (a.kind === 'view' && b.kind === 'constant') {
    const { constant } = b;
    if (op === 'Add') return affine(builder, node, a.view, constant, undefined, name, 'offset');
    if (op === 'Sub')
      return affine(
        builder,
        node,
        a.view,
        mapped(constant, (v) => -v),
        undefined,
        name,
        'offset',
      );
    if (op === 'Mul') return affine(builder, node, a.view, constant, undefined, name);
    return affine(
      builder,
      node,
      a.view,
      mapped(constant, (v) => 1 / v),
      undefined,
      name,
    );
  }
  throw broken(node, 'it has no input from the photo');
}

function betweenViews(builder: GraphBuilder, node: OnnxNode, a: View, b: View): View {
  const name = builder.nameOf(node);
  if (node.opType === 'Div') throw unsupported(node, 'a division by a tensor');
  const right = node.opType === 'Sub' ? affine(builder, node, b, undefined, -1, `${name}/negative`) : b;
  return combine(builder, node, [a, right], node.opType === 'Mul' ? 'mul' : 'add');
}

/** The ONNX Sum of any number of tensors. */
export function sum(builder: GraphBuilder, node: OnnxNode): View {
  const views = node.inputs.map((_, i) => builder.view(node, i));
  const [only] = views;
  return views.length === 1 && only !== undefined ? only : combine(builder, node, views, 'add');
}

const sameLayout = (a: View, b: View): boolean =>
  a.shape.length === b.shape.length &&
  a.shape.every((d, i) => d === b.shape[i]) &&
  JSON.stringify(a.axes.map(canonical)) === JSON.stringify(b.axes.map(canonical));

function combine(builder: GraphBuilder, node: OnnxNode, views: readonly View[], op: 'add' | 'mul'): View {
  const name = builder.nameOf(node);
  const [first] = views;
  if (first === undefined) throw broken(node, 'it has no inputs');
  if (views.every((v) => sameLayout(v, first)))
    return { ...first, node: builder.add(name, { op, inputs: views.map((v) => v.node) }) };
  const { views: arranged, order } = builder.arrangeAll(node, views);
  const shape = (arranged[0]?.shape ?? []).map((_, i) => Math.max(...arranged.map((v) => v.shape[i] ?? 1)));
  const fits = arranged.every((v) => {
    const whole = v.shape.every((d, i) => d === shape[i]);
    return whole || (v.shape.slice(0, -1).every((d) => d === 1) && v.shape.at(-1) === shape.at(-1));
  });
  if (!fits)
    throw unsupported(
      node,
      `shapes ${views.map((v) => `[${logicalShape(v).join(', ')}]`).join(' and ')} together`,
    );
  return builder.fresh(builder.add(name, { op, inputs: arranged.map((v) => v.node) }), shape, order);
}

export function softmax(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const rank = view.axes.length;
  const axis = axisIndex(numberOf(node, 'axis', builder.opset < 13 ? 1 : -1), rank);
  // Before operator set 13 everything from the axis on was one long row.
  const row = canonical(builder.opset < 13 ? view.axes.slice(axis).flat() : (view.axes[axis] ?? []));
  const channels = view.shape.at(-1) ?? 1;
  const whole = row.length === 1 && row[0]?.stride === 1 && row[0].size === channels;
  if (!whole || row.some(isBatch)) throw unsupported(node, 'a softmax that is not over the channels');
  return activate(builder, builder.nameOf(node), view, 'softmax');
}

export function localResponseNorm(builder: GraphBuilder, node: OnnxNode): View {
  const x = builder.arrange(node, builder.view(node, 0), [2, 3, 1]);
  const size = numberOf(node, 'size', 0);
  if (!(size >= 1)) throw broken(node, `its size is ${size}`);
  const made = builder.add(builder.nameOf(node), {
    op: 'local-response-norm',
    inputs: [x.node],
    size,
    alpha: numberOf(node, 'alpha', 1e-4),
    beta: numberOf(node, 'beta', 0.75),
    bias: numberOf(node, 'bias', 1),
  });
  return { ...x, node: made };
}
