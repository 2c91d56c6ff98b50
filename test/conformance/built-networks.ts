/** Small networks that together have everything Holotype's builder makes of a model graph, with a head on top. */
import { layers, model as layersModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { buildLayersModel } from '../../src/engine/graph/build-tfjs.ts';
import {
  activationKinds,
  type ActivationNode,
  type ModelGraph,
  type Weight,
} from '../../src/engine/graph/graph.ts';
import { mobileNetV2, Net, resNet } from '../engine/graph/networks.ts';
import { setWeights } from './layers-models.ts';

/** The activations with the numbers that make the builder put them differently. */
const activations: readonly Omit<ActivationNode, 'op' | 'name' | 'inputs'>[] = [
  ...activationKinds.map((kind) => ({ kind })),
  { kind: 'leaky-relu', alpha: 0.2 },
  { kind: 'elu', alpha: 0.3 },
  { kind: 'hard-sigmoid', alpha: 0.2, beta: 0.5 },
  { kind: 'clip', min: 0, max: 6 },
  { kind: 'clip', min: -0.4, max: 0.7 },
  { kind: 'clip', max: 0.3 },
  { kind: 'clip', min: 0.2 },
];

const titleOf = (node: Omit<ActivationNode, 'op' | 'name' | 'inputs'>): string =>
  Object.entries(node)
    .map(([key, value]) => (key === 'kind' ? String(value) : `${key} ${String(value)}`))
    .join(', ');

/** One convolution before, one after: the gradient of what is between goes through both. */
function between(make: (net: Net, from: string) => string, channels = 4): ModelGraph {
  const net = new Net([6, 5, 3]);
  const middle = make(net, net.conv('before', 'input', channels));
  return scaled(net.graph(net.conv('after', middle, 4, 1)));
}

const activation = (node: Omit<ActivationNode, 'op' | 'name' | 'inputs'>): ModelGraph =>
  between((net, from) => net.add({ op: 'activation', name: 'activation', inputs: [from], ...node }));

const pool = (
  op: 'max-pool' | 'average-pool',
  pads: readonly [number, number, number, number],
  countPadding = false,
) =>
  between((net, from) =>
    net.add({ op, name: 'pool', inputs: [from], window: [3, 3], strides: [2, 2], pads, countPadding }),
  );

/** Depthwise, then 1x1: what a separable convolution is made of. With 16 channels or more, ONNX Runtime blocks them. */
function separable(stride: number, channels: number): ModelGraph {
  const net = new Net([7, 6, 3]);
  let x = net.act('stem/relu', net.conv('stem', 'input', channels, 3, 2), 'relu6');
  x = net.act('depthwise/relu', net.norm('depthwise/bn', net.depthwise('depthwise', x, stride)), 'relu6');
  x = net.act(
    'pointwise/relu',
    net.norm('pointwise/bn', net.conv('pointwise', x, channels, 1, 1, false)),
    'relu6',
  );
  return scaled(net.graph(x));
}

/** Branches with different windows, side by side. */
function inception(): ModelGraph {
  const net = new Net([8, 8, 3]);
  const stem = net.cbr('stem', 'input', 6, 3, 2);
  const pooled = net.add({
    op: 'max-pool',
    name: 'branch_pool',
    inputs: [stem],
    window: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
    countPadding: false,
  });
  const mixed = net.concat(
    'mixed',
    net.cbr('branch1', stem, 4, 1),
    net.cbr('branch3', net.cbr('branch3_reduce', stem, 3, 1), 5),
    net.cbr('branch_pool_project', pooled, 3, 1),
  );
  return scaled(net.graph(net.cbr('after', mixed, 6, 1)));
}

/** A gate of one number a channel, from the whole map. */
function squeezeAndExcite(): ModelGraph {
  return between((net, from) => {
    const squeezed = net.act(
      'squeeze',
      net.conv('reduce', net.globalPool('mean', from, true), 2, 1),
      'swish',
    );
    return net.mul('gated', from, net.act('gate', net.conv('expand', squeezed, 4, 1), 'sigmoid'));
  });
}

/** ShuffleNet's unit: half the channels pass, the others are convolved in groups. */
function shuffle(): ModelGraph {
  return between((net, from) => {
    const left = net.add({ op: 'channel-slice', name: 'left', inputs: [from], start: 0, end: 2 });
    const right = net.add({ op: 'channel-slice', name: 'right', inputs: [from], start: 2, end: 6 });
    const grouped = net.add({
      op: 'conv2d',
      name: 'grouped',
      inputs: [right],
      kernel: net.weight('grouped/kernel', [3, 3, 2, 6]),
      strides: [1, 1],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
      groups: 2,
    });
    const joined = net.concat('joined', left, grouped);
    return net.add({ op: 'channel-shuffle', name: 'shuffled', inputs: [joined], groups: 2 });
  }, 6);
}

/** Photos arrive normalized by a fixed line; the last maps are laid out and read by a hidden layer. */
function hidden(): ModelGraph {
  const net = new Net([6, 6, 3]);
  const line = net.add({
    op: 'affine',
    name: 'normalize',
    inputs: ['input'],
    scale: net.weight('normalize/scale', [3], true),
    offset: net.weight('normalize/offset', [3]),
  });
  const maps = net.averagePool('pool', net.act('conv/relu', net.conv('conv', line, 5)));
  return scaled(net.graph(net.act('hidden/relu', net.dense('hidden', net.flatten('flat', maps), 7))));
}

/** Kernels as He initializes them, whatever their size, so that every network's answers are of one order. */
function scaled(graph: ModelGraph): ModelGraph {
  const weights = new Map<string, Weight>();
  for (const [key, { shape, data }] of graph.weights) {
    const inputs = shape.slice(0, shape.length === 4 ? 3 : 1).reduce((product, size) => product * size, 1);
    const fanIn = /depthwise|dw/.test(key) ? 9 : inputs;
    // Random weights are even in -1/2..1/2, of variance 1/12.
    const factor = shape.length > 1 ? Math.sqrt(24 / fanIn) : 1;
    weights.set(key, { shape, data: data.map((value) => value * factor) });
  }
  return { ...graph, weights };
}

/** The features before a classifier of somebody else's, of smaller photos. */
const trunkOf = (graph: ModelGraph, features: string): ModelGraph => {
  const end = graph.nodes.findIndex(({ name }) => name === features);
  const input = { ...graph.input, shape: [16, 16, 3] as const };
  return scaled({ ...graph, input, nodes: graph.nodes.slice(0, end + 1), outputs: [features] });
};

/** Networks, by title. */
export const graphs: Readonly<Record<string, () => ModelGraph>> = {
  'residual blocks': () =>
    trunkOf(
      resNet((stage, unit, layer) => `${stage}/${unit}/${layer}`),
      'flat',
    ),
  'inverted residuals': () =>
    trunkOf(
      mobileNetV2((block, layer) => `${block}/${layer}`),
      'pool',
    ),
  'separable convolutions': () => separable(1, 6),
  'separable convolutions with a stride': () => separable(2, 6),
  'separable convolutions of many channels': () => separable(1, 32),
  'branches that are joined': inception,
  'a gate from the whole map': squeezeAndExcite,
  'groups, slices and shuffled channels': shuffle,
  'a hidden layer': hidden,
  'a max pool': () => pool('max-pool', [0, 0, 0, 0]),
  'a padded max pool': () => pool('max-pool', [1, 1, 1, 1]),
  'an average pool': () => pool('average-pool', [0, 0, 0, 0]),
  'a padded average pool': () => pool('average-pool', [1, 1, 1, 1]),
  'an average pool that counts its padding': () => pool('average-pool', [1, 1, 1, 1], true),
  'padding with a number': () =>
    between((net, from) =>
      net.add({ op: 'pad', name: 'pad', inputs: [from], pads: [1, 0, 2, 1], value: 0.5 }),
    ),
  'the largest of each map': () =>
    between((net, from) =>
      net.add({ op: 'global-max-pool', name: 'largest', inputs: [from], keepDims: true }),
    ),
  'local response normalization': () =>
    between((net, from) =>
      net.add({
        op: 'local-response-norm',
        name: 'n',
        inputs: [from],
        size: 3,
        alpha: 0.4,
        beta: 0.75,
        bias: 1.5,
      }),
    ),
  ...Object.fromEntries(activations.map((node) => [`activation ${titleOf(node)}`, () => activation(node)])),
};

const classes = 3;

/** The builder's layers model with a head: the mean of maps, dropout with one mask for all steps, dense, softmax. */
export async function withHead(graph: ModelGraph): Promise<LayersModel> {
  const trunk = await buildLayersModel(graph);
  const through = (layer: layers.Layer, x: SymbolicTensor): SymbolicTensor =>
    layer.apply(x) as SymbolicTensor;
  let [y] = trunk.outputs;
  if (y === undefined) throw new Error('The network has no output.');
  if (y.rank === 4) y = through(layers.globalAveragePooling2d({}), y);
  y = through(layers.dropout({ rate: 0.3, seed: 5 }), y);
  const head = layers.dense({ units: classes, activation: 'softmax', name: 'head' });
  const model = layersModel({ inputs: trunk.inputs, outputs: through(head, y) });
  setWeights(head);
  return model;
}
