/** Activations of the model graph as layers; those that TF.js 1.3 lacks are composed of others. */
import type { ActivationNode } from '../graph.ts';
import type { LayerStack, Symbolic } from './layer-stack.ts';

/** @param x what the node reads */
export function buildActivation(node: ActivationNode, x: Symbolic, stack: LayerStack): Symbolic {
  switch (node.kind) {
    case 'relu':
      return stack.relu(x);
    case 'relu6':
      return stack.relu(x, 6);
    case 'leaky-relu':
      return stack.leakyRelu(x, node.alpha ?? 0.01);
    case 'elu':
      return buildElu(x, node.alpha ?? 1, stack);
    case 'selu':
    case 'sigmoid':
    case 'tanh':
    case 'softplus':
    case 'softmax':
    case 'gelu':
      return stack.activation(x, node.kind);
    case 'swish':
      return stack.multiply([x, stack.activation(x, 'sigmoid', 'sigmoid')]);
    case 'hard-sigmoid': {
      const { alpha = 1 / 6, beta = 0.5 } = node;
      // Keras's own hard sigmoid has exactly this slope.
      if (alpha === 0.2 && beta === 0.5) return stack.activation(x, 'hardSigmoid');
      return stack.relu(stack.affineConstant(x, alpha, beta, 'line'), 1);
    }
    case 'hard-swish': {
      const gate = stack.relu(stack.affineConstant(x, 1 / 6, 0.5, 'line'), 1, 'gate');
      return stack.multiply([x, gate]);
    }
    case 'clip':
    default:
      return buildClip(x, node.min ?? -Infinity, node.max ?? Infinity, stack);
  }
}

/** TF.js has the ELU layer for alpha 1 only: relu(x) + alpha * elu(min(x, 0)) is the same for any. */
function buildElu(x: Symbolic, alpha: number, stack: LayerStack): Symbolic {
  if (alpha === 1) return stack.elu(x);
  const flipped = stack.relu(stack.affineConstant(x, -1, 0, 'flip'), undefined, 'below');
  const bent = stack.elu(stack.affineConstant(flipped, -1, 0, 'unflip'), 'curve');
  return stack.add([stack.relu(x, undefined, 'above'), stack.affineConstant(bent, alpha, 0, 'scaled')]);
}

function buildClip(x: Symbolic, min: number, max: number, stack: LayerStack): Symbolic {
  if (min === 0) return stack.relu(x, max === Infinity ? undefined : max);
  if (min === -Infinity && max === Infinity) return stack.activation(x, 'linear');
  if (min === -Infinity) {
    // min(x, max) = max - relu(max - x)
    const room = stack.relu(stack.affineConstant(x, -1, max, 'room'), undefined, 'used');
    return stack.affineConstant(room, -1, max);
  }
  const lifted = stack.affineConstant(x, 1, -min, 'lift');
  const limited = stack.relu(lifted, max === Infinity ? undefined : max - min, 'limit');
  return stack.affineConstant(limited, 1, min);
}
