/** Layers with windows as TensorFlow.js operations whose gradients exist. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { channelBand } from '../../graph/channel-band.ts';
import type { Conv2d, DepthwiseConv2d, LocalResponseNorm, Pads, Pair, Pool } from '../../graph/graph.ts';
import { tf } from '../tf.ts';

/** What 'same' pads: all that the last window needs, the odd pixel after. */
function samePads(size: Pair, window: Pair, strides: Pair): Pads {
  const along = (axis: 0 | 1): [number, number] => {
    const out = Math.ceil(size[axis] / strides[axis]);
    const total = Math.max(0, (out - 1) * strides[axis] + window[axis] - size[axis]);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  };
  const [[top, bottom], [left, right]] = [along(0), along(1)];
  return [top, left, bottom, right];
}

const isZero = (pads: Pads): boolean => pads.every((pad) => pad === 0);

/** The padding in words where words exist for it: not every backend has gradients for padding in numbers. */
function padded(
  x: Tensor4D,
  pads: Pads,
  window: Pair,
  strides: Pair,
  value = 0,
): { x: Tensor4D; padding: 'same' | 'valid' } {
  if (isZero(pads)) return { x, padding: 'valid' };
  const [, height, width] = x.shape;
  const same = samePads([height, width], window, strides);
  if (same.every((pad, i) => pad === pads[i])) return { x, padding: 'same' };
  const [top, left, bottom, right] = pads;
  return {
    x: tf.pad(
      x,
      [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
      value,
    ),
    padding: 'valid',
  };
}

/** A kernel with dilation - 1 zeros between its rows and columns: TF.js has no gradients for dilations. */
function withGaps(kernel: Tensor4D, [down, across]: Pair): Tensor4D {
  const [kh, kw, inputs, outputs] = kernel.shape;
  let rows: Tensor = tf.reshape(kernel, [kh, 1, kw * inputs * outputs]);
  if (down > 1) rows = tf.concat([rows, tf.zeros([kh, down - 1, kw * inputs * outputs])], 1);
  const height = (kh - 1) * down + 1;
  rows = tf.slice(tf.reshape(rows, [kh * down, kw * inputs * outputs]), [0, 0], [height, -1]);
  let columns: Tensor = tf.reshape(rows, [height * kw, 1, inputs * outputs]);
  if (across > 1) columns = tf.concat([columns, tf.zeros([height * kw, across - 1, inputs * outputs])], 1);
  const width = (kw - 1) * across + 1;
  columns = tf.slice(
    tf.reshape(columns, [height, kw * across, inputs * outputs]),
    [0, 0, 0],
    [-1, width, -1],
  );
  return tf.reshape(columns, [height, width, inputs, outputs]);
}

/** @param kernel [kh, kw, cin / groups, cout] @returns without the bias */
export function convolve(node: Conv2d, input: Tensor4D, kernel: Tensor4D): Tensor4D {
  const { groups } = node;
  const [kh, kw, groupChannels, filters] = kernel.shape;
  if (groups > 1 && groupChannels === 1) {
    // Filter g * multiplier + m is depthwise [.., g, m], in the same memory order.
    return depthwise(node, input, tf.reshape(kernel, [kh, kw, groups, filters / groups]));
  }
  const dilated = Math.max(...node.dilations) > 1;
  const whole = dilated ? withGaps(kernel, node.dilations) : kernel;
  const { x, padding } = padded(input, node.pads, [whole.shape[0], whole.shape[1]], node.strides);
  const strides: [number, number] = [...node.strides];
  if (groups === 1) return tf.conv2d(x, whole, strides, padding);
  const parts = Array.from({ length: groups }, (_, group) => {
    const own = tf.slice(x, [0, 0, 0, group * groupChannels], [-1, -1, -1, groupChannels]);
    const size = filters / groups;
    return tf.conv2d(own, tf.slice(whole, [0, 0, 0, group * size], [-1, -1, -1, size]), strides, padding);
  });
  return tf.concat(parts, 3);
}

/** @param kernel [kh, kw, c, multiplier] @returns without the bias */
export function depthwise(node: DepthwiseConv2d | Conv2d, input: Tensor4D, kernel: Tensor4D): Tensor4D {
  const dilated = Math.max(...node.dilations) > 1;
  const whole = dilated ? withGaps(kernel, node.dilations) : kernel;
  const { x, padding } = padded(input, node.pads, [whole.shape[0], whole.shape[1]], node.strides);
  return tf.depthwiseConv2d(x, whole, [...node.strides], padding);
}

/** Padding never wins: it is lower than anything a network computes. */
const lowest = -1e30;

export function maxPool(node: Pool, input: Tensor4D): Tensor4D {
  const { x, padding } = padded(input, node.pads, node.window, node.strides, lowest);
  return tf.maxPool(x, [...node.window], [...node.strides], padding);
}

export function averagePool(node: Pool, input: Tensor4D): Tensor4D {
  const { window, strides, pads, countPadding } = node;
  const pool = (x: Tensor4D, padding: 'same' | 'valid'): Tensor4D =>
    tf.avgPool(x, [...window], [...strides], padding);
  if (isZero(pads)) return pool(input, 'valid');
  const { x, padding } = padded(input, pads, window, strides);
  if (padding === 'same' && !countPadding) return pool(x, 'same');
  const [top, left, bottom, right] = pads;
  const around: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const counted = pool(tf.pad(input, around), 'valid');
  if (countPadding) return counted;
  // The mean of ones is the part of the window that lies on the image.
  const [, height, width] = input.shape;
  return tf.div(counted, pool(tf.pad(tf.ones([1, height, width, 1]), around), 'valid'));
}

/** x / (bias + alpha / size * sum of x^2 over neighbouring channels) ^ beta, as ONNX LRN defines it. */
export function localResponseNorm(node: LocalResponseNorm, x: Tensor4D): Tensor4D {
  const { size, alpha, beta, bias } = node;
  const channels = x.shape[3];
  // The sum over a window of channels as a product with a band of ones: differentiable on every backend.
  const squares = tf.reshape(tf.square(x), [-1, channels]);
  const sums = tf.reshape(
    tf.matMul(squares, tf.tensor2d(channelBand(channels, size), [channels, channels])),
    x.shape,
  );
  return tf.div(x, tf.pow(tf.add(tf.mul(sums, alpha / size), bias), beta));
}
