/** The trainable tail of a backbone with its head, as TensorFlow.js variables. */
import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { BatchNorm, ModelGraph, Weight } from '../../graph/graph.ts';
import { weightKeys, weightOf } from '../../graph/graph.ts';
import type { Standardization } from '../feature-matrix.ts';
import type { HeadWeights } from '../head-model.ts';
import { tf } from '../tf.ts';
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
  /** In the order of the flat vector. */
  readonly parts: readonly FlatPart[];
  /** Length of the flat vector. */
  readonly size: number;
  /** @param x [n, dimension of the frozen part's output] @returns [n, classes]; call it in a tidy */
  logits(x: Tensor2D): Tensor2D;
  /** All trained weights behind each other. */
  read(): Float32Array;
  write(flat: Float32Array): void;
  dispose(): void;
}

let made = 0;

/**
 * @param graph the plan's trunk, with its batch norms
 * @param constant told of each tensor that never changes, which some backends compile into the network
 */
export function createTail(
  graph: ModelGraph,
  plan: TailPlan,
  head: StartingHead,
  constant: (tensor: Tensor) => Tensor = (tensor) => tensor,
): TailModel {
  made += 1;
  const prefix = `tail${made}`;
  const parts: FlatPart[] = [];
  let size = 0;
  const tensors = new Map<string, Tensor>();
  const addPart = (key: string, { shape, data }: Weight, decays: boolean, depth: number): Variable => {
    const variable = tf.tidy(() => tf.variable(shaped(data, shape), true, `${prefix}/${key}`));
    parts.push({ key, variable, start: size, size: data.length, decays, depth });
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
    if (node.op !== 'batch-norm') continue;
    const { data, shape } = weightOf(graph, node.variance);
    inverses.set(
      node.name,
      keep(
        data.map((variance) => 1 / Math.sqrt(variance + node.epsilon)),
        shape,
      ),
    );
  }
  const weights: ForwardWeights = {
    tensor: (key) => found(tensors.get(key), key),
    inverseDeviation: (node: BatchNorm) => found(inverses.get(node.name), node.name),
  };
  const { mean, scale } = head.standardization;
  const means = keep(mean.slice(0, head.columns), [head.columns]);
  const factor: Scalar = constant(tf.scalar(1 / scale)) as Scalar;
  constants.push(factor);
  const last = layers.length - 1;

  return {
    parts,
    size,
    logits(x) {
      const known = new Map<string, Tensor>();
      for (const { name, shape, start, size: width } of plan.crossings) {
        const columns = width === plan.dimension ? x : tf.slice(x, [0, start], [-1, width]);
        known.set(name, tf.reshape(columns, [x.shape[0], ...shape]));
      }
      const [features] = forward(plan.nodes, known, weights, [plan.output]);
      let y = features as Tensor2D;
      if (y.shape[1] !== head.columns) y = tf.slice(y, [0, 0], [-1, head.columns]);
      y = tf.mul(tf.sub(y, means), factor);
      layers.forEach(({ kernel, bias }, index) => {
        y = tf.add(tf.matMul(y, kernel), bias);
        if (index < last) y = tf.relu(y);
      });
      return y;
    },
    read() {
      const flat = new Float32Array(size);
      for (const { variable, start } of parts) flat.set(variable.dataSync<'float32'>(), start);
      return flat;
    },
    write(flat) {
      tf.tidy(() => {
        for (const { variable, start, size: length } of parts)
          variable.assign(shaped(flat.slice(start, start + length), variable.shape));
      });
    },
    dispose() {
      for (const { variable } of parts) variable.dispose();
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
export function splitFlat(model: Pick<TailModel, 'parts'>, flat: Float32Array): TunedWeights {
  const backbone = new Map<string, Weight>();
  const layers: { kernel: Weight; bias: Weight }[] = [];
  let kernel: Weight | undefined;
  for (const { key, variable, start, size, depth } of model.parts) {
    const weight = { shape: [...variable.shape], data: flat.slice(start, start + size) };
    if (depth >= 0) backbone.set(key, weight);
    else if (kernel === undefined) kernel = weight;
    else {
      layers.push({ kernel, bias: weight });
      kernel = undefined;
    }
  }
  return { backbone, head: { layers } };
}

/** The graph with some of its weights exchanged; everything else is the same object as before. */
export function withWeights(graph: ModelGraph, weights: ReadonlyMap<string, Weight>): ModelGraph {
  return { ...graph, weights: new Map([...graph.weights, ...weights]) };
}
