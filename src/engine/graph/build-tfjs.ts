/**
 * A model graph as a TF.js layers model: to train its tail, and to save it for TF.js and Keras.
 *
 * Every op but `local-response-norm` becomes layers that TF.js 1.3 and Keras know (`gelu` needs a TF.js that has
 * that activation, 4.20 or later). An op that no single layer can say (padding other than 'same', channel
 * slices, grouped convolutions) is composed of several, exactly equal up to rounding.
 */
import * as tf from '@tensorflow/tfjs-layers';
import { weightOf } from './graph.ts';
import type { Conv2d, DepthwiseConv2d, GraphNode, ModelGraph, Pair, Pool, Weight } from './graph.ts';
import { buildActivation } from './tfjs/build-activation.ts';
import { padWith, scalePlaces, shuffleChannels, sliceChannels } from './tfjs/compositions.ts';
import { nonNegativeTensors } from './tfjs/non-negative.ts';
import { LocalResponseNormalization } from './tfjs-custom-layers.ts';
import { LayerNames, LayerStack, isZero, sizesOf, type Symbolic } from './tfjs/layer-stack.ts';

export interface BuildLayersModelOptions {
  /** Which nodes' weights training may change. Default: all. */
  readonly trainable?: (node: GraphNode) => boolean;
  readonly name?: string;
}

/**
 * Builds the network with its weights set. A node's weights are in a layer of the node's name (characters that
 * TensorFlow refuses replaced by `_`), helpers are named after the node and what they do.
 *
 * Needs a TF.js backend to be ready. The model owns its memory: dispose it. Batch norm is a real
 * BatchNormalization layer, so `apply(x, {training: true})` normalizes by the batch.
 *
 * @returns input [batch, height, width, channels]; outputs in the order of `graph.outputs`
 */
export async function buildLayersModel(
  graph: ModelGraph,
  options: BuildLayersModelOptions = {},
): Promise<tf.LayersModel> {
  const names = new LayerNames([graph.input.name, ...graph.nodes.map((node) => node.name)]);
  const input = tf.input({
    shape: [...graph.input.shape],
    name: names.ofNode(graph.input.name),
    dtype: 'float32',
  });
  const tensors = new Map<string, Symbolic>([[graph.input.name, input]]);
  const tensorOf = (name: string): Symbolic => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`The model graph has no tensor "${name}".`);
    return tensor;
  };
  const signs = nonNegativeTensors(graph);
  for (const node of graph.nodes) {
    const stack = new LayerStack(names, node.name, options.trainable?.(node) ?? true);
    tensors.set(node.name, buildNode(graph, node, node.inputs.map(tensorOf), stack, signs));
  }
  const outputs = graph.outputs.map((name) => {
    if (name !== graph.input.name) return tensorOf(name);
    return new LayerStack(names, `${name}_output`, false).activation(input, 'linear');
  });
  const named =
    options.name === undefined ? {} : { name: new LayerNames([options.name]).ofNode(options.name) };
  return tf.model({ inputs: input, outputs, ...named });
}

