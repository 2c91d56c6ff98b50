/**
 * TensorFlow operations as model graph nodes: one function for each operation, looked up by its name. Definitions:
 * tensorflow.org/api_docs/python/tf/raw_ops.
 */
import { HolotypeError } from '../../../contract/errors.ts';
import type { Weight } from '../graph.ts';
import { add, divide, multiply, rsqrt, subtract } from './graphdef-arithmetic.ts';
import {
  activationOps,
  addActivation,
  broken,
  constant,
  constants,
  padsOf,
  refuse,
  requireNhwc,
  spatial,
  tensor,
  value,
  vector,
  type Convert,
  type OpCall,
  type Value,
} from './graphdef-call.ts';

/**
 * The tail of a _Fused operation: BiasAdd is already inside the node, what remains is an activation.
 *
 * @param main adds the operation itself with its bias and the name it is given
 */
function withFused(call: OpCall, main: (name: string, bias: { bias?: string }) => string): Value {
  const fused = call.node.texts('fused_ops');
  const hasBias = fused[0] === 'BiasAdd';
  const [activation, ...more] = hasBias ? fused.slice(1) : fused;
  if (more.length > 0) throw refuse(call, `fuses ${fused.join(', ')}`);
  const { name } = call.node;
  if (activation === undefined)
    return { tensor: main(name, hasBias ? { bias: vector(call, 2, 'bias') } : {}) };
  // The tensor that others know by the node's name is the activated one.
  const inner = main(`${name}/linear`, hasBias ? { bias: vector(call, 2, 'bias') } : {});
  return { tensor: addActivation(call, name, inner, activation) };
}

const conv2d: Convert = (call) => {
  requireNhwc(call);
  const input = tensor(call, 0);
  const kernel = constant(call, 1);
  const [kh = 0, kw = 0, perGroup = 0] = kernel.shape;
  const strides = spatial(call, 'strides');
  const dilations = spatial(call, 'dilations');
  const pads = padsOf(call, input, [kh, kw], strides, dilations);
  const groups = call.builder.channels(input) / perGroup;
  if (kernel.shape.length !== 4 || !Number.isInteger(groups))
    throw broken(
      call,
      `its kernel [${kernel.shape.join(', ')}] does not fit ${call.builder.channels(input)} channels`,
    );
  return withFused(call, (name, bias) =>
    call.builder.add(name, [input], {
      op: 'conv2d',
      kernel: call.builder.weight(`${call.node.name}/kernel`, kernel),
      ...bias,
      strides,
      dilations,
      pads,
      groups,
    }),
  );
};

const depthwiseConv2d: Convert = (call) => {
  requireNhwc(call);
  const input = tensor(call, 0);
  const kernel = constant(call, 1);
  const [kh = 0, kw = 0] = kernel.shape;
  const strides = spatial(call, 'strides');
  const dilations = spatial(call, 'dilations');
  const pads = padsOf(call, input, [kh, kw], strides, dilations);
  return withFused(call, (name, bias) =>
    call.builder.add(name, [input], {
      op: 'depthwise-conv2d',
      kernel: call.builder.weight(`${call.node.name}/kernel`, kernel),
      ...bias,
      strides,
      dilations,
      pads,
    }),
  );
};

const matMul: Convert = (call) => {
  if (call.node.flag('transpose_a')) throw refuse(call, 'transposes its input');
  const input = tensor(call, 0);
  const given = constant(call, 1);
  const kernel = call.node.flag('transpose_b') ? transposed(given) : given;
  return withFused(call, (name, bias) =>
    call.builder.add(name, [input], {
      op: 'dense',
      kernel: call.builder.weight(`${call.node.name}/kernel`, kernel),
      ...bias,
    }),
  );
};

function transposed({ shape, data }: Weight): Weight {
  const [rows = 0, columns = 0] = shape;
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column] ?? 0;
  return { shape: [columns, rows], data: turned };
}

/** Inputs: x, scale, offset, mean, variance. */
const fusedBatchNorm: Convert = (call) => {
  requireNhwc(call);
  if (call.node.flag('is_training')) throw refuse(call, 'is in training mode');
  const input = tensor(call, 0);
  return {
    tensor: call.builder.add(call.node.name, [input], {
      op: 'batch-norm',
      scale: vector(call, 1, 'scale'),
      offset: vector(call, 2, 'offset'),
      mean: vector(call, 3, 'mean'),
      variance: vector(call, 4, 'variance'),
      epsilon: call.node.number('epsilon') ?? 0.0001,
    }),
  };
};

const biasAdd: Convert = (call) => {
  requireNhwc(call);
  return add(call);
};

/** Mean or Max over height and width. */
const globalPool =
  (op: 'global-average-pool' | 'global-max-pool'): Convert =>
  (call) => {
    const input = tensor(call, 0);
    const axes = constants(call, 1).map((axis) => (axis < 0 ? axis + 4 : axis));
    if (call.builder.shape(input).length !== 3 || axes.length !== 2 || !axes.includes(1) || !axes.includes(2))
      throw refuse(
        call,
        `works over the axes ${axes.join(', ')}; only height and width together are supported`,
      );
    return {
      tensor: call.builder.add(call.node.name, [input], { op, keepDims: call.node.flag('keep_dims') }),
    };
  };

