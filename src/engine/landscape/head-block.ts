import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { HeadActivation } from '../../contract/train.ts';
import { activate } from '../train/activate.ts';
import type { FeatureMatrix } from '../train/feature-matrix.ts';
import { isRight, judgedLoss } from '../train/judge-answer.ts';
import type { Objective } from '../train/losses.ts';
import { tf } from '../train/tf.ts';
import type { Layer } from './head-layout.ts';

/** All that a block is measured by; plain data, which a thread can be given. */
export interface HeadTask {
  readonly layers: readonly Layer[];
  readonly activation: HeadActivation;
  readonly objective: Objective;
  /** Standardized features; the head may read only the first columns of them. */
  readonly sets: readonly FeatureMatrix[];
}

/** Photos of one set, from a row on up to another one. */
export interface Block {
  readonly set: number;
  readonly from: number;
  readonly to: number;
}

/** What a block's photos add to the figures of its set. */
export interface Share {
  readonly loss: number;
  readonly right: number;
}

/**
 * Some photos on a slice through a head's weights. Whatever is linear in the weights is computed once for the solution
 * and once for each direction, and only added up at each place: what the first layer makes of the photos, and the
 * weights of later layers. A linear head then costs a sum and the loss, another one what its later layers cost.
 * TensorFlow.js has to be started.
 */
export class BlockOnSlice {
  readonly #task: HeadTask;
  readonly #photos: FeatureMatrix;
  readonly #features: Tensor2D;
  /** The solution, then the directions. */
  readonly #vectors: readonly Float32Array[];
  readonly #linear: readonly Linear[];

  constructor(task: HeadTask, block: Block, vectors: readonly Float32Array[]) {
    this.#task = task;
    this.#vectors = vectors;
    this.#photos = photosOf(task, block);
    const { rows, columns, data } = this.#photos;
    this.#features = tf.tensor2d(data, [rows, columns]);
    this.#linear = task.layers.flatMap((layer, at) =>
      at === 0
        ? [
            new Linear((index) =>
              tf.add(tf.matMul(this.#features, this.#kernel(layer, index)), this.#bias(layer, index)),
            ),
          ]
        : [
            new Linear((index) => this.#kernel(layer, index)),
            new Linear((index) => this.#bias(layer, index)),
          ],
    );
  }

  /** @param steps along each of the directions; what is missing is 0 */
  at(steps: readonly number[]): Share {
    const factors = this.#vectors.map((_, index) => (index === 0 ? 1 : (steps[index - 1] ?? 0)));
    const answers = tf.tidy(() => {
      const [first, ...weights] = this.#linear.map((part) => part.at(factors));
      if (first === undefined) throw new Error('A head has layers.');
      let x = first;
      for (let at = 0; at + 1 < weights.length; at += 2) {
        const [kernel, bias] = [weights[at] as Tensor2D, weights[at + 1] as Tensor];
        x = tf.add(tf.matMul(activate({ kind: this.#task.activation }, x) as Tensor2D, kernel), bias);
      }
      return x;
    });
    const values = answers.dataSync<'float32'>();
    answers.dispose();
    return this.#judged(values);
  }

  dispose(): void {
    this.#features.dispose();
    for (const part of this.#linear) part.dispose();
  }

  #kernel({ kernel, bias }: Layer, index: number): Tensor2D {
    return tf.tensor2d(this.#vector(index).slice(kernel.offset, bias), [...kernel.shape]);
  }

  #bias({ kernel, bias }: Layer, index: number): Tensor {
    return tf.tensor1d(this.#vector(index).slice(bias, bias + kernel.shape[1]));
  }

  #vector(index: number): Float32Array {
    const vector = this.#vectors[index];
    if (vector === undefined) throw new Error('There is no such direction.');
    return vector;
  }

  #judged(answers: Float32Array): Share {
    const { objective } = this.#task;
    const { rows } = this.#photos;
    const outputs = answers.length / Math.max(1, rows);
    let loss = 0;
    let right = 0;
    for (let row = 0; row < rows; row++) {
      loss += judgedLoss(objective, answers, row * outputs, this.#photos, row, outputs);
      right += isRight(objective, answers, row * outputs, this.#photos, row, outputs);
    }
    return { loss, right };
  }
}

/** The block's photos, with the columns that the head reads. */
function photosOf({ layers, sets }: HeadTask, { set, from, to }: Block): FeatureMatrix {
  const matrix = sets[set];
  if (matrix === undefined) throw new Error('There is no such set of photos.');
  const columns = layers[0]?.kernel.shape[0] ?? 0;
  const data = new Float32Array((to - from) * columns);
  for (let row = from; row < to; row++) {
    const start = row * matrix.columns;
    data.set(matrix.data.subarray(start, start + columns), (row - from) * columns);
  }
  const { labels, targets } = matrix;
  const outputs = (targets?.length ?? 0) / matrix.rows;
  return {
    rows: to - from,
    columns,
    data,
    labels: labels.subarray(from, to),
    ...(targets === undefined ? {} : { targets: targets.subarray(from * outputs, to * outputs) }),
  };
}

/** A tensor that is linear in the weights, at any place of a slice. */
class Linear {
  readonly #make: (index: number) => Tensor;
  /** For the solution, and for each direction that was needed. */
  readonly #parts = new Map<number, Tensor>();
  /** All but the first direction, added up: along a row of a plane only the first step changes. */
  #row: { readonly steps: string; readonly sum: Tensor } | undefined;

  /** @param make what the solution (0) or a direction (1, 2, ...) adds */
  constructor(make: (index: number) => Tensor) {
    this.#make = make;
  }

  /** @param factors of the solution and each direction @returns a tensor of the tidy that this is called in */
  at(factors: readonly number[]): Tensor {
    const steps = factors.slice(2).join();
    if (this.#row?.steps !== steps) {
      tf.dispose(this.#row?.sum);
      let sum = tf.clone(this.#part(0));
      for (let index = 2; index < factors.length; index++) sum = this.#add(sum, index, factors[index] ?? 0);
      this.#row = { steps, sum: tf.keep(sum) };
    }
    return this.#add(this.#row.sum, 1, factors[1] ?? 0);
  }

  dispose(): void {
    tf.dispose(this.#row?.sum);
    tf.dispose([...this.#parts.values()]);
  }

  /** A tensor of its own, even where nothing is added: that is free, for it shares the numbers. */
  #add(all: Tensor, index: number, factor: number): Tensor {
    return factor === 0 ? tf.clone(all) : tf.add(all, tf.mul(this.#part(index), factor));
  }

  #part(index: number): Tensor {
    let part = this.#parts.get(index);
    if (part === undefined) {
      part = tf.keep(tf.tidy(() => this.#make(index)));
      this.#parts.set(index, part);
    }
    return part;
  }
}