function buildNode(
  graph: ModelGraph,
  node: GraphNode,
  inputs: Symbolic[],
  stack: LayerStack,
  nonNegative: ReadonlySet<string>,
): Symbolic {
  const [x] = inputs;
  if (x === undefined) throw new Error(`The node "${node.name}" reads nothing.`);
  const weight = (key: string): Weight => weightOf(graph, key);
  switch (node.op) {
    case 'conv2d':
      return buildConv(node, x, weight(node.kernel), optional(graph, node.bias), stack);
    case 'depthwise-conv2d':
      return buildDepthwise(node, x, weight(node.kernel), optional(graph, node.bias), stack);
    case 'dense':
      return stack.dense(x, weight(node.kernel), optional(graph, node.bias));
    case 'batch-norm':
      return stack.batchNorm(
        x,
        [node.scale, node.offset, node.mean, node.variance].map(weight),
        node.epsilon,
      );
    case 'affine':
      return stack.affine(x, weight(node.scale).data, weight(node.offset).data);
    case 'activation':
      return buildActivation(node, x, stack);
    case 'max-pool':
      return buildMaxPool(node, x, stack, nonNegative.has(node.inputs[0] ?? ''));
    case 'average-pool':
      return buildAveragePool(node, x, stack);
    case 'pad':
      return node.value === 0 ? stack.zeroPad(x, node.pads) : padWith(stack, x, node.pads, node.value);
    case 'global-average-pool':
    case 'global-max-pool': {
      const kind = node.op === 'global-max-pool' ? 'max' : 'average';
      if (!node.keepDims) return stack.globalPool(x, kind);
      return stack.reshape(stack.globalPool(x, kind, 'pool'), [1, 1, sizesOf(x).at(-1) ?? 1]);
    }
    case 'add':
      return stack.add(inputs);
    case 'mul':
      return stack.multiply(inputs);
    case 'concat':
      return inputs.length === 1 ? x : stack.concat(inputs, -1);
    case 'reshape':
      return stack.reshape(x, node.shape);
    case 'channel-slice':
      return sliceChannels(stack, x, node.start, node.end);
    case 'channel-shuffle':
      return shuffleChannels(stack, x, node.groups);
    case 'local-response-norm':
    default: {
      const { size, alpha, beta, bias } = node;
      const { name } = stack.commonFields();
      return stack.apply(new LocalResponseNormalization({ name, size, alpha, beta, bias }), x);
    }
  }
}

function optional(graph: ModelGraph, key: string | undefined): Weight | undefined {
  return key === undefined ? undefined : weightOf(graph, key);
}

/** TF.js refuses a convolution with both strides and dilations: it is computed densely, then every n-th kept. */
function withDilatedStrides(
  node: Conv2d,
  stack: LayerStack,
  convolve: (strides: readonly [number, number]) => Symbolic,
): Symbolic {
  const both = Math.max(...node.strides) > 1 && Math.max(...node.dilations) > 1;
  if (!both) return convolve(node.strides);
  const full = convolve([1, 1]);
  return stack.pool(full, 'max', {
    window: [1, 1],
    strides: node.strides,
    padding: 'valid',
    part: 'strides',
  });
}

function padForWindow(
  node: Conv2d | DepthwiseConv2d,
  x: Symbolic,
  kernel: Weight,
  stack: LayerStack,
): { x: Symbolic; padding: 'same' | 'valid' } {
  const [kh = 0, kw = 0] = kernel.shape;
  const padding = stack.paddingFor(x, node.pads, [kh, kw], node.strides, node.dilations);
  const dense = Math.max(...node.strides) === 1 || Math.max(...node.dilations) === 1;
  // 'same' pads for its own stride; where the stride is taken afterwards the pads must be spelled out.
  if (padding !== undefined && (padding === 'valid' || dense)) return { x, padding };
  return { x: stack.zeroPad(x, node.pads, 'pad'), padding: 'valid' };
}

function buildConv(
  node: Conv2d,
  input: Symbolic,
  kernel: Weight,
  bias: Weight | undefined,
  stack: LayerStack,
): Symbolic {
  const { dilations, groups } = node;
  const [kh = 0, kw = 0, groupChannels = 0, filters = 0] = kernel.shape;
  if (groupChannels === 1 && groups > 1) {
    // One channel a group: filter g * multiplier + m is depthwise [.., g, m], in the same memory order.
    const spread = { shape: [kh, kw, groups, filters / groups], data: kernel.data };
    return buildDepthwise({ ...node, op: 'depthwise-conv2d' }, input, spread, bias, stack);
  }
  const { x, padding } = padForWindow(node, input, kernel, stack);
  if (groups === 1)
    return withDilatedStrides(node, stack, (strides) =>
      stack.conv(x, kernel, bias, { strides, dilations, padding }),
    );
  return withDilatedStrides(node, stack, (strides) => {
    const outputs = Array.from({ length: groups }, (_, group) => {
      const part = `group${group}`;
      const own = sliceChannels(stack, x, group * groupChannels, (group + 1) * groupChannels, `${part}_in`);
      const [from, to] = [(group * filters) / groups, ((group + 1) * filters) / groups];
      return stack.conv(own, lastAxisSlice(kernel, from, to), bias && lastAxisSlice(bias, from, to), {
        strides,
        dilations,
        padding,
        part,
      });
    });
    return stack.concat(outputs, -1);
  });
}

