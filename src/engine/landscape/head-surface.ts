import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Weight } from '../graph/graph.ts';
import { activate } from '../train/activate.ts';
import type { FeatureMatrix } from '../train/feature-matrix.ts';
import type { HeadWeights } from '../train/head-model.ts';
import { isRight, judgedLoss } from '../train/judge-answer.ts';
import type { Objective } from '../train/losses.ts';
import { tf } from '../train/tf.ts';
import type { Filter } from './directions.ts';
import type { Figures, Slice, Surface } from './surface.ts';

/** A head and the photos it is judged on: their features, standardized as the head takes them. */
export interface HeadOnPhotos {
  readonly head: HeadWeights;
  readonly train: FeatureMatrix;
  readonly val: FeatureMatrix | undefined;
  readonly objective: Objective;
}

interface Layer {
  readonly kernel: { readonly offset: number; readonly shape: readonly [number, number] };
  readonly bias: number;
}

/**
 * The loss of a head on cached features, as a function of all its weights. What the first layer makes of the photos is
 * linear in the weights, so along a slice it is computed once for each direction and added up; a linear head then costs
 * a sum and the loss at each place. TensorFlow.js has to be started.
 */
export function headSurface({ head, train, val, objective }: HeadOnPhotos): Surface & { dispose(): void } {
  const { layers, filters, size } = layout(head);
  const weights = flatten(head, size);
  const columns = layers[0]?.kernel.shape[0] ?? 0;
  const sets = [train, ...(val === undefined ? [] : [val])].map((matrix) => ({
    matrix,
    features: tf.tensor2d(firstColumns(matrix, columns), [matrix.rows, columns]),
  }));
  const activation = { kind: head.activation ?? 'relu' } as const;

  const slice = (directions: readonly Float32Array[]): Slice => {
    const all = [weights, ...directions];
    const first = sets.map(({ features }) => all.map((vector) => firstLayer(features, vector, layers[0])));
    const rest = layers.slice(1).map((layer) => all.map((vector) => tensorsOf(vector, layer)));
    /** All but the first direction, added up: along a row of the plane only the first step changes. */
    let row: { readonly steps: readonly number[]; readonly sums: readonly Tensor[] } | undefined;
    const rowAt = (steps: readonly number[]): readonly Tensor[] => {
      if (row !== undefined && row.steps.every((step, at) => step === steps[at])) return row.sums;
      tf.dispose([...(row?.sums ?? [])]);
      const factors = [1, 0, ...steps];
      row = { steps, sums: first.map((parts) => tf.tidy(() => sum(parts, factors))) };
      return row.sums;
    };
    return {
      at: (step = 0, ...others) => {
        const factors = [1, ...directions.map((_, index) => (index === 0 ? step : (others[index - 1] ?? 0)))];
        const base = rowAt(factors.slice(2));
        const [onTrain, onVal] = sets.map(({ matrix }, index): Figures => {
          const answers = tf.tidy(() => {
            let x = sum(
              [base[index], first[index]?.[1]].filter((part) => part !== undefined),
              [1, step],
            );
            for (const layer of rest) {
              const kernels = layer.map(({ kernel }) => kernel);
              const biases = layer.map(({ bias }) => bias);
              const kernel = sum(kernels, factors) as Tensor2D;
              x = tf.add(tf.matMul(activate(activation, x) as Tensor2D, kernel), sum(biases, factors));
            }
            return x;
          });
          const values = answers.dataSync<'float32'>();
          answers.dispose();
          return judge(values, matrix, objective);
        });
        if (onTrain === undefined) throw new Error('A head has training photos.');
        return { train: onTrain, val: onVal ?? null };
      },
      dispose: () => {
        tf.dispose([...(row?.sums ?? [])]);
        tf.dispose(first);
        tf.dispose(rest.map((layer) => layer.flatMap(({ kernel, bias }) => [kernel, bias])));
      },
    };
  };
  return { weights, filters, slice, dispose: () => tf.dispose(sets.map(({ features }) => features)) };
}

/** All weights of a head behind each other, as a surface has them: layer by layer, kernel before bias. */
export function headVector(head: HeadWeights): Float32Array {
  return flatten(head, layout(head).size);
}

function layout({ layers }: HeadWeights): { layers: Layer[]; filters: Filter[]; size: number } {
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

function shapeOf({ shape }: Weight): readonly [number, number] {
  return [shape[0] ?? 1, shape[1] ?? 1];
}

function flatten({ layers }: HeadWeights, size: number): Float32Array {
  const weights = new Float32Array(size);
  let at = 0;
  for (const { kernel, bias } of layers)
    for (const { data } of [kernel, bias]) {
      weights.set(data, at);
      at += data.length;
    }
  return weights;
}

function firstColumns({ rows, columns, data }: FeatureMatrix, wanted: number): Float32Array {
  if (wanted === columns) return data;
  const part = new Float32Array(rows * wanted);
  for (let row = 0; row < rows; row++)
    part.set(data.subarray(row * columns, row * columns + wanted), row * wanted);
  return part;
}

function tensorsOf(vector: Float32Array, { kernel, bias }: Layer): { kernel: Tensor; bias: Tensor } {
  const { offset, shape } = kernel;
  return {
    kernel: tf.tensor2d(vector.slice(offset, bias), [shape[0], shape[1]]),
    bias: tf.tensor1d(vector.slice(bias, bias + shape[1])),
  };
}

function firstLayer(features: Tensor2D, vector: Float32Array, layer: Layer | undefined): Tensor {
  if (layer === undefined) throw new Error('A head has layers.');
  return tf.tidy(() => {
    const { kernel, bias } = tensorsOf(vector, layer);
    return tf.add(tf.matMul(features, kernel as Tensor2D), bias);
  });
}

/** The sum of tensors of one shape, each so many times. */
function sum(parts: readonly Tensor[], factors: readonly number[]): Tensor {
  const [first, ...others] = parts;
  if (first === undefined) throw new Error('There is nothing to add up.');
  return others.reduce<Tensor>((all, part, index) => {
    const factor = factors[index + 1] ?? 0;
    return factor === 0 ? all : tf.add(all, tf.mul(part, factor));
  }, tf.clone(first)); // free: it shares the numbers
}

function judge(answers: Float32Array, matrix: FeatureMatrix, objective: Objective): Figures {
  const outputs = answers.length / Math.max(1, matrix.rows);
  let loss = 0;
  let right = 0;
  for (let row = 0; row < matrix.rows; row++) {
    loss += judgedLoss(objective, answers, row * outputs, matrix, row, outputs);
    right += isRight(objective, answers, row * outputs, matrix, row, outputs);
  }
  return { loss: loss / matrix.rows, accuracy: right / matrix.rows };
}
