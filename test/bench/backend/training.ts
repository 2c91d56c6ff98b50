/** Inference and training steps through TensorFlow.js, as recipe `finetune` makes them. */
import type { Rank, Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { weightKeys, weightOf } from '../../../src/engine/graph/graph.ts';
import type { GraphNode, ModelGraph } from '../../../src/engine/graph/graph.ts';
import { createFlatOptimizer } from '../../../src/engine/train/finetune/flat-optimizer.ts';
import { forward, type ForwardWeights } from '../../../src/engine/train/finetune/graph-forward.ts';
import type { FlatPart } from '../../../src/engine/train/finetune/tail-model.ts';
import { constantTensor, tf } from '../../../src/engine/train/tf.ts';

/** Numbers as photos have them, -1 to 1. */
export const pixels = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * 7919) % 255) / 127.5 - 1);

interface Loaded {
  readonly weights: ForwardWeights;
  readonly parts: readonly FlatPart[];
  readonly dispose: () => void;
}

let loaded = 0;

/**
 * Brings a network's weights to the backend in use.
 *
 * @param isTrained whether a node's weights are variables; statistics of batch norms never are
 */
function load(nodes: readonly GraphNode[], graph: ModelGraph, isTrained: (index: number) => boolean): Loaded {
  loaded += 1;
  const tensors = new Map<string, Tensor>();
  const inverses = new Map<string, Tensor>();
  const parts: FlatPart[] = [];
  let start = 0;
  nodes.forEach((node, index) => {
    for (const key of weightKeys(node)) {
      const { data, shape } = weightOf(graph, key);
      const isStatistic = node.op === 'batch-norm' && (key === node.mean || key === node.variance);
      if (isStatistic || !isTrained(index)) {
        tensors.set(key, constantTensor(tf.tensor(data.slice(), [...shape])));
        continue;
      }
      const variable: Variable = tf.tidy(() =>
        tf.variable(tf.reshape(tf.tensor1d(data.slice()), [...shape]), true, `bench${loaded}/${key}`),
      );
      tensors.set(key, variable);
      parts.push({ key, variable, start, size: data.length, decays: false, depth: 0 });
      start += data.length;
    }
    if (node.op !== 'batch-norm') return;
    const { data } = weightOf(graph, node.variance);
    const inverse = data.map((variance) => 1 / Math.sqrt(variance + node.epsilon));
    inverses.set(node.name, constantTensor(tf.tensor1d(inverse)));
  });
  const found = (tensor: Tensor | undefined, name: string): Tensor => {
    if (tensor === undefined) throw new Error(`The measured network has no weight "${name}".`);
    return tensor;
  };
  return {
    weights: {
      tensor: (key) => found(tensors.get(key), key),
      inverseDeviation: ({ name }) => found(inverses.get(name), name),
    },
    parts,
    dispose: () => tf.dispose([...tensors.values(), ...inverses.values()]),
  };
}

export interface Runner<T> {
  run(): T;
  dispose(): void;
}

/** Inference of a batch, from numbers to numbers, on the backend in use. */
export function createInference(graph: ModelGraph, batch: number): Runner<Float32Array> {
  const { weights, dispose } = load(graph.nodes, graph, () => false);
  const shape: [number, number, number, number] = [batch, ...graph.input.shape];
  const photos = pixels(shape.reduce((a, b) => a * b, 1));
  return {
    run: () => {
      const scores = tf.tidy(() => {
        const known = new Map<string, Tensor>([[graph.input.name, tf.tensor4d(photos, shape)]]);
        return forward(graph.nodes, known, weights, graph.outputs)[0] as Tensor2D;
      });
      // Read outside: what a tidy still holds would be computed for its own sake.
      const numbers = scores.dataSync<'float32'>();
      scores.dispose();
      return numbers;
    },
    dispose,
  };
}

export interface StepOptions {
  readonly batch: number;
  /** Nodes before this one are frozen: computed, but not trained. */
  readonly trainFrom: number;
  /** Starts behind the frozen nodes, at the tensor of this name, whose shape without the batch axis comes with it. */
  readonly cached?: { readonly name: string; readonly shape: readonly number[] };
}

/** A training step on the backend in use: forward, cross-entropy, backward, Adam over one flat vector, one read. */
export function createStep(
  graph: ModelGraph,
  { batch, trainFrom, cached }: StepOptions,
): Runner<{ loss: number }> {
  const nodes = cached === undefined ? graph.nodes : graph.nodes.slice(trainFrom);
  const firstTrained = cached === undefined ? trainFrom : 0;
  const { weights, parts, dispose } = load(nodes, graph, (index) => index >= firstTrained);
  const optimizer = createFlatOptimizer(
    parts,
    {
      kind: 'adam',
      rates: {
        learningRate: 1e-4,
        headLearningRate: 1e-4,
        layerDecay: 1,
        weightDecay: 0,
        headWeightDecay: 0,
      },
      clip: Infinity,
      ema: 0,
    },
    constantTensor,
  );
  const { name, shape } = cached ?? graph.input;
  const full = [batch, ...shape];
  const data = pixels(full.reduce((a, b) => a * b, 1));
  const [output = ''] = graph.outputs;
  const classes = weightOf(graph, `${output}/bias`).data.length;
  const labels = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) labels[i * classes + (i % classes)] = 1;
  const variables = parts.map(({ variable }) => variable);
  return {
    run: () => {
      const read = tf.tidy(() => {
        const x = tf.tensor<Rank>(data, full);
        const wanted = tf.tensor2d(labels, [batch, classes]);
        const { value, grads } = tf.variableGrads(() => {
          const [scores] = forward(nodes, new Map<string, Tensor>([[name, x]]), weights, [output]);
          const likelihood = tf.mul(tf.logSoftmax(scores as Tensor2D), wanted);
          return tf.neg(tf.div(tf.sum<Scalar>(likelihood), batch));
        }, variables);
        const norm = optimizer.step(grads, 1);
        return tf.concat1d([tf.reshape(value, [1]), tf.reshape(norm, [1])]);
      });
      // Read outside: what a tidy still holds would be computed for its own sake.
      const [loss = Number.NaN] = read.dataSync<'float32'>();
      read.dispose();
      return { loss };
    },
    dispose() {
      optimizer.dispose();
      dispose();
    },
  };
}