function lastAxisSlice({ shape, data }: Weight, from: number, to: number): Weight {
  const width = shape.at(-1) ?? 1;
  const rows = data.length / width;
  const slice = new Float32Array(rows * (to - from));
  for (let row = 0; row < rows; row++)
    slice.set(data.subarray(row * width + from, row * width + to), row * (to - from));
  return { shape: [...shape.slice(0, -1), to - from], data: slice };
}

function buildDepthwise(
  node: DepthwiseConv2d,
  input: Symbolic,
  kernel: Weight,
  bias: Weight | undefined,
  stack: LayerStack,
): Symbolic {
  const { strides, dilations } = node;
  // TF.js ignores the dilation of this layer (4.22), so the gaps are written into the kernel as zeros; training
  // would fill them, so such a layer stays as it is.
  const dilated = Math.max(...dilations) > 1;
  const whole = dilated ? withGaps(kernel, dilations) : kernel;
  const { x, padding } = padForWindow({ ...node, dilations: [1, 1] }, input, whole, stack);
  return stack.depthwise(x, whole, bias, { strides, padding, constant: dilated });
}

/** A kernel with dilation - 1 zeros between its rows and columns. */
function withGaps({ shape, data }: Weight, [down, across]: Pair): Weight {
  const [kh = 0, kw = 0, channels = 0, multiplier = 0] = shape;
  const [height, width] = [(kh - 1) * down + 1, (kw - 1) * across + 1];
  const place = channels * multiplier;
  const spread = new Float32Array(height * width * place);
  for (let row = 0; row < kh; row++)
    for (let column = 0; column < kw; column++) {
      const from = (row * kw + column) * place;
      spread.set(data.subarray(from, from + place), (row * down * width + column * across) * place);
    }
  return { shape: [height, width, channels, multiplier], data: spread };
}

function buildMaxPool(node: Pool, x: Symbolic, stack: LayerStack, nonNegative: boolean): Symbolic {
  const { window, strides, pads } = node;
  const padding = stack.paddingFor(x, pads, window, strides, [1, 1]);
  if (padding !== undefined) return stack.pool(x, 'max', { window, strides, padding });
  // Padding must never win. Zero can't where nothing is negative; a repeated border can't anywhere.
  const padded = nonNegative ? stack.zeroPad(x, pads, 'pad') : padWith(stack, x, pads, 'edge', 'pad');
  return stack.pool(padded, 'max', { window, strides, padding: 'valid' });
}

function buildAveragePool(node: Pool, x: Symbolic, stack: LayerStack): Symbolic {
  const { window, strides, pads } = node;
  if (isZero(pads)) return stack.pool(x, 'average', { window, strides, padding: 'valid' });
  const padding = stack.paddingFor(x, pads, window, strides, [1, 1]);
  if (padding === 'same' && !node.countPadding)
    return stack.pool(x, 'average', { window, strides, padding: 'same' });
  const [height = 0, width = 0] = sizesOf(x);
  const padded = stack.zeroPad(x, pads, 'pad');
  if (node.countPadding) return stack.pool(padded, 'average', { window, strides, padding: 'valid' });
  const counted = stack.pool(padded, 'average', { window, strides, padding: 'valid', part: 'counted' });
  const rows = realFractions(height, window[0], strides[0], pads[0], pads[2]);
  const columns = realFractions(width, window[1], strides[1], pads[1], pads[3]);
  const scales = Float32Array.from(
    rows.flatMap((row) => columns.map((column) => (row * column === 0 ? 0 : 1 / (row * column)))),
  );
  return scalePlaces(stack, counted, scales, 'uncount');
}

/** For every window along one axis: the part of it that lies on the image rather than on padding. */
function realFractions(
  size: number,
  window: number,
  stride: number,
  before: number,
  after: number,
): number[] {
  const count = Math.floor((size + before + after - window) / stride) + 1;
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - before;
    return Math.max(Math.min(start + window, size) - Math.max(start, 0), 0) / window;
  });
}
