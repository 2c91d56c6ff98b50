import { appendNodes, freeName } from '../graph/cut.ts';
import type { GraphNode, ModelGraph, Weight } from '../graph/graph.ts';
import { activationValue } from './activation-value.ts';
import type { Standardization } from './feature-matrix.ts';
import type { HeadWeights } from './head-model.ts';
import type { Trunk } from './trunk.ts';

/** Makes the trunk and a trained head one network. */
export interface ModelParts {
  readonly trunk: Trunk;
  readonly head: HeadWeights;
  /** What the head's features were standardized with: folded into its first layer. */
  readonly standardization: Standardization;
  /** The head reads the first so many features; a block nobody reads is left out of the model. */
  readonly columns: number;
  /** The last layer is divided by it, so that the softmax gives calibrated probabilities (Guo et al. 2017). */
  readonly temperature: number;
  /** Absent: softmax. */
  readonly ending?: ModelEnding;
}

/** What becomes of the last layer: chances of classes, chances of labels, or a number in its own units. */
export type ModelEnding =
  | { readonly kind: 'softmax' | 'sigmoid' }
  | { readonly kind: 'number'; readonly mean: number; readonly deviation: number };

/**
 * @returns a graph that takes RGB 0..255 and gives probabilities [classes], or a number [1]
 */
export function assembleModel({
  trunk,
  head,
  standardization,
  columns,
  temperature,
  ending = { kind: 'softmax' },
}: ModelParts): ModelGraph {
  const { graph } = trunk;
  const weights = new Map<string, Weight>();
  const nodes: GraphNode[] = [];
  let features = graph.outputs[0] ?? '';
  if (columns < trunk.dimension) {
    const concat = graph.nodes.find(({ name }) => name === features);
    features = concat?.inputs[0] ?? features; // only the final features: the concatenation goes
  }
  const last = head.layers.length - 1;
  head.layers.forEach((layer, index) => {
    let { kernel, bias } = layer;
    if (index === 0) ({ kernel, bias } = unstandardize(kernel, bias, standardization, columns));
    if (index === last) {
      kernel = divide(kernel, temperature);
      bias = divide(bias, temperature);
      if (ending.kind === 'number') {
        const { mean, deviation } = ending;
        kernel = divide(kernel, 1 / deviation);
        bias = { ...bias, data: bias.data.map((value) => value * deviation + mean) };
      }
    }
    const name = freeName(graph, index === last ? 'head/logits' : `head/hidden${index + 1}`);
    const keys = { kernel: freeName(graph, `${name}/kernel`), bias: freeName(graph, `${name}/bias`) };
    weights.set(keys.kernel, kernel);
    weights.set(keys.bias, bias);
    nodes.push({ op: 'dense', name, inputs: [features], ...keys });
    features = name;
    if (index === last) return;
    const kind = head.activation ?? 'relu';
    const active = freeName(graph, `${name}/${kind}`);
    nodes.push({ op: 'activation', kind, name: active, inputs: [features] });
    features = active;
  });
  if (ending.kind === 'number') return appendNodes(graph, nodes, weights, [features]);
  const probabilities = freeName(graph, 'probabilities');
  nodes.push({ op: 'activation', kind: ending.kind, name: probabilities, inputs: [features] });
  return appendNodes(graph, nodes, weights, [probabilities]);
}

/** w' = w / scale, b' = b - mean . w', over the first `columns` rows of the kernel. */
function unstandardize(
  kernel: Weight,
  bias: Weight,
  { mean, scale }: Standardization,
  columns: number,
): { kernel: Weight; bias: Weight } {
  const width = kernel.shape[1] ?? 1;
  const data = new Float32Array(columns * width);
  const offset = Float64Array.from(bias.data);
  for (let row = 0; row < columns; row++) {
    for (let column = 0; column < width; column++) {
      const value = (kernel.data[row * width + column] as number) / scale;
      data[row * width + column] = value;
      offset[column] = (offset[column] as number) - (mean[row] as number) * value;
    }
  }
  return {
    kernel: { shape: [columns, width], data },
    bias: { shape: bias.shape, data: Float32Array.from(offset) },
  };
}

function divide({ shape, data }: Weight, by: number): Weight {
  return { shape, data: data.map((value) => value / by) };
}

/**
 * Logits of the trained head on standardized features, computed plainly: what every export is compared with.
 *
 * @returns [rows, classes]
 */
export function headLogits(
  head: HeadWeights,
  matrix: { readonly rows: number; readonly columns: number; readonly data: Float32Array },
): Float32Array {
  const active = activationValue(head.activation ?? 'relu');
  let x = Float64Array.from(matrix.data);
  let width = matrix.columns;
  head.layers.forEach(({ kernel, bias }, index) => {
    const out = kernel.shape[1] ?? 1;
    const rowsUsed = Math.min(width, kernel.shape[0] ?? width);
    const y = new Float64Array(matrix.rows * out);
    for (let row = 0; row < matrix.rows; row++) {
      for (let column = 0; column < out; column++) y[row * out + column] = bias.data[column] as number;
      for (let k = 0; k < rowsUsed; k++) {
        const value = x[row * width + k] as number;
        if (value === 0) continue;
        for (let column = 0; column < out; column++) {
          const at = row * out + column;
          y[at] = (y[at] as number) + value * (kernel.data[k * out + column] as number);
        }
      }
    }
    x = index === head.layers.length - 1 ? y : y.map(active);
    width = out;
  });
  return Float32Array.from(x);
}
