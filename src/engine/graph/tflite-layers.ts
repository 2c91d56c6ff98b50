/** The TensorFlow Lite operators that have weights. */
import type { Weight } from './graph.ts';
import type { TfliteBuilder } from './tflite-builder.ts';
import type { TfliteOperator } from './tflite-schema.ts';
import { elementCount } from './tflite-values.ts';
import { image, windowOf } from './tflite-window.ts';

/** Kernels are stored [cout, kh, kw, cin / groups]. */
export function conv2d(b: TfliteBuilder, op: TfliteOperator): void {
  const input = b.value(op);
  const [height, width, channels] = image(b, op, input);
  const stored = b.requireConstant(op, 1, 'kernel');
  const [cout = 0, kh = 0, kw = 0, cin = 0] = stored.shape;
  const groups = channels / cin;
  if (stored.shape.length !== 4 || !Number.isInteger(groups) || cout < 1 || cout % groups !== 0)
    throw b.broken(op, `has a kernel of shape [${stored.shape.join(', ')}] for ${channels} channels`);
  const dilations = [op.options.int32(5, 1), op.options.int32(4, 1)] as const;
  const { size, ...window } = windowOf(b, op, [height, width, channels], [kh, kw], dilations);
  const kernel = b.weight(op, 'kernel', lastAxisFirst(stored, cout, [kh, kw, cin]));
  b.emit(
    op,
    { op: 'conv2d', inputs: [input.name], kernel, ...bias(b, op, cout), ...window, groups },
    [...size, cout],
    b.activation(op, op.options.int8(3)),
  );
}

/** Kernels are stored [1, kh, kw, cin * multiplier], which is the model graph's element order already. */
export function depthwiseConv2d(b: TfliteBuilder, op: TfliteOperator): void {
  const input = b.value(op);
  const [height, width, channels] = image(b, op, input);
  const stored = b.requireConstant(op, 1, 'kernel');
  const [one, kh = 0, kw = 0, cout = 0] = stored.shape;
  const multiplier = cout / channels;
  if (stored.shape.length !== 4 || one !== 1 || !Number.isInteger(multiplier) || cout < 1)
    throw b.broken(op, `has a kernel of shape [${stored.shape.join(', ')}] for ${channels} channels`);
  const dilations = [op.options.int32(6, 1), op.options.int32(5, 1)] as const;
  const { size, ...window } = windowOf(b, op, [height, width, channels], [kh, kw], dilations);
  const kernel = b.weight(op, 'kernel', { shape: [kh, kw, channels, multiplier], data: stored.data });
  b.emit(
    op,
    { op: 'depthwise-conv2d', inputs: [input.name], kernel, ...bias(b, op, cout), ...window },
    [...size, cout],
    b.activation(op, op.options.int8(4)),
  );
}

/** Weights are stored [out, in]; an input with more axes is flattened, or used position by position. */
export function fullyConnected(b: TfliteBuilder, op: TfliteOperator): void {
  const input = b.value(op);
  const stored = b.requireConstant(op, 1, 'weights');
  const [out = 0, length = 0] = stored.shape;
  if (op.options.int8(1) !== 0) throw b.refuse(op, 'stores its weights shuffled');
  if (stored.shape.length !== 2 || out < 1 || length < 1)
    throw b.broken(op, `has weights of shape [${stored.shape.join(', ')}]`);
  if (elementCount(input.shape) !== length)
    throw b.refuse(op, `applies ${length} weights to a tensor of shape [${input.shape.join(', ')}]`);
  let name = input.name;
  if (input.shape.length !== 1)
    name = b.before(op, 'flat', { op: 'reshape', inputs: [name], shape: [length] });
  const kernel = b.weight(op, 'kernel', lastAxisFirst(stored, out, [length]));
  b.emit(
    op,
    { op: 'dense', inputs: [name], kernel, ...bias(b, op, out) },
    [out],
    b.activation(op, op.options.int8(0)),
  );
}

/** [cout, ...rest] to [...rest, cout]. */
function lastAxisFirst(stored: Weight, cout: number, rest: readonly number[]): Weight {
  const inner = elementCount(rest);
  const data = new Float32Array(stored.data.length);
  for (let o = 0; o < cout; o++)
    for (let i = 0; i < inner; i++) data[i * cout + o] = stored.data[o * inner + i] ?? 0;
  return { shape: [...rest, cout], data };
}

/**
 * The bias, if there is one. An int32 bias without a scale of its own has the product of the input's and the
 * kernel's.
 */
function bias(b: TfliteBuilder, op: TfliteOperator, channels: number): { bias?: string } {
  if (!b.hasInput(op, 2)) return {};
  const stored = b.requireConstant(op, 2, 'bias');
  if (stored.data.length !== channels)
    throw b.broken(op, `has ${stored.data.length} biases for ${channels} channels`);
  let { data } = stored;
  const tensor = b.tensor(op.inputs[2] ?? -1);
  if (tensor.type === 'int32' && tensor.quantization === undefined) {
    const input = b.tensor(op.inputs[0] ?? -1).quantization?.scale[0] ?? 1;
    const kernel = b.tensor(op.inputs[1] ?? -1).quantization?.scale ?? [1];
    data = data.map((value, c) => value * input * (kernel[c] ?? kernel[0] ?? 1));
  }
  return { bias: b.weight(op, 'bias', { shape: [channels], data }) };
}
