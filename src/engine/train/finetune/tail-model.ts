/** The trainable tail of a backbone with its head, as TensorFlow.js variables. */
import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { HeadActivation } from '../../../contract/train.ts';
import type { BatchNorm, ModelGraph, Weight } from '../../graph/graph.ts';
import { weightKeys, weightOf } from '../../graph/graph.ts';
import { activate } from '../activate.ts';
import type { Standardization } from '../feature-matrix.ts';
import type { HeadWeights } from '../head-model.ts';
import { dropoutMask, dropoutSeed } from '../regularizers.ts';
import { tf } from '../tf.ts';
import { normalizeBatch } from './batch-statistics.ts';
import { forward } from './graph-forward.ts';
import type { ForwardWeights } from './graph-forward.ts';
import type { TailPlan } from './plan.ts';

/** The head that fine-tuning starts from. */
export interface StartingHead {
  readonly weights: HeadWeights;
  /** What its features were standardized with: stays as it is. */
  readonly standardization: Standardization;
  /** It reads the first so many features. */
  readonly columns: number;
}

/** How the tail learns; absent: as it answers. */
export interface TailOptions {
  /** Share of what the head's layers read that is left out in a step. */
  readonly dropout?: number;
  /** Batch norms take the batch's statistics in a step, and the running ones follow them. */
  readonly updateBn?: boolean;
  /** Of dropout. */
  readonly seed?: number;
}

/** A step of training: what is left to chance depends on these alone. */
export interface TailPass {
  readonly step: number;
  /** Which part of the batch it is. */
  readonly part: number;
}

/** One variable, and where it lies in the flat vector of all. */
export interface FlatPart {
  readonly key: string;
  readonly variable: Variable;
  readonly start: number;
  readonly size: number;
  readonly decays: boolean;
  /** Blocks between it and the head; -1: it belongs to the head. */
  readonly depth: number;
}

export interface TailModel {
  /** What gradients are taken of, in the order of the flat vector. */
  readonly parts: readonly FlatPart[];
  /** Running statistics of batch norms that follow the photos, behind all parts in the flat vector. */
  readonly statistics: readonly FlatPart[];
  /** Between the head's layers. */
  readonly activation: HeadActivation;
  /** Length of the flat vector. */
  readonly size: number;
  /**
   * @param x [n, dimension of the frozen part's output]
   * @param pass of training; absent: as it answers
   * @returns [n, classes]; call it in a tidy
   */
  logits(x: Tensor2D, pass?: TailPass): Tensor2D;
  /** All that training changes, one behind the other. */
  read(): Float32Array;
  /** @param flat may end before the statistics, which then stay */
  write(flat: Float32Array): void;
  dispose(): void;
}

let made = 0;

/**
 * @param graph the plan's trunk, with its batch norms
 * @param options how it learns
 * @param constant told of each tensor that never changes, which some backends compile into the network
 */
