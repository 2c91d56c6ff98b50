import type { Tensor } from '@tensorflow/tfjs-core';
import type { ActivationNode } from '../graph/graph.ts';
import { tf } from './tf.ts';

/** An activation of the model graph, differentiable. */
export function activate(node: Omit<ActivationNode, 'op' | 'name' | 'inputs'>, x: Tensor): Tensor {
  switch (node.kind) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'leaky-relu':
      return tf.leakyRelu(x, node.alpha ?? 0.01);
    case 'elu': {
      const alpha = node.alpha ?? 1;
      if (alpha === 1) return tf.elu(x);
      return tf.add(tf.relu(x), tf.mul(tf.elu(tf.minimum(x, 0)), alpha));
    }
    case 'selu':
      return tf.selu(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'softplus':
      return tf.softplus(x);
    case 'softmax':
      return tf.softmax(x);
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'hard-sigmoid': {
      const { alpha = 1 / 6, beta = 0.5 } = node;
      return tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);
    }
    case 'hard-swish':
      return tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1));
    case 'clip':
    default: {
      const { min = -Infinity, max = Infinity } = node;
      if (min === 0 && max === 6) return tf.relu6(x);
      return tf.clipByValue(x, min, max);
    }
  }
}
