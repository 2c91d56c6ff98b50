/** What the measurement runs: a network of MobileNetV2's shape with random weights. */
import type * as Tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../data/random.ts';
import type { GraphNode, ModelGraph, Pair, Weight } from '../graph/graph.ts';

type TfCore = typeof Tf;

/** MobileNetV2's stages (Sandler et al. 2018, table 2): expansion, channels, repetitions, stride of the first. */
export const mobileNetStages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

const fullLast = 1280;

/**
 * MobileNetV2 1.0 up to its class scores, batch norm folded into the convolutions.
 *
 * @param side of the square photos, in pixels
 * @param classes how many scores it ends in
 * @param width factor of all numbers of channels
 */
export function mobileNet(side = 224, classes = 10, width = 1): ModelGraph {
  const channels = (full: number): number => Math.max(1, Math.round(full * width));
  const random = seededRandom(2);
  const weights = new Map<string, Weight>();
  const nodes: GraphNode[] = [];
  const add = (node: GraphNode): string => {
    nodes.push(node);
    return node.name;
  };
  /** He initialization keeps the numbers in the range of a trained network. */
  const weight = (key: string, shape: readonly number[], fanIn: number): string => {
    const length = shape.reduce((a, b) => a * b, 1);
    const scale = fanIn === 0 ? 0 : Math.sqrt(2 / fanIn);
    weights.set(key, { shape, data: Float32Array.from({ length }, () => scale * random.normal()) });
    return key;
  };
  const strided = (kernel: number, stride: number) => {
    const [before, after] = kernel === 1 ? [0, 0] : stride === 1 ? [1, 1] : [0, 1];
    return {
      strides: [stride, stride] as Pair,
      dilations: [1, 1] as Pair,
      pads: [before, before, after, after] as const,
    };
  };
  const relu6 = (name: string, from: string): string =>
    add({ op: 'activation', name, kind: 'relu6', inputs: [from] });
  const conv = (name: string, from: string, cin: number, cout: number, kernel: number, stride = 1): string =>
    add({
      op: 'conv2d',
      name,
      inputs: [from],
      kernel: weight(`${name}/kernel`, [kernel, kernel, cin, cout], kernel * kernel * cin),
      bias: weight(`${name}/bias`, [cout], 0),
      groups: 1,
      ...strided(kernel, stride),
    });
  const depthwise = (name: string, from: string, c: number, stride: number): string =>
    add({
      op: 'depthwise-conv2d',
      name,
      inputs: [from],
      kernel: weight(`${name}/kernel`, [3, 3, c, 1], 9),
      bias: weight(`${name}/bias`, [c], 0),
      ...strided(3, stride),
    });

  let x = relu6('stem/relu6', conv('stem', 'photos', 3, channels(32), 3, 2));
  let cin = channels(32);
  let block = 0;
  for (const [expansion, full, repetitions, first] of mobileNetStages)
    for (let i = 0; i < repetitions; i += 1) {
      const name = `block${block++}`;
      const stride = i === 0 ? first : 1;
      const cout = channels(full);
      const expanded = cin * expansion;
      let y = x;
      if (expansion > 1) y = relu6(`${name}/expand/relu6`, conv(`${name}/expand`, y, cin, expanded, 1));
      y = relu6(`${name}/depthwise/relu6`, depthwise(`${name}/depthwise`, y, expanded, stride));
      y = conv(`${name}/project`, y, expanded, cout, 1);
      x = stride === 1 && cin === cout ? add({ op: 'add', name, inputs: [x, y] }) : y;
      cin = cout;
    }
  const last = channels(fullLast);
  x = relu6('top/relu6', conv('top', x, cin, last, 1));
  add({ op: 'global-average-pool', name: 'pool', inputs: [x], keepDims: false });
  add({
    op: 'dense',
    name: 'scores',
    inputs: ['pool'],
    kernel: weight('scores/kernel', [last, classes], last),
    bias: weight('scores/bias', [classes], 0),
  });
  return { input: { name: 'photos', shape: [side, side, 3] }, nodes, outputs: ['scores'], weights };
}

/**
 * Runs {@link mobileNet} in TensorFlow.js.
 *
 * @param variables its weights by key
 * @param photos [n, side, side, 3]
 * @returns [n, classes]
 */
export function runMobileNet(
  tf: TfCore,
  graph: ModelGraph,
  variables: ReadonlyMap<string, Tf.Tensor>,
  photos: Tf.Tensor4D,
): Tf.Tensor2D {
  const tensors = new Map<string, Tf.Tensor>([[graph.input.name, photos]]);
  const get = (from: ReadonlyMap<string, Tf.Tensor>, name = ''): Tf.Tensor => {
    const tensor = from.get(name);
    if (tensor === undefined) throw new Error(`The measured network has no tensor "${name}".`);
    return tensor;
  };
  const compute = (node: GraphNode): Tf.Tensor => {
    const x = get(tensors, node.inputs[0]) as Tf.Tensor4D;
    switch (node.op) {
      case 'conv2d':
        return tf.add(
          tf.conv2d(x, get(variables, node.kernel) as Tf.Tensor4D, [...node.strides], 'same'),
          get(variables, node.bias),
        );
      case 'depthwise-conv2d':
        return tf.add(
          tf.depthwiseConv2d(x, get(variables, node.kernel) as Tf.Tensor4D, [...node.strides], 'same'),
          get(variables, node.bias),
        );
      case 'activation':
        return tf.relu6(x);
      case 'add':
        return tf.add(x, get(tensors, node.inputs[1]));
      case 'global-average-pool':
        return tf.mean(x, [1, 2]);
      case 'dense':
        return tf.add(tf.matMul(x, get(variables, node.kernel)), get(variables, node.bias));
      default:
        throw new Error(`The measured network has no "${node.op}".`);
    }
  };
  for (const node of graph.nodes) tensors.set(node.name, compute(node));
  return get(tensors, graph.outputs[0]) as Tf.Tensor2D;
}