export function createTail(
  graph: ModelGraph,
  plan: TailPlan,
  head: StartingHead,
  { dropout = 0, updateBn = false, seed = 0 }: TailOptions = {},
  constant: (tensor: Tensor) => Tensor = (tensor) => tensor,
): TailModel {
  made += 1;
  const prefix = `tail${made}`;
  const parts: FlatPart[] = [];
  const statistics: FlatPart[] = [];
  let size = 0;
  const tensors = new Map<string, Tensor>();
  const addPart = (
    key: string,
    { shape, data }: Weight,
    decays: boolean,
    depth: number,
    among = parts,
  ): Variable => {
    const learns = among === parts;
    const variable = tf.tidy(() => tf.variable(shaped(data, shape), learns, `${prefix}/${key}`));
    among.push({ key, variable, start: size, size: data.length, decays, depth });
    size += data.length;
    tensors.set(key, variable);
    return variable;
  };
  for (const { key, decays, depth } of plan.trained) addPart(key, weightOf(graph, key), decays, depth);
  const layers = head.weights.layers.map(({ kernel, bias }, index) => {
    const columns = kernel.shape[1] ?? 1;
    // Features that the head doesn't read have no weights to train.
    const rows = index === 0 ? Math.min(head.columns, kernel.shape[0] ?? 0) : (kernel.shape[0] ?? 0);
    const used = { shape: [rows, columns], data: kernel.data.slice(0, rows * columns) };
    return {
      kernel: addPart(`head/${index}/kernel`, used, true, -1) as Tensor2D,
      bias: addPart(`head/${index}/bias`, bias, false, -1),
    };
  });

  const norms = plan.nodes.filter((node) => node.op === 'batch-norm');
  if (updateBn)
    for (const { mean, variance } of norms)
      for (const key of [mean, variance])
        if (!tensors.has(key)) addPart(key, weightOf(graph, key), false, 0, statistics);

  const constants: Tensor[] = [];
  const keep = (data: Float32Array, shape: readonly number[]): Tensor => {
    const tensor = constant(tf.tensor(data, [...shape]));
    constants.push(tensor);
    return tensor;
  };
  const inverses = new Map<string, Tensor>();
  for (const node of plan.nodes) {
    for (const key of weightKeys(node)) {
      if (tensors.has(key) || (node.op === 'batch-norm' && key === node.variance)) continue;
      const { shape, data } = weightOf(graph, key);
      tensors.set(key, keep(data, shape));
    }
    if (node.op !== 'batch-norm' || updateBn) continue;
    const { data, shape } = weightOf(graph, node.variance);
    inverses.set(
      node.name,
      keep(
        data.map((variance) => 1 / Math.sqrt(variance + node.epsilon)),
        shape,
      ),
    );
  }
  const tensor = (key: string): Tensor => found(tensors.get(key), key);
  const weights: ForwardWeights = {
    tensor,
    inverseDeviation: (node: BatchNorm) =>
      updateBn
        ? tf.rsqrt(tf.add(tensor(node.variance), node.epsilon))
        : found(inverses.get(node.name), node.name),
  };
  const running = new Map(statistics.map(({ key, variable }) => [key, variable]));
  const byBatch = (step: number): ForwardWeights => ({
    ...weights,
    normalize: (node, x) => normalizeBatch(node, x, running, step),
  });
  const { mean, scale } = head.standardization;
  const means = keep(mean.slice(0, head.columns), [head.columns]);
  const factor: Scalar = constant(tf.scalar(1 / scale)) as Scalar;
  constants.push(factor);
  const last = layers.length - 1;
  const activation = head.weights.activation ?? 'relu';
  const drop = (y: Tensor2D, layer: number, pass: TailPass | undefined): Tensor2D => {
    if (pass === undefined || dropout === 0) return y;
    const chance = dropoutSeed(seed, pass.step, layer + layers.length * pass.part);
    return tf.mul(y, dropoutMask(y.shape, dropout, chance));
  };

  return {
    parts,
    statistics,
    activation,
    size,
    logits(x, pass) {
      const known = new Map<string, Tensor>();
      for (const { name, shape, start, size: width } of plan.crossings) {
        const columns = width === plan.dimension ? x : tf.slice(x, [0, start], [-1, width]);
        known.set(name, tf.reshape(columns, [x.shape[0], ...shape]));
      }
      const [features] = forward(
        plan.nodes,
        known,
        updateBn && pass !== undefined ? byBatch(pass.step) : weights,
        [plan.output],
      );
      let y = features as Tensor2D;
      if (y.shape[1] !== head.columns) y = tf.slice(y, [0, 0], [-1, head.columns]);
      y = tf.mul(tf.sub(y, means), factor);
      if (last === 0) y = drop(y, 0, pass);
      layers.forEach(({ kernel, bias }, index) => {
        y = tf.add(tf.matMul(y, kernel), bias);
        if (index < last) y = drop(activate({ kind: activation }, y) as Tensor2D, index, pass);
      });
      return y;
    },
    read() {
      const flat = new Float32Array(size);
      for (const { variable, start } of [...parts, ...statistics])
        flat.set(variable.dataSync<'float32'>(), start);
      return flat;
    },
    write(flat) {
      tf.tidy(() => {
        for (const { variable, start, size: length } of [...parts, ...statistics])
          if (start < flat.length) variable.assign(shaped(flat.slice(start, start + length), variable.shape));
      });
    },
    dispose() {
      for (const { variable } of [...parts, ...statistics]) variable.dispose();
      for (const tensor of constants) tensor.dispose();
    },
  };
}

/**
 * Numbers as a tensor the way the flat optimizer leaves them, a reshaped vector: so the first step is traced into the
 * same graph as all that follow, and is not compiled for itself alone.
 */
function shaped(data: Float32Array, shape: readonly number[]): Tensor {
  return tf.reshape(tf.tensor1d(data), [...shape]);
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`The tail has no weight "${name}".`);
  return value;
}

/** What a flat vector of trained weights says of the backbone and of the head. */
export interface TunedWeights {
  readonly backbone: ReadonlyMap<string, Weight>;
  readonly head: HeadWeights;
}

/** Takes a flat vector apart. @param model says where each weight lies */
export function splitFlat(
  model: Pick<TailModel, 'parts' | 'statistics' | 'activation'>,
  flat: Float32Array,
): TunedWeights {
  const backbone = new Map<string, Weight>();
  const layers: { kernel: Weight; bias: Weight }[] = [];
  let kernel: Weight | undefined;
  for (const { key, variable, start, size, depth } of [...model.parts, ...model.statistics]) {
    const weight = { shape: [...variable.shape], data: flat.slice(start, start + size) };
    if (depth >= 0) backbone.set(key, weight);
    else if (kernel === undefined) kernel = weight;
    else {
      layers.push({ kernel, bias: weight });
      kernel = undefined;
    }
  }
  const { activation } = model;
  return { backbone, head: { layers, ...(activation === 'relu' ? {} : { activation }) } };
}

/** The graph with some of its weights exchanged; everything else is the same object as before. */
export function withWeights(graph: ModelGraph, weights: ReadonlyMap<string, Weight>): ModelGraph {
  return { ...graph, weights: new Map([...graph.weights, ...weights]) };
}
