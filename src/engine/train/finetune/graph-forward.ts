/** A model graph run with TensorFlow.js operations, differentiable in its weights. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { BatchNorm, Conv2d, DepthwiseConv2d, GraphNode } from '../../graph/graph.ts';
import { tf } from '../tf.ts';
import { activate } from '../activate.ts';
import { averagePool, convolve, depthwise, localResponseNorm, maxPool } from './layers.ts';

/** Where a forward pass gets its weights. */
export interface ForwardWeights {
  /** A weight as a tensor: a variable, or a constant. */
  tensor(key: string): Tensor;
  /** 1 / sqrt(variance + epsilon) of a batch norm. */
  inverseDeviation(node: BatchNorm): Tensor;
  /** Brings a batch to mean 0 and variance 1 by its own statistics; absent: batch norms use the ones they have. */
  normalize?: ((node: BatchNorm, x: Tensor) => Tensor) | undefined;
}

/**
 * Runs nodes in order.
 *
 * @param nodes in topological order
 * @param known tensors that are there already, by name: [n, h, w, c] for maps, [n, c] for vectors
 * @param outputs names of the wanted tensors
 * @returns the wanted tensors, batch axis first; call it in a tidy
 */
export function forward(
  nodes: readonly GraphNode[],
  known: ReadonlyMap<string, Tensor>,
  weights: ForwardWeights,
  outputs: readonly string[],
): Tensor[] {
  const tensors = new Map(known);
  const tensorOf = (name: string): Tensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`The forward pass has no tensor "${name}".`);
    return tensor;
  };
  // What is merged with a convolution never has its map to take statistics of.
  const merged =
    weights.normalize === undefined ? mergedNorms(nodes, outputs) : new Map<string, Convolution>();
  const waiting = new Set<GraphNode>(merged.values());
  for (const node of nodes) {
    if (waiting.has(node)) continue; // computed together with the batch norm that reads it
    const layer = merged.get(node.name);
    if (layer !== undefined && node.op === 'batch-norm') {
      const inputs = layer.inputs.map(tensorOf);
      tensors.set(node.name, normedConvolution(layer, node, inputs[0] as Tensor4D, weights));
    } else tensors.set(node.name, forwardNode(node, node.inputs.map(tensorOf), weights));
  }
  return outputs.map(tensorOf);
}

type Convolution = Conv2d | DepthwiseConv2d;

/** Convolutions that a batch norm alone reads, by the batch norm's name. */
function mergedNorms(nodes: readonly GraphNode[], outputs: readonly string[]): Map<string, Convolution> {
  const readers = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs, ...outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const merged = new Map<string, Convolution>();
  for (const node of nodes) {
    if (node.op !== 'batch-norm') continue;
    const before = byName.get(node.inputs[0] ?? '');
    if (before === undefined || readers.get(before.name) !== 1) continue;
    if (before.op === 'conv2d' || before.op === 'depthwise-conv2d') merged.set(node.name, before);
  }
  return merged;
}

/** The line a batch norm in inference mode is: x * factor + offset. */
function lineOf(node: BatchNorm, weights: ForwardWeights): { factor: Tensor; offset: Tensor } {
  const factor = tf.mul(weights.tensor(node.scale), weights.inverseDeviation(node));
  const offset = tf.sub(weights.tensor(node.offset), tf.mul(weights.tensor(node.mean), factor));
  return { factor, offset };
}

/**
 * A convolution and the batch norm behind it: the norm scales the kernel rather than the map, which is the same and
 * saves passes over the map, forward and backward. The gradients of both layers' weights come out as they should.
 */
function normedConvolution(
  layer: Convolution,
  norm: BatchNorm,
  x: Tensor4D,
  weights: ForwardWeights,
): Tensor4D {
  const { factor, offset } = lineOf(norm, weights);
  const kernel = weights.tensor(layer.kernel) as Tensor4D;
  const [, , channels, multiplier] = kernel.shape;
  const scaled =
    layer.op === 'conv2d'
      ? tf.mul<Tensor4D>(kernel, factor)
      : tf.mul<Tensor4D>(kernel, tf.reshape(factor, [channels, multiplier]));
  const shift =
    layer.bias === undefined ? offset : tf.add(tf.mul(weights.tensor(layer.bias), factor), offset);
  return tf.add(layer.op === 'conv2d' ? convolve(layer, x, scaled) : depthwise(layer, x, scaled), shift);
}

function forwardNode(node: GraphNode, inputs: readonly Tensor[], weights: ForwardWeights): Tensor {
  const [x] = inputs;
  if (x === undefined) throw new Error(`The node "${node.name}" reads nothing.`);
  const plus = (y: Tensor, bias: string | undefined): Tensor =>
    bias === undefined ? y : tf.add(y, weights.tensor(bias));
  switch (node.op) {
    case 'conv2d':
      return plus(convolve(node, x as Tensor4D, weights.tensor(node.kernel) as Tensor4D), node.bias);
    case 'depthwise-conv2d':
      return plus(depthwise(node, x as Tensor4D, weights.tensor(node.kernel) as Tensor4D), node.bias);
    case 'dense':
      return plus(tf.matMul(x, weights.tensor(node.kernel)), node.bias);
    case 'batch-norm': {
      if (weights.normalize !== undefined)
        return tf.add(
          tf.mul(weights.normalize(node, x), weights.tensor(node.scale)),
          weights.tensor(node.offset),
        );
      const { factor, offset } = lineOf(node, weights);
      return tf.add(tf.mul(x, factor), offset);
    }
    case 'affine':
      return tf.add(tf.mul(x, weights.tensor(node.scale)), weights.tensor(node.offset));
    case 'activation':
      return activate(node, x);
    case 'max-pool':
      return maxPool(node, x as Tensor4D);
    case 'average-pool':
      return averagePool(node, x as Tensor4D);
    case 'pad': {
      const [top, left, bottom, right] = node.pads;
      return tf.pad(
        x,
        [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
        node.value,
      );
    }
    case 'global-average-pool':
      return tf.mean(x, [1, 2], node.keepDims);
    case 'global-max-pool':
      return tf.max(x, [1, 2], node.keepDims);
    case 'add':
    case 'mul':
      return combine(node.op, inputs);
    case 'concat':
      return inputs.length === 1 ? x : tf.concat([...inputs], -1);
    case 'reshape':
      return tf.reshape(x, [x.shape[0] ?? 1, ...node.shape]);
    case 'channel-slice': {
      const begin = x.shape.map(() => 0);
      const size = [...x.shape];
      begin[begin.length - 1] = node.start;
      size[size.length - 1] = node.end - node.start;
      return tf.slice(x, begin, size);
    }
    case 'channel-shuffle': {
      const [n = 1, h = 1, w = 1, c = 1] = x.shape;
      const split = tf.reshape(x, [n * h * w, node.groups, c / node.groups]);
      return tf.reshape(tf.transpose(split, [0, 2, 1]), x.shape);
    }
    case 'local-response-norm':
    default:
      return localResponseNorm(node, x as Tensor4D);
  }
}

/** [n, c] next to maps counts as [n, 1, 1, c]. */
function combine(op: 'add' | 'mul', inputs: readonly Tensor[]): Tensor {
  const rank = Math.max(...inputs.map((input) => input.rank));
  const spread = inputs.map((input) =>
    input.rank === rank ? input : tf.reshape(input, [input.shape[0] ?? 1, 1, 1, input.shape.at(-1) ?? 1]),
  );
  return spread.reduce((a, b) => (op === 'add' ? tf.add(a, b) : tf.mul(a, b)));
}
