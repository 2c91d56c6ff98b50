/** Keras layers as model graph nodes: one function for each layer class, looked up by class name. */
import { HolotypeError } from '../../../contract/errors.ts';
import type { Weight } from '../graph.ts';
import { arrayAt, malformed, numberAt } from '../json-reader.ts';
import { noPads } from './graph-builder.ts';
import {
  activation,
  at,
  bias,
  checkedKernel,
  flag,
  number,
  only,
  padsOf,
  pair,
  requireChannelsLast,
  unsupported,
  vector,
  type LayerCall,
} from './keras-call.ts';

/** Adds the layer's nodes. @returns the name of the tensor that is the layer's output */
type Convert = (call: LayerCall) => string;

const conv2d: Convert = (call) => {
  requireChannelsLast(call);
  const input = only(call);
  const { builder } = call;
  const groups = number(call, 'groups', 1);
  const kernel = checkedKernel(call, 'kernel', 4, builder.channels(input) / groups);
  const [kh = 0, kw = 0, , filters = 0] = kernel.shape;
  const strides = pair(call, 'strides', [1, 1]);
  const dilations = pair(call, 'dilation_rate', [1, 1]);
  const convolved = builder.add(call.name, [input], {
    op: 'conv2d',
    kernel: builder.weight(`${call.name}/kernel`, kernel),
    ...bias(call, filters),
    strides,
    dilations,
    pads: padsOf(call, input, [kh, kw], strides, dilations),
    groups,
  });
  return activation(call, convolved);
};

/** The depthwise part of DepthwiseConv2D and SeparableConv2D. */
function depthwise(call: LayerCall, nodeName: string, weightName: string, withBias: boolean): string {
  requireChannelsLast(call);
  const input = only(call);
  const { builder } = call;
  const channels = builder.channels(input);
  const kernel = checkedKernel(call, weightName, 4, channels);
  const [kh = 0, kw = 0, , multiplier = 0] = kernel.shape;
  const strides = pair(call, 'strides', [1, 1]);
  const dilations = pair(call, 'dilation_rate', [1, 1]);
  return builder.add(nodeName, [input], {
    op: 'depthwise-conv2d',
    kernel: builder.weight(`${call.name}/${weightName}`, kernel),
    ...(withBias ? bias(call, channels * multiplier) : {}),
    strides,
    dilations,
    pads: padsOf(call, input, [kh, kw], strides, dilations),
  });
}

const separableConv2d: Convert = (call) => {
  const { builder } = call;
  const spread = depthwise(call, `${call.name}_depthwise`, 'depthwise_kernel', false);
  const kernel = checkedKernel(call, 'pointwise_kernel', 4, builder.channels(spread));
  const mixed = builder.add(call.name, [spread], {
    op: 'conv2d',
    kernel: builder.weight(`${call.name}/pointwise_kernel`, kernel),
    ...bias(call, kernel.shape[3] ?? 0),
    strides: [1, 1],
    dilations: [1, 1],
    pads: noPads,
    groups: 1,
  });
  return activation(call, mixed);
};

const batchNormalization: Convert = (call) => {
  const input = only(call);
  const { builder } = call;
  const rank = builder.shape(input).length;
  const axisField = call.config['axis'];
  const axis = Array.isArray(axisField) ? (axisField[0] as unknown) : (axisField ?? -1);
  if (axis !== -1 && axis !== rank)
    throw unsupported(call, `normalizes axis ${JSON.stringify(axis)}; only the channel axis is supported`);
  const channels = builder.channels(input);
  const constant = (value: number): Weight => ({
    shape: [channels],
    data: new Float32Array(channels).fill(value),
  });
  const keep = (name: string, weight: Weight): string => builder.weight(`${call.name}/${name}`, weight);
  return builder.add(call.name, [input], {
    op: 'batch-norm',
    scale: keep('gamma', flag(call, 'scale', true) ? vector(call, 'gamma', channels) : constant(1)),
    offset: keep('beta', flag(call, 'center', true) ? vector(call, 'beta', channels) : constant(0)),
    mean: keep('moving_mean', vector(call, 'moving_mean', channels)),
    variance: keep('moving_variance', vector(call, 'moving_variance', channels)),
    epsilon: number(call, 'epsilon', 0.001),
  });
};

