/** The head of a saved model, apart from the network under it. */
import { HolotypeError } from '../../contract/errors.ts';
import type { HeadActivation } from '../../contract/train.ts';
import { cutAt } from '../../engine/graph/cut.ts';
import type { Dense, ModelGraph, Weight } from '../../engine/graph/graph.ts';
import { importOnnx } from '../../engine/graph/import-onnx.ts';
import { inferShapes } from '../../engine/graph/shapes.ts';
import type { Standardization } from '../../engine/train/feature-matrix.ts';
import type { HeadWeights } from '../../engine/train/head-model.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import { readModelFile, type OpenedModel } from '../saved-model.ts';
import type { TargetScale } from '../train/answering.ts';

export interface SavedHead {
  /** As it is saved: for plain features, its last layer calibrated. */
  readonly head: HeadWeights;
  /** What computes the features it reads. */
  readonly trunk: Trunk;
}

/**
 * @param activation between the head's layers
 * @throws HolotypeError('not-supported') when the model does not end in a head as Holotype makes it
 */
export async function savedHead(model: OpenedModel, activation: HeadActivation): Promise<SavedHead> {
  const graph = importOnnx(await readModelFile(model, 'model.onnx'));
  const wanted = model.about.recipe.hidden.length + 1;
  const dense = graph.nodes.filter((node): node is Dense => node.op === 'dense').slice(-wanted);
  const features = dense[0]?.inputs[0];
  if (dense.length < wanted || features === undefined)
    throw new HolotypeError(
      'not-supported',
      `The head of the model ${model.about.name} can't be told apart.`,
      {
        remedy: 'Train again: models of this version can be looked at this way.',
      },
    );
  const layers = dense.map((node) => {
    const kernel = weightOf(graph, node.kernel);
    const outputs = kernel.shape[1] ?? 1;
    const bias =
      node.bias === undefined
        ? { shape: [outputs], data: new Float32Array(outputs) }
        : weightOf(graph, node.bias);
    return { kernel, bias };
  });
  const columns = inferShapes(graph).get(features)?.at(-1) ?? 0;
  return {
    head: { layers, activation },
    trunk: {
      graph: cutAt(graph, [features]),
      dimension: columns,
      finalColumns: columns,
      parts: [{ node: features, columns }],
    },
  };
}

function weightOf(graph: ModelGraph, key: string): Weight {
  const weight = graph.weights.get(key);
  if (weight === undefined) throw new Error(`The model has no weight "${key}".`);
  return weight;
}

/**
 * The head as it was trained: for standardized features, without calibration, and answering numbers in units of their
 * deviation. What assembling a model folds into a head is taken out of it again.
 */
export function asTrained(
  { layers, activation }: HeadWeights,
  { mean, scale }: Standardization,
  temperature: number,
  target?: TargetScale,
): HeadWeights {
  const last = layers.length - 1;
  const shift = target?.mean ?? 0;
  const factor = target === undefined ? temperature : 1 / target.deviation;
  return {
    ...(activation === undefined ? {} : { activation }),
    layers: layers.map(({ kernel, bias }, index) => {
      const offset = Float64Array.from(bias.data);
      let weights = kernel.data;
      if (index === 0) {
        const width = kernel.shape[1] ?? 1;
        for (let at = 0; at < weights.length; at++) {
          const output = at % width;
          const row = (at - output) / width;
          offset[output] = (offset[output] as number) + (mean[row] as number) * (weights[at] as number);
        }
        weights = weights.map((value) => value * scale);
      }
      if (index === last) {
        weights = weights.map((value) => value * factor);
        for (let at = 0; at < offset.length; at++) offset[at] = ((offset[at] as number) - shift) * factor;
      }
      return {
        kernel: { shape: kernel.shape, data: weights },
        bias: { shape: bias.shape, data: Float32Array.from(offset) },
      };
    }),
  };
}

/** The same head for more features, which count for nothing. */
export function widened(head: HeadWeights, columns: number): HeadWeights {
  const [first, ...rest] = head.layers;
  const [rows = 0, width = 1] = first?.kernel.shape ?? [];
  if (first === undefined || rows >= columns) return head;
  const data = new Float32Array(columns * width);
  data.set(first.kernel.data);
  return { ...head, layers: [{ ...first, kernel: { shape: [columns, width], data } }, ...rest] };
}
