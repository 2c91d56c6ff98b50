/** The activations that fused kernels end with. */
import type { Graph } from '../graph/graph.ts';
import { float } from '../graph/operations.ts';
import type { Value } from '../graph/value.ts';
import { prelu } from './binary.ts';
import { clip } from './unary.ts';
import type { Attrs, Inputs } from './kernel.ts';

/** Adds `bias` and applies `activation` as a fused kernel's inputs and attributes say. */
export function finishFused(g: Graph, x: Value, inputs: Inputs, attrs: Attrs): Value {
  const bias = inputs.find('bias');
  return activate(g, bias === undefined ? x : g.zip('Add', [x, bias]), inputs, attrs);
}

/**
 * @throws Error naming the activation when there's none of that name
 */
export function activate(g: Graph, x: Value, inputs: Inputs, attrs: Attrs): Value {
  const activation = (attrs.any('activation') as string | undefined) ?? 'linear';
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return g.map('Relu', x);
    case 'relu6':
      return clip(g, x, 0, 6);
    case 'elu':
      return g.map('Elu', x);
    case 'sigmoid':
      return g.map('Sigmoid', x);
    case 'prelu':
      return prelu(g, x, inputs.get('preluActivationWeights'));
    case 'leakyrelu':
      return g.map('LeakyRelu', x, { attributes: { alpha: float(attrs.number('leakyreluAlpha', 0.2)) } });
    default:
      throw new Error(`There's no fused activation "${activation}"`);
  }
}
