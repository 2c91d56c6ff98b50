/** One handler for each TensorFlow Lite operator that image networks use. */
import type { ActivationKind } from './graph.ts';
import type { TfliteOperator } from './tflite-schema.ts';
import type { TfliteBuilder } from './tflite-builder.ts';
import { conv2d, depthwiseConv2d, fullyConnected } from './tflite-layers.ts';
import { elementCount } from './tflite-values.ts';
import { image, windowOf } from './tflite-window.ts';

type Handler = (b: TfliteBuilder, op: TfliteOperator) => void;

export const handlers: Readonly<Record<string, Handler>> = {
  CONV_2D: conv2d,
  DEPTHWISE_CONV_2D: depthwiseConv2d,
  FULLY_CONNECTED: fullyConnected,
  AVERAGE_POOL_2D: (b, op) => pool(b, op, 'average-pool'),
  MAX_POOL_2D: (b, op) => pool(b, op, 'max-pool'),
  MEAN: (b, op) => reduce(b, op, 'global-average-pool'),
  REDUCE_MAX: (b, op) => reduce(b, op, 'global-max-pool'),
  ADD: (b, op) => arithmetic(b, op, 'add'),
  SUB: (b, op) => arithmetic(b, op, 'sub'),
  MUL: (b, op) => arithmetic(b, op, 'mul'),
  DIV: (b, op) => arithmetic(b, op, 'div'),
  CONCATENATION: concatenation,
  PAD: (b, op) => pad(b, op, 0),
  PADV2: (b, op) => pad(b, op, b.requireConstant(op, 2, 'padding value').data[0] ?? 0),
  RESHAPE: reshape,
  SQUEEZE: reshape,
  EXPAND_DIMS: reshape,
  QUANTIZE: (b, op) => b.alias(op, b.value(op)),
  DEQUANTIZE: (b, op) => b.alias(op, b.value(op)),
  RELU: (b, op) => activation(b, op, 'relu'),
  RELU6: (b, op) => activation(b, op, 'relu6'),
  RELU_N1_TO_1: (b, op) => activation(b, op, 'clip', { min: -1, max: 1 }),
  RELU_0_TO_1: (b, op) => activation(b, op, 'clip', { min: 0, max: 1 }),
  LEAKY_RELU: (b, op) => activation(b, op, 'leaky-relu', { alpha: op.options.float32(0) }),
  ELU: (b, op) => activation(b, op, 'elu', { alpha: 1 }),
  TANH: (b, op) => activation(b, op, 'tanh'),
  LOGISTIC: (b, op) => activation(b, op, 'sigmoid'),
  HARD_SWISH: (b, op) => activation(b, op, 'hard-swish'),
  GELU: gelu,
  SOFTMAX: softmax,
  LOCAL_RESPONSE_NORMALIZATION: localResponseNorm,
};

function pool(b: TfliteBuilder, op: TfliteOperator, kind: 'average-pool' | 'max-pool'): void {
  const input = b.value(op);
  const [height, width, channels] = image(b, op, input);
  const window = [op.options.int32(4), op.options.int32(3)] as const;
  const { strides, pads, size } = windowOf(b, op, [height, width, channels], window);
  const fused = op.options.int8(5);
  const activation = fused === 0 ? undefined : b.activation(op, fused);
  const whole = window[0] === height && window[1] === width && size[0] === 1 && size[1] === 1;
  const global = kind === 'average-pool' ? 'global-average-pool' : 'global-max-pool';
  b.emit(
    op,
    // A window over everything is said as such: then the network isn't tied to one photo size.
    whole && pads.every((side) => side === 0)
      ? { op: global, inputs: [input.name], keepDims: true }
      : // TensorFlow Lite leaves padded positions out of the mean.
        { op: kind, inputs: [input.name], window, strides, pads, countPadding: false },
    [...size, channels],
    activation,
  );
}

function reduce(b: TfliteBuilder, op: TfliteOperator, kind: 'global-average-pool' | 'global-max-pool'): void {
  const input = b.value(op);
  const [, , channels] = image(b, op, input);
  const axes = b.integers(op, 1, 'axes').map((axis) => (axis < 0 ? axis + 4 : axis));
  if (axes.length !== 2 || !axes.includes(1) || !axes.includes(2))
    throw b.refuse(op, `reduces the axes ${axes.join(', ')}, not height and width`);
  const keepDims = op.options.int8(0) !== 0;
  b.emit(op, { op: kind, inputs: [input.name], keepDims }, keepDims ? [1, 1, channels] : [channels]);
}

const fusedIn = (op: TfliteOperator): number => op.options.int8(0);

