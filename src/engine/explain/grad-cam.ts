/**
 * Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
 * ICCV 2017, https://arxiv.org/abs/1610.02391.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { createSession } from '../devices/onnx-session.ts';
import { argmax } from '../evaluate/confusion.ts';
import { softmaxRows } from '../evaluate/calibration.ts';
import { sigmoids } from '../evaluate/logistic.ts';
import { cutAt } from '../graph/cut.ts';
import { exportOnnx } from '../graph/export-onnx.ts';
import { weightKeys, weightOf } from '../graph/graph.ts';
import type { BatchNorm, GraphNode, ModelGraph } from '../graph/graph.ts';
import { forward } from '../train/finetune/graph-forward.ts';
import type { ForwardWeights } from '../train/finetune/graph-forward.ts';
import { readAndDispose } from '../train/finetune/read-and-dispose.ts';
import { constantTensor, startTfOnOnnxRuntime, tf } from '../train/tf.ts';
import { positiveShare, resized } from './heat-map.ts';
import type { HeatMap } from './heat-map.ts';
import { divideAtLastMaps } from './last-maps.ts';
import type { FeatureMap, MapsAndScores } from './last-maps.ts';

/** Where a network looked. */
export interface Looked {
  /** The class that is explained. */
  readonly class: number;
  readonly probability: number;
  /** Importance 0..1 over what the model sees. */
  readonly map: HeatMap;
}

export interface GradCam {
  /** The feature maps that are explained together. */
  readonly maps: readonly FeatureMap[];
  /**
   * @param pixels RGB uint8 [height, width, 3] at the model's size
   * @param of index of the class to explain; absent: the model's answer
   */
  explain(pixels: Uint8Array, of?: number): Promise<Looked>;
  /** Frees what it holds. */
  release(): Promise<void>;
}

/**
 * Makes a network ready to be explained. The part up to its last spatial maps runs as ONNX; the rest is run by
 * TensorFlow.js on ONNX Runtime, which has the gradient.
 *
 * For one map A with channels k and a class score s (before softmax) the importance at a place is
 * `relu(sum over k of a_k A_k)` with `a_k` the mean of `ds/dA_k` over all places. A head that reads several maps,
 * averaged, is explained by all of them: each one's weighted sum, with the others held fixed, counts by its share of
 * the photo (times its number of cells), is brought to the finest one's size, and all are added before the relu. With
 * a linear head that sum is how each place adds to the score.
 *
 * @param graph a classifier that takes RGB 0..255
 * @param at the map to explain, by the name of its tensor; absent: the last ones
 * @returns undefined for a network that has no spatial map: see `occlusion`
 * @throws HolotypeError as `divideAtLastMaps` and `createSession`
 */
export async function openGradCam(graph: ModelGraph, at?: string): Promise<GradCam | undefined> {
  const divided = divideAtLastMaps(graph, at);
  if (divided === undefined) return undefined;
  const { maps, given, nodes, scores } = divided;
  await startTfOnOnnxRuntime();
  const names = [...maps, ...given].map(({ name }) => name);
  const session = await createSession(exportOnnx(cutAt(graph, names), { inputType: 'uint8' }));
  const { weights, dispose } = constantWeights(graph, nodes);
  const [height, width] = graph.input.shape;
  // Each label has a probability of its own.
  const labels = graph.nodes.some(
    (node) => node.op === 'activation' && node.kind === 'sigmoid' && node.inputs[0] === scores,
  );

  /** Class scores of maps, differentiable in them; call it in a tidy. */
  const score = (tensors: readonly Tensor[], others: readonly Tensor[]): Tensor1D => {
    const known = new Map([...tensors, ...others].map((tensor, i) => [names[i] ?? '', tensor]));
    const [result] = forward(nodes, known, weights, [scores]);
    return tf.reshape(result as Tensor, [-1]);
  };

  return {
    maps,
    async explain(pixels, of) {
      const values = await session.run(pixels.slice(), [1, height, width, 3]);
      // Somebody else in this process may have chosen another backend meanwhile.
      await startTfOnOnnxRuntime();
      const all = tensorsOf(divided, values);
      const tensors = all.slice(0, maps.length);
      const others = all.slice(maps.length);
      try {
        const scored = readAndDispose(tf.tidy(() => score(tensors, others)));
        const explained = of ?? argmax(scored);
        const sums = tf.tidy(() => {
          const wanted = tf.tensor1d(scored.map((_, index) => (index === explained ? 1 : 0)));
          const gradients = tf.grads((...inputs) => tf.sum(tf.mul(score(inputs, others), wanted)))(tensors);
          return gradients.map((gradient, index) => {
            const weight = tf.mean(gradient, [1, 2], true);
            return tf.sum(tf.mul(tensors[index] as Tensor, weight), -1);
          });
        });
        const cams = sums.map((sum, index): HeatMap => {
          const { rows, columns } = maps[index] as FeatureMap;
          return { rows, columns, values: readAndDispose(sum) };
        });
        return {
          class: explained,
          probability: (labels ? sigmoids(scored) : softmaxRows(scored, scored.length))[explained] ?? 0,
          map: positiveShare(added(cams)),
        };
      } finally {
        tf.dispose(all);
      }
    },
    async release() {
      dispose();
      await session.release();
    },
  };
}

function tensorsOf({ maps, given }: MapsAndScores, values: readonly Float32Array[]): Tensor[] {
  const shapes = [
    ...maps.map(({ rows, columns, channels }) => [rows, columns, channels]),
    ...given.map(({ shape }) => shape),
  ];
  return shapes.map((shape, index) => tf.tensor(values[index] ?? new Float32Array(), [1, ...shape]));
}

/** The sum of several maps by their shares of the photo, at the size of the finest. */
function added(maps: readonly HeatMap[]): HeatMap {
  const [first, ...others] = maps;
  if (first === undefined || others.length === 0)
    return first ?? { rows: 0, columns: 0, values: new Float32Array() };
  const rows = Math.max(...maps.map((map) => map.rows));
  const columns = Math.max(...maps.map((map) => map.columns));
  const values = new Float32Array(rows * columns);
  for (const map of maps) {
    const cells = map.rows * map.columns;
    for (const [index, value] of resized(map, rows, columns).values.entries())
      values[index] = (values[index] as number) + cells * value;
  }
  return { rows, columns, values };
}

/** The weights of nodes as tensors that never change. */
function constantWeights(
  graph: ModelGraph,
  nodes: readonly GraphNode[],
): { readonly weights: ForwardWeights; readonly dispose: () => void } {
  const tensors = new Map<string, Tensor>();
  const keep = (key: string, data: Float32Array, shape: readonly number[]): void => {
    if (!tensors.has(key)) tensors.set(key, constantTensor(tf.tensor(data, [...shape])));
  };
  const inverse = (node: BatchNorm): string => `${node.name} 1/deviation`;
  for (const node of nodes) {
    for (const key of weightKeys(node)) keep(key, weightOf(graph, key).data, weightOf(graph, key).shape);
    if (node.op !== 'batch-norm') continue;
    const { data, shape } = weightOf(graph, node.variance);
    keep(
      inverse(node),
      data.map((variance) => 1 / Math.sqrt(variance + node.epsilon)),
      shape,
    );
  }
  const found = (key: string): Tensor => {
    const tensor = tensors.get(key);
    if (tensor === undefined) throw new Error(`There is no weight "${key}" behind the maps.`);
    return tensor;
  };
  return {
    weights: { tensor: found, inverseDeviation: (node) => found(inverse(node)) },
    dispose: () => {
      for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}