/** max(x, 0) up to `max_value`, with `negative_slope` below zero. */
const relu: Convert = (call) => {
  const { builder } = call;
  if (number(call, 'threshold', 0) !== 0) throw unsupported(call, 'has a threshold');
  const slope = number(call, 'negative_slope', 0);
  const max = call.config['max_value'];
  const limit = max === undefined || max === null ? undefined : number(call, 'max_value', 0);
  if (slope !== 0) {
    const leaky = builder.activation(call.name, only(call), 'leaky-relu', { alpha: slope });
    if (limit === undefined) return leaky;
    return builder.add(`${call.name}_limit`, [leaky], { op: 'activation', kind: 'clip', max: limit });
  }
  if (limit === undefined) return builder.activation(call.name, only(call), 'relu');
  if (limit === 6) return builder.activation(call.name, only(call), 'relu6');
  return builder.add(call.name, [only(call)], { op: 'activation', kind: 'clip', min: 0, max: limit });
};

const softmax: Convert = (call) => {
  const input = only(call);
  const axis = number(call, 'axis', -1);
  if (axis !== -1 && axis !== call.builder.shape(input).length)
    throw unsupported(call, `works along axis ${axis}; only the last axis is supported`);
  return call.builder.activation(call.name, input, 'softmax');
};

const zeroPadding2d: Convert = (call) => {
  requireChannelsLast(call);
  const value = call.config['padding'] ?? 1;
  const sides = (side: unknown): [number, number] => {
    const [before, after] = Array.isArray(side) ? (side as unknown[]) : [side, side];
    return [numberAt(before, at(call, 'padding')), numberAt(after, at(call, 'padding'))];
  };
  const [vertical, horizontal] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  const [top, bottom] = sides(vertical);
  const [left, right] = sides(horizontal);
  return call.builder.add(call.name, [only(call)], { op: 'pad', pads: [top, left, bottom, right], value: 0 });
};

const pool =
  (op: 'max-pool' | 'average-pool'): Convert =>
  (call) => {
    requireChannelsLast(call);
    const input = only(call);
    const window = pair(call, 'pool_size', [2, 2]);
    const strides = pair(call, 'strides', window);
    const pads = padsOf(call, input, window, strides, [1, 1]);
    return call.builder.add(call.name, [input], { op, window, strides, pads, countPadding: false });
  };

const globalPool =
  (op: 'global-average-pool' | 'global-max-pool'): Convert =>
  (call) => {
    requireChannelsLast(call);
    return call.builder.add(call.name, [only(call)], { op, keepDims: flag(call, 'keepdims', false) });
  };

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

const flatten: Convert = (call) => {
  const input = only(call);
  return call.builder.add(call.name, [input], { op: 'reshape', shape: [product(call.builder.shape(input))] });
};

const reshape: Convert = (call) => {
  const input = only(call);
  const total = product(call.builder.shape(input));
  const target = arrayAt(call.config['target_shape'], at(call, 'target_shape')).map((size) =>
    size === null ? -1 : numberAt(size, at(call, 'target_shape')),
  );
  const known = product(target.filter((size) => size !== -1));
  const shape = target.map((size) => (size === -1 ? total / known : size));
  if (product(shape) !== total || !shape.every((size) => Number.isInteger(size) && size > 0))
    throw malformed(at(call, 'target_shape'), `a shape of ${total} numbers`, call.config['target_shape']);
  return call.builder.add(call.name, [input], { op: 'reshape', shape });
};

/** Only the order that changes nothing: anything else has no form in the model graph. */
const permute: Convert = (call) => {
  const dims = arrayAt(call.config['dims'], at(call, 'dims'));
  if (!dims.every((dim, i) => dim === i + 1))
    throw unsupported(call, `reorders axes (${dims.join(', ')}), which the model graph cannot express`);
  return only(call);
};