/** Two computed tensors, or one and a constant per channel (or for all). */
function arithmetic(b: TfliteBuilder, op: TfliteOperator, kind: 'add' | 'sub' | 'mul' | 'div'): void {
  const [left, right] = [b.constant(op, 0), b.constant(op, 1)];
  const activation = b.activation(op, fusedIn(op));
  if (left === undefined && right === undefined) {
    if (kind === 'sub' || kind === 'div') throw b.refuse(op, 'has two computed operands');
    const [x, y] = [b.value(op, 0), b.value(op, 1)];
    const [large, small] = elementCount(x.shape) >= elementCount(y.shape) ? [x, y] : [y, x];
    if (!broadcasts(small.shape, large.shape))
      throw b.refuse(op, `combines the shapes [${x.shape.join(', ')}] and [${y.shape.join(', ')}]`);
    b.emit(op, { op: kind, inputs: [x.name, y.name] }, large.shape, activation);
    return;
  }
  const constant = right ?? left ?? { shape: [], data: new Float32Array() };
  const input = b.value(op, right === undefined ? 1 : 0);
  const channels = input.shape.at(-1) ?? 1;
  const { length } = constant.data;
  // [c], [1, 1, 1, c] or one number; anything else isn't one value a channel.
  if (length !== 1 && (length !== channels || constant.shape.at(-1) !== channels))
    throw b.refuse(op, `has a constant of shape [${constant.shape.join(', ')}] for ${channels} channels`);
  const perChannel = (f: (value: number) => number): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) => f(constant.data[length === 1 ? 0 : c] ?? 0));
  let scale = perChannel(() => 1);
  let offset = perChannel(() => 0);
  if (kind === 'add') offset = perChannel((value) => value);
  else if (kind === 'mul') scale = perChannel((value) => value);
  else if (kind === 'div' && right !== undefined) scale = perChannel((value) => 1 / value);
  else if (kind === 'sub') {
    offset = perChannel((value) => (right === undefined ? value : -value));
    if (right === undefined) scale = perChannel(() => -1);
  } else throw b.refuse(op, 'divides a constant by a computed tensor');
  b.emit(
    op,
    {
      op: 'affine',
      inputs: [input.name],
      scale: b.weight(op, 'scale', { shape: [channels], data: scale }),
      offset: b.weight(op, 'offset', { shape: [channels], data: offset }),
    },
    input.shape,
    activation,
  );
}

/** Same shape, or one value a channel. */
function broadcasts(small: readonly number[], large: readonly number[]): boolean {
  const same = small.length === large.length && small.every((size, axis) => size === large[axis]);
  return same || (elementCount(small) === small.at(-1) && small.at(-1) === large.at(-1));
}

function concatenation(b: TfliteBuilder, op: TfliteOperator): void {
  const values = op.inputs.map((_, i) => b.value(op, i));
  const [first] = values;
  if (first === undefined) throw b.broken(op, 'joins nothing');
  const rank = first.shape.length + 1;
  const axis = op.options.int32(0);
  if (axis !== rank - 1 && axis !== -1)
    throw b.refuse(op, `joins along axis ${axis}, not along the channels`);
  const front = first.shape.slice(0, -1);
  for (const { shape } of values)
    if (shape.length !== first.shape.length || front.some((size, i) => size !== shape[i]))
      throw b.broken(op, `joins the shapes [${first.shape.join(', ')}] and [${shape.join(', ')}]`);
  const channels = values.reduce((sum, { shape }) => sum + (shape.at(-1) ?? 0), 0);
  const fused = op.options.int8(1);
  b.emit(
    op,
    { op: 'concat', inputs: values.map(({ name }) => name) },
    [...front, channels],
    fused === 0 ? undefined : b.activation(op, fused),
  );
}

function pad(b: TfliteBuilder, op: TfliteOperator, value: number): void {
  const input = b.value(op);
  const [height, width, channels] = image(b, op, input);
  const amounts = b.integers(op, 1, 'padding');
  const [n0, n1, top = 0, bottom = 0, left = 0, right = 0, c0, c1] = amounts;
  if (amounts.length !== 8 || [n0, n1, c0, c1].some((amount) => amount !== 0))
    throw b.refuse(op, 'pads more than height and width');
  if ([top, bottom, left, right].some((amount) => amount < 0)) throw b.broken(op, 'has negative padding');
  b.emit(op, { op: 'pad', inputs: [input.name], pads: [top, left, bottom, right], value }, [
    height + top + bottom,
    width + left + right,
    channels,
  ]);
}

/** The new shape is what the file says of the output; a batch axis of 1 goes, whether it is there or not. */
function reshape(b: TfliteBuilder, op: TfliteOperator): void {
  const input = b.value(op);
  const declared = b.output(op).shape;
  const count = elementCount(input.shape);
  const batched = declared[0] === 1 && declared.length > 1;
  const shape = batched ? declared.slice(1) : [...declared];
  if (shape.length === 0 || elementCount(shape) !== count)
    throw b.broken(op, `turns [${input.shape.join(', ')}] into [${declared.join(', ')}]`);
  if (shape.length === input.shape.length && shape.every((size, axis) => size === input.shape[axis]))
    b.alias(op, input);
  else b.emit(op, { op: 'reshape', inputs: [input.name], shape }, shape);
}

function activation(
  b: TfliteBuilder,
  op: TfliteOperator,
  kind: ActivationKind,
  parameters: { alpha?: number; min?: number; max?: number } = {},
): void {
  const input = b.value(op);
  b.emit(op, { op: 'activation', kind, ...parameters, inputs: [input.name] }, input.shape);
}

function gelu(b: TfliteBuilder, op: TfliteOperator): void {
  if (op.options.int8(0) !== 0) throw b.refuse(op, 'uses the approximate GELU');
  activation(b, op, 'gelu');
}

function softmax(b: TfliteBuilder, op: TfliteOperator): void {
  const beta = op.options.float32(0, 1);
  if (beta !== 1) throw b.refuse(op, `has the temperature factor ${beta}`);
  activation(b, op, 'softmax');
}

/** TensorFlow multiplies the sum of squares by alpha; the model graph, like ONNX, by alpha / size. */
function localResponseNorm(b: TfliteBuilder, op: TfliteOperator): void {
  const input = b.value(op);
  const size = 2 * op.options.int32(0) + 1;
  const [offset, alpha, beta] = [op.options.float32(1), op.options.float32(2), op.options.float32(3)];
  b.emit(
    op,
    { op: 'local-response-norm', inputs: [input.name], size, alpha: alpha * size, beta, bias: offset },
    input.shape,
  );
}
