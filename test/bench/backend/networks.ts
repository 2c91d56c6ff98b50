/** The networks that are measured: random weights, batch norms as layers of their own. */
import { mobileNet } from '../../../src/engine/devices/bench-network.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import type { GraphNode, ModelGraph, Pair, Weight } from '../../../src/engine/graph/graph.ts';

const epsilon = 1e-5;
const classes = 10;

/** Collects nodes and weights. */
class Builder {
  readonly weights = new Map<string, Weight>();
  readonly nodes: GraphNode[] = [];
  readonly #random = seededRandom(50);

  add(node: GraphNode): string {
    this.nodes.push(node);
    return node.name;
  }

  /** @param value of the element's number drawn from a standard normal distribution */
  weight(key: string, shape: readonly number[], value: (normal: number) => number): string {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length }, () => value(this.#random.normal()));
    this.weights.set(key, { shape, data });
    return key;
  }

  /** A batch norm as training leaves it: statistics that are not quite 0 and 1. */
  batchNorm(name: string, from: string, channels: number, scale: number): string {
    return this.add({
      op: 'batch-norm',
      name,
      inputs: [from],
      scale: this.weight(`${name}/scale`, [channels], () => scale),
      offset: this.weight(`${name}/offset`, [channels], () => 0),
      mean: this.weight(`${name}/mean`, [channels], (normal) => 0.1 * normal),
      variance: this.weight(`${name}/variance`, [channels], (normal) => Math.exp(0.1 * normal)),
      epsilon,
    });
  }

  /** A convolution of PyTorch's padding with its batch norm. @returns the batch norm's name */
  conv(
    name: string,
    from: string,
    [cin, cout]: Pair,
    { kernel = 1, stride = 1, scale = 1 }: { kernel?: number; stride?: number; scale?: number } = {},
  ): string {
    const around = (kernel - 1) >> 1;
    const deviation = Math.sqrt(2 / (kernel * kernel * cin));
    this.add({
      op: 'conv2d',
      name: `${name}/conv`,
      inputs: [from],
      kernel: this.weight(`${name}/kernel`, [kernel, kernel, cin, cout], (normal) => deviation * normal),
      strides: [stride, stride],
      dilations: [1, 1],
      pads: [around, around, around, around],
      groups: 1,
    });
    return this.batchNorm(name, `${name}/conv`, cout, scale);
  }

  relu(name: string, from: string): string {
    return this.add({ op: 'activation', kind: 'relu', name, inputs: [from] });
  }
}

/** He et al. 2016, table 1: width and repetitions of the stages of 50 layers. */
export const resNet50Stages = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
] as const;

/**
 * ResNet-50 as PyTorch has it: a stage's stride is in the 3x3 convolution of its first block.
 *
 * @param side of the square photos, in pixels
 */
export function resNet50(side = 224): ModelGraph {
  const b = new Builder();
  let x = b.relu('stem/relu', b.conv('stem', 'photos', [3, 64], { kernel: 7, stride: 2 }));
  x = b.add({
    op: 'max-pool',
    name: 'stem/pool',
    inputs: [x],
    window: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    countPadding: false,
  });
  let cin = 64;
  resNet50Stages.forEach(([width, repetitions], stage) => {
    for (let i = 0; i < repetitions; i++) {
      const name = `stage${stage + 1}/block${i + 1}`;
      const cout = width * 4;
      const stride = i === 0 && stage > 0 ? 2 : 1;
      const skip = i === 0 ? b.conv(`${name}/skip`, x, [cin, cout], { stride }) : x;
      let y = b.relu(`${name}/1/relu`, b.conv(`${name}/1`, x, [cin, width]));
      y = b.relu(`${name}/2/relu`, b.conv(`${name}/2`, y, [width, width], { kernel: 3, stride }));
      // A small last scale keeps the numbers of sixteen summed blocks in the range of a trained network.
      y = b.conv(`${name}/3`, y, [width, cout], { scale: 0.2 });
      x = b.relu(name, b.add({ op: 'add', name: `${name}/sum`, inputs: [y, skip] }));
      cin = cout;
    }
  });
  b.add({ op: 'global-average-pool', name: 'pool', inputs: [x], keepDims: false });
  b.add({
    op: 'dense',
    name: 'scores',
    inputs: ['pool'],
    kernel: b.weight('scores/kernel', [cin, classes], (normal) => normal * Math.sqrt(1 / cin)),
    bias: b.weight('scores/bias', [classes], () => 0),
  });
  const { nodes, weights } = b;
  return { input: { name: 'photos', shape: [side, side, 3] }, nodes, outputs: ['scores'], weights };
}

/**
 * MobileNetV2 1.0: the measured network of `holotype devices`, biases turned into batch norms.
 *
 * @param side of the square photos, in pixels
 */
export function mobileNetV2(side = 224): ModelGraph {
  const folded = mobileNet(side, classes);
  const b = new Builder();
  for (const node of folded.nodes) {
    if ((node.op !== 'conv2d' && node.op !== 'depthwise-conv2d') || node.bias === undefined) {
      b.add(node);
      continue;
    }
    const { bias, ...plain } = node;
    const channels = folded.weights.get(bias)?.data.length ?? 0;
    b.add({ ...plain, name: `${node.name}/conv` });
    b.batchNorm(node.name, `${node.name}/conv`, channels, 1);
  }
  const used = new Set(b.nodes.flatMap((node) => ('kernel' in node ? [node.kernel] : [])));
  for (const [key, weight] of folded.weights)
    if (used.has(key) || key === 'scores/bias') b.weights.set(key, weight);
  return { ...folded, nodes: b.nodes, weights: b.weights };
}

const isConvolution = ({ op }: GraphNode): boolean => op === 'conv2d' || op === 'depthwise-conv2d';

/** Where the frozen part ends. */
export interface Cut {
  /** Number of nodes before it. */
  readonly at: number;
  /** The one tensor that passes it. */
  readonly crossing: string;
  /** Convolutions behind it, and of the whole network. */
  readonly trained: number;
  readonly all: number;
}

/** The last place in front of at least a third of the convolutions that a single tensor passes. */
export function lastThird({ nodes }: ModelGraph): Cut {
  const all = nodes.filter(isConvolution).length;
  const most = Math.floor((all * 2) / 3);
  let before = 0;
  let cut: Cut | undefined;
  nodes.forEach((node, at) => {
    if (!isConvolution(node)) return;
    const behind = nodes.slice(at);
    const names = new Set(behind.map(({ name }) => name));
    const crossings = new Set(behind.flatMap(({ inputs }) => inputs).filter((name) => !names.has(name)));
    const [crossing] = crossings;
    if (before <= most && crossings.size === 1 && crossing !== undefined)
      cut = { at, crossing, trained: all - before, all };
    before += 1;
  });
  if (cut === undefined) throw new Error('The network has no place to be divided at.');
  return cut;
}