const dense: Convert = (call) => {
  const input = only(call);
  const { builder } = call;
  const kernel = checkedKernel(call, 'kernel', 2, builder.channels(input));
  const [incoming = 0, units = 0] = kernel.shape;
  const rank = builder.shape(input).length;
  if (rank !== 1 && rank !== 3) throw unsupported(call, `reads a tensor with ${rank} axes`);
  // On an image, Dense works on every pixel's channels: a 1 x 1 convolution.
  const mapped =
    rank === 1
      ? builder.add(call.name, [input], {
          op: 'dense',
          kernel: builder.weight(`${call.name}/kernel`, kernel),
          ...bias(call, units),
        })
      : builder.add(call.name, [input], {
          op: 'conv2d',
          kernel: builder.weight(`${call.name}/kernel`, {
            shape: [1, 1, incoming, units],
            data: kernel.data,
          }),
          ...bias(call, units),
          strides: [1, 1],
          dilations: [1, 1],
          pads: noPads,
          groups: 1,
        });
  return activation(call, mapped);
};

const merge =
  (op: 'add' | 'mul'): Convert =>
  (call) => {
    if (call.inputs.length < 2)
      throw malformed(`layer "${call.name}"`, 'connected to two inputs', call.inputs);
    return call.builder.add(call.name, call.inputs, { op });
  };

const concatenate: Convert = (call) => {
  const [first] = call.inputs;
  if (first === undefined) throw malformed(`layer "${call.name}"`, 'connected to inputs', call.inputs);
  const axis = number(call, 'axis', -1);
  if (axis !== -1 && axis !== call.builder.shape(first).length)
    throw unsupported(call, `joins along axis ${axis}; only the channel axis is supported`);
  return call.inputs.length === 1 ? first : call.builder.add(call.name, call.inputs, { op: 'concat' });
};

const rescaling: Convert = (call) => {
  const values = (key: string, fallback: number): number[] => {
    const value = call.config[key] ?? fallback;
    return Array.isArray(value)
      ? value.map((one) => numberAt(one, at(call, key)))
      : [numberAt(value, at(call, key))];
  };
  return call.builder.affine(call.name, only(call), values('scale', 1), values('offset', 0));
};

const identity: Convert = only;

const converters: Readonly<Record<string, Convert>> = {
  Conv2D: conv2d,
  DepthwiseConv2D: (call) => activation(call, depthwise(call, call.name, 'depthwise_kernel', true)),
  SeparableConv2D: separableConv2d,
  BatchNormalization: batchNormalization,
  Activation: (call) => activation(call, only(call), call.name),
  ReLU: relu,
  LeakyReLU: (call) => {
    const alpha = number(call, 'negative_slope', number(call, 'alpha', 0.3));
    return call.builder.activation(call.name, only(call), 'leaky-relu', { alpha });
  },
  ELU: (call) => call.builder.activation(call.name, only(call), 'elu', { alpha: number(call, 'alpha', 1) }),
  Softmax: softmax,
  ZeroPadding2D: zeroPadding2d,
  MaxPooling2D: pool('max-pool'),
  AveragePooling2D: pool('average-pool'),
  GlobalAveragePooling2D: globalPool('global-average-pool'),
  GlobalMaxPooling2D: globalPool('global-max-pool'),
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  Dense: dense,
  Add: merge('add'),
  Multiply: merge('mul'),
  Concatenate: concatenate,
  Rescaling: rescaling,
  // Layers that do something in training only.
  Dropout: identity,
  SpatialDropout2D: identity,
  AlphaDropout: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  ActivityRegularization: identity,
};

/**
 * Adds one Keras layer to the graph under construction.
 *
 * @returns the name of its output tensor
 * @throws HolotypeError('not-supported') naming a layer class (or setting) without a form in the model graph
 * @throws HolotypeError('bad-input') naming a weight or setting that is missing or doesn't fit
 */
export function convertKerasLayer(call: LayerCall): string {
  const convert = Object.hasOwn(converters, call.className) ? converters[call.className] : undefined;
  if (convert === undefined)
    throw new HolotypeError(
      'not-supported',
      `The model uses the layer class "${call.className}" (layer "${call.name}"), which Holotype cannot import.`,
      { remedy: `Supported are ${Object.keys(converters).join(', ')}.` },
    );
  return convert(call);
}