const pool =
  (op: 'max-pool' | 'average-pool'): Convert =>
  (call) => {
    requireNhwc(call);
    const input = tensor(call, 0);
    const window = spatial(call, 'ksize');
    const strides = spatial(call, 'strides');
    const pads = padsOf(call, input, window, strides, [1, 1]);
    return {
      tensor: call.builder.add(call.node.name, [input], { op, window, strides, pads, countPadding: false }),
    };
  };

const pad: Convert = (call) => {
  const input = tensor(call, 0);
  // Rows of [before, after] for batch, height, width, channels.
  const [b0, b1, top = 0, bottom = 0, left = 0, right = 0, c0, c1] = constants(call, 1);
  if ([b0, b1, c0, c1].some((size) => size !== 0))
    throw refuse(call, 'pads other axes than height and width');
  const fill = call.node.op === 'PadV2' ? (constants(call, 2)[0] ?? 0) : 0;
  return {
    tensor: call.builder.add(call.node.name, [input], {
      op: 'pad',
      pads: [top, left, bottom, right],
      value: fill,
    }),
  };
};

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

function reshapeTo(call: OpCall, input: string, shape: readonly number[]): Value {
  const before = call.builder.shape(input);
  if (shape.length === before.length && shape.every((size, i) => size === before[i]))
    return { tensor: input };
  return { tensor: call.builder.add(call.node.name, [input], { op: 'reshape', shape }) };
}

/** The first number is the batch's; one -1 among the others is worked out. */
const reshape: Convert = (call) => {
  const target = constants(call, 1);
  const input = value(call, 0);
  if ('constant' in input) return { constant: { shape: target, data: input.constant.data } };
  const total = product(call.builder.shape(input.tensor));
  const [batch, ...sizes] = target;
  if (batch !== -1 && batch !== 1)
    throw refuse(call, `reshapes to [${target.join(', ')}], which mixes photos`);
  const known = product(sizes.filter((size) => size !== -1));
  const shape = sizes.map((size) => (size === -1 ? total / known : size));
  if (product(shape) !== total)
    throw broken(
      call,
      `[${call.builder.shape(input.tensor).join(', ')}] can't become [${target.join(', ')}]`,
    );
  return reshapeTo(call, input.tensor, shape);
};

const squeeze: Convert = (call) => {
  const input = tensor(call, 0);
  const shape = call.builder.shape(input);
  const listed = call.node.numbers('squeeze_dims') ?? call.node.numbers('axis') ?? [];
  const axes = listed.map((axis) => (axis < 0 ? axis + shape.length + 1 : axis));
  const dropped = axes.length > 0 ? axes : shape.flatMap((size, i) => (size === 1 ? [i + 1] : []));
  if (dropped.some((axis) => shape[axis - 1] !== 1))
    throw broken(call, `it drops axes ${dropped.join(', ')} of [${shape.join(', ')}]`);
  return reshapeTo(
    call,
    input,
    shape.filter((_, i) => !dropped.includes(i + 1)),
  );
};

/** `ConcatV2` has the axis last, `Concat` first. */
const concat: Convert = (call) => {
  const last = call.inputs.length - 1;
  const axisAt = call.node.op === 'Concat' ? 0 : last;
  const [axis] = constants(call, axisAt);
  const inputs = call.inputs.flatMap((_, i) => (i === axisAt ? [] : [tensor(call, i)]));
  const [first] = inputs;
  if (first === undefined) throw broken(call, 'it joins nothing');
  if (axis !== -1 && axis !== call.builder.shape(first).length)
    throw refuse(call, `joins along axis ${axis}; only the channel axis is supported`);
  return { tensor: inputs.length === 1 ? first : call.builder.add(call.node.name, inputs, { op: 'concat' }) };
};

const identity: Convert = (call) => value(call, 0);

const activation: Convert = (call) => ({
  tensor: addActivation(call, call.node.name, tensor(call, 0), call.node.op),
});

const converters: Readonly<Record<string, Convert>> = {
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwiseConv2d,
  FusedDepthwiseConv2dNative: depthwiseConv2d,
  _FusedDepthwiseConv2dNative: depthwiseConv2d,
  MatMul: matMul,
  _FusedMatMul: matMul,
  BiasAdd: biasAdd,
  FusedBatchNorm: fusedBatchNorm,
  FusedBatchNormV2: fusedBatchNorm,
  FusedBatchNormV3: fusedBatchNorm,
  Add: add,
  AddV2: add,
  Sub: subtract,
  Mul: multiply,
  RealDiv: divide,
  Rsqrt: rsqrt,
  Mean: globalPool('global-average-pool'),
  Max: globalPool('global-max-pool'),
  AvgPool: pool('average-pool'),
  MaxPool: pool('max-pool'),
  Pad: pad,
  PadV2: pad,
  Squeeze: squeeze,
  Reshape: reshape,
  Concat: concat,
  ConcatV2: concat,
  Identity: identity,
  StopGradient: identity,
  ...Object.fromEntries([...activationOps.keys()].map((op) => [op, activation])),
};

/**
 * Converts one operation; constants and placeholders are the importer's own business.
 *
 * @throws HolotypeError('not-supported') naming the operation and the node
 */
export function convertGraphDefNode(call: OpCall): Value {
  const { name, op } = call.node;
  const convert = Object.hasOwn(converters, op) ? converters[op] : undefined;
  if (convert === undefined)
    throw new HolotypeError(
      'not-supported',
      `The model uses the operation "${op}" (node "${name}"), which Holotype cannot import.`,
      {
        remedy:
          'Graph models of the MobileNet family are supported; try an ONNX or TFLite export of this one.',
      },
    );
  return convert(call);
}
