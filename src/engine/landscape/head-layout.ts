import type { Weight } from '../graph/graph.ts';
import type { HeadWeights } from '../train/head-model.ts';
import type { Filter } from './directions.ts';

/** Where a layer's weights lie in the vector of all. */
export interface Layer {
  readonly kernel: { readonly offset: number; readonly shape: readonly [number, number] };
  /** Where its biases begin, one for each output. */
  readonly bias: number;
}

/** How a head's weights lie behind each other: layer by layer, kernel before bias. */
export interface HeadLayout {
  readonly layers: readonly Layer[];
  readonly filters: readonly Filter[];
  /** Weights in all. */
  readonly size: number;
}

export function headLayout({ layers }: HeadWeights): HeadLayout {
  const found: Layer[] = [];
  const filters: Filter[] = [];
  let size = 0;
  for (const { kernel, bias } of layers) {
    const [inputs, outputs] = shapeOf(kernel);
    for (let output = 0; output < outputs; output++)
      filters.push({ offset: size + output, stride: outputs, length: inputs });
    found.push({
      kernel: { offset: size, shape: [inputs, outputs] },
      bias: size + kernel.data.length,
    });
    size += kernel.data.length + bias.data.length;
  }
  return { layers: found, filters, size };
}

/** All weights of a head behind each other, as its layout says. */
export function headVector(head: HeadWeights): Float32Array {
  const weights = new Float32Array(headLayout(head).size);
  let at = 0;
  for (const { kernel, bias } of head.layers)
    for (const { data } of [kernel, bias]) {
      weights.set(data, at);
      at += data.length;
    }
  return weights;
}

function shapeOf({ shape }: Weight): readonly [number, number] {
  return [shape[0] ?? 1, shape[1] ?? 1];
}
