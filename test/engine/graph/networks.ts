/** Small networks in the manner of well-known ones, with random weights, for tests of the graph core. */
import type { GraphNode, ModelGraph, Pair, Weight } from '../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { randoms } from './onnx-fixtures.ts';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Adds layers by name and returns the name of the tensor each makes. */
export class Net {
  readonly nodes: GraphNode[] = [];
  readonly weights = new Map<string, Weight>();
  private seed = 1;

  constructor(readonly inputShape: readonly [number, number, number]) {}

  weight(key: string, shape: readonly number[], positive = false): string {
    const data = randoms(product(shape), this.seed++).map((v) => (positive ? 1.5 + v : v / 2));
    this.weights.set(key, { shape, data });
    return key;
  }

  graph(...outputs: string[]): ModelGraph {
    const input = { name: 'input', shape: this.inputShape };
    return { input, nodes: this.nodes, outputs, weights: this.weights };
  }

  channels(name: string): number {
    return inferShapes(this.graph()).get(name)?.at(-1) ?? 0;
  }

  add(node: GraphNode): string {
    this.nodes.push(node);
    return node.name;
  }

  conv(name: string, from: string, cout: number, kernel = 3, stride = 1, bias = true): string {
    const pad = (kernel - 1) / 2;
    const strides: Pair = [stride, stride];
    return this.add({
      op: 'conv2d',
      name,
      inputs: [from],
      kernel: this.weight(`${name}/kernel`, [kernel, kernel, this.channels(from), cout]),
      ...(bias ? { bias: this.weight(`${name}/bias`, [cout]) } : {}),
      strides,
      dilations: [1, 1],
      pads: [pad, pad, pad, pad],
      groups: 1,
    });
  }

  depthwise(name: string, from: string, stride = 1): string {
    const c = this.channels(from);
    const kernel = this.weight(`${name}/kernel`, [3, 3, c, 1]);
    const [strides, dilations] = [[stride, stride] as const, [1, 1] as const];
    return this.add({
      op: 'depthwise-conv2d',
      name,
      inputs: [from],
      kernel,
      strides,
      dilations,
      pads: [1, 1, 1, 1],
    });
  }

  norm(name: string, from: string): string {
    const c = [this.channels(from)];
    const [scale, offset, mean] = ['scale', 'offset', 'mean'].map((key) => this.weight(`${name}/${key}`, c));
    if (scale === undefined || offset === undefined || mean === undefined) throw new Error('three weights');
    const variance = this.weight(`${name}/variance`, c, true);
    return this.add({ op: 'batch-norm', name, inputs: [from], scale, offset, mean, variance, epsilon: 1e-3 });
  }

  act(name: string, from: string, kind: 'relu' | 'relu6' | 'sigmoid' | 'softmax' | 'swish' = 'relu'): string {
    return this.add({ op: 'activation', name, inputs: [from], kind });
  }

  /** conv, batch norm, relu under one name. */
  cbr(name: string, from: string, cout: number, kernel = 3, stride = 1): string {
    return this.act(
      `${name}/relu`,
      this.norm(`${name}/bn`, this.conv(name, from, cout, kernel, stride, false)),
    );
  }

  sum(name: string, ...inputs: string[]): string {
    return this.add({ op: 'add', name, inputs });
  }

  mul(name: string, ...inputs: string[]): string {
    return this.add({ op: 'mul', name, inputs });
  }

  concat(name: string, ...inputs: string[]): string {
    return this.add({ op: 'concat', name, inputs });
  }

  maxPool(name: string, from: string): string {
    const [window, strides] = [[2, 2] as const, [2, 2] as const];
    return this.add({
      op: 'max-pool',
      name,
      inputs: [from],
      window,
      strides,
      pads: [0, 0, 0, 0],
      countPadding: false,
    });
  }

  averagePool(name: string, from: string): string {
    const [window, strides] = [[2, 2] as const, [2, 2] as const];
    return this.add({
      op: 'average-pool',
      name,
      inputs: [from],
      window,
      strides,
      pads: [0, 0, 0, 0],
      countPadding: false,
    });
  }

  globalPool(name: string, from: string, keepDims = false): string {
    return this.add({ op: 'global-average-pool', name, inputs: [from], keepDims });
  }

  flatten(name: string, from: string): string {
    return this.add({
      op: 'reshape',
      name,
      inputs: [from],
      shape: [product(inferShapes(this.graph()).get(from) ?? [])],
    });
  }

  dense(name: string, from: string, to: number): string {
    const kernel = this.weight(`${name}/kernel`, [this.channels(from), to]);
    return this.add({ op: 'dense', name, inputs: [from], kernel, bias: this.weight(`${name}/bias`, [to]) });
  }
}

/** Stem, three inverted residuals of which the last has a shortcut, last convolution, classifier. */
export function mobileNetV2(name: (block: number, layer: string) => string): ModelGraph {
  const net = new Net([16, 16, 3]);
  let x = net.act('stem/relu', net.conv('stem', 'input', 8, 3, 2), 'relu6');
  const unit = (block: number, from: string, cout: number, stride: number): string => {
    const cin = net.channels(from);
    let y = from;
    if (block > 0)
      y = net.act(name(block, 'expand_relu'), net.conv(name(block, 'expand'), y, cin * 6, 1), 'relu6');
    y = net.act(name(block, 'dw_relu'), net.depthwise(name(block, 'dw'), y, stride), 'relu6');
    return net.conv(name(block, 'project'), y, cout, 1);
  };
  x = unit(0, x, 4, 1);
  x = unit(1, x, 6, 2);
  x = net.sum(name(2, 'add'), unit(2, x, 6, 1), x);
  x = net.act('top/relu', net.conv('top', x, 32, 1), 'relu6');
  const features = net.globalPool('pool', x);
  return net.graph(net.act('probabilities', net.dense('logits', features, 5), 'softmax'));
}

export function resNet(name: (stage: number, unit: number, layer: string) => string): ModelGraph {
  const net = new Net([32, 32, 3]);
  let x = net.maxPool('stem_pool', net.cbr('stem', 'input', 8, 3, 2));
  for (const [stage, width] of [8, 16].entries())
    for (const unit of [0, 1]) {
      const change = stage > 0 && unit === 0;
      let y = net.cbr(name(stage, unit, 'conv1'), x, width, 3, change ? 2 : 1);
      y = net.norm(name(stage, unit, 'bn2'), net.conv(name(stage, unit, 'conv2'), y, width, 3, 1, false));
      const short = change ? net.conv(name(stage, unit, 'shortcut'), x, width, 1, 2) : x;
      x = net.act(name(stage, unit, 'relu'), net.sum(name(stage, unit, 'add'), y, short));
    }
  const features = net.flatten('flat', net.globalPool('pool', x, true));
  return net.graph(net.dense('fc', features, 5));
}
