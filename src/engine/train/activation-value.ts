import type { HeadActivation } from '../../contract/train.ts';

/** Of SELU (Klambauer et al. 2017). */
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/** An activation of a head in plain numbers, as TensorFlow.js and every export compute it. */
export function activationValue(kind: HeadActivation): (x: number) => number {
  switch (kind) {
    case 'relu':
      return (x) => Math.max(0, x);
    case 'leaky-relu':
      return (x) => (x >= 0 ? x : 0.01 * x);
    case 'elu':
      return (x) => (x >= 0 ? x : Math.expm1(x));
    case 'selu':
      return (x) => selu.scale * (x >= 0 ? x : selu.alpha * Math.expm1(x));
    case 'swish':
      return (x) => x / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh;
    case 'sigmoid':
    default:
      return (x) => 1 / (1 + Math.exp(-x));
  }
}
