import { describe, expect, it } from 'vitest';
import {
  int64Tensor,
  floatTensor,
  onnxAttribute as a,
  onnxNode as n,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from '../../../src/engine/graph/onnx-proto.ts';
import { bothWays, onnxFile, randoms, randomTensor, relativeError } from './onnx-fixtures.ts';

interface Case {
  readonly title: string;
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxTensor[];
  readonly input?: readonly number[];
  readonly opset?: number;
  readonly layout?: 'nhwc';
  /** Operations that the graph must consist of, where the way it is expressed matters. */
  readonly ops?: readonly string[];
}

const f = (name: string, value: number): OnnxAttribute => a(name, value, true);
const w = randomTensor;
const scalar = (name: string, value: number): OnnxTensor => floatTensor(name, [], Float32Array.of(value));
const positive = (name: string, size: number, seed: number): OnnxTensor =>
  floatTensor(
    name,
    [size],
    randoms(size, seed).map((v) => 1.2 + v),
  );
const conv = (...attributes: OnnxAttribute[]): OnnxNode => n('Conv', ['x', 'w', 'b'], ['y'], attributes);
const unary = (op: string, ...attributes: OnnxAttribute[]): Case => ({
  title: `${op} ${attributes.map((v) => `${v.name}=${v.f || v.s || v.i}`).join(' ')}`,
  nodes: [n(op, ['x'], ['y'], attributes)],
});
const pool = (title: string, op: string, ...attributes: OnnxAttribute[]): Case => ({
  title: `${op}: ${title}`,
  nodes: [n(op, ['x'], ['y'], attributes)],
});

const cases: Case[] = [
  {
    title: 'Conv 3x3 with pads',
    nodes: [conv(a('pads', [1, 1, 1, 1]))],
    weights: [w('w', [5, 4, 3, 3], 1), w('b', [5], 2)],
    ops: ['conv2d'],
  },
  {
    title: 'Conv with asymmetric pads, stride 2, not square',
    nodes: [conv(a('pads', [0, 1, 2, 0]), a('strides', [2, 1]))],
    weights: [w('w', [5, 4, 3, 2], 1), w('b', [5], 2)],
  },
  {
    title: 'Conv with dilation',
    nodes: [conv(a('dilations', [2, 1]))],
    weights: [w('w', [5, 4, 3, 3], 1), w('b', [5], 2)],
  },
  {
    title: 'Conv in groups',
    nodes: [conv(a('group', 2))],
    weights: [w('w', [6, 2, 3, 3], 1), w('b', [6], 2)],
    ops: ['conv2d'],
  },
  {
    title: 'depthwise Conv',
    nodes: [conv(a('group', 4), a('strides', [2, 2]), a('pads', [0, 0, 1, 1]))],
    weights: [w('w', [4, 1, 3, 3], 1), w('b', [4], 2)],
    ops: ['depthwise-conv2d'],
  },
  {
    title: 'depthwise Conv with multiplier',
    nodes: [conv(a('group', 4))],
    weights: [w('w', [12, 1, 3, 3], 1), w('b', [12], 2)],
    ops: ['depthwise-conv2d'],
  },
  {
    title: 'Conv SAME_UPPER, stride 2',
    nodes: [conv(a('auto_pad', 'SAME_UPPER'), a('strides', [2, 2]))],
    weights: [w('w', [5, 4, 3, 4], 1), w('b', [5], 2)],
  },
  {
    title: 'Conv SAME_LOWER, stride 2',
    nodes: [conv(a('auto_pad', 'SAME_LOWER'), a('strides', [2, 2]))],
    weights: [w('w', [5, 4, 4, 3], 1), w('b', [5], 2)],
  },
  {
    title: 'Conv VALID',
    nodes: [conv(a('auto_pad', 'VALID'), a('strides', [2, 2]))],
    weights: [w('w', [5, 4, 3, 3], 1), w('b', [5], 2)],
  },
  { title: 'Conv without bias', nodes: [n('Conv', ['x', 'w'], ['y'])], weights: [w('w', [3, 4, 1, 1], 1)] },
  unary('Relu'),
  unary('LeakyRelu', f('alpha', 0.2)),
  unary('LeakyRelu'),
  unary('Elu', f('alpha', 0.7)),
  unary('Selu'),
  unary('Sigmoid'),
  unary('Tanh'),
  unary('Softplus'),
  unary('HardSigmoid'),
  unary('HardSigmoid', f('alpha', 0.3), f('beta', 0.4)),
  unary('HardSwish'),
  { ...unary('Gelu'), opset: 20 },
  { ...unary('Mish'), opset: 18 },
  {
    title: 'Clip with inputs',
    nodes: [n('Clip', ['x', 'lo', 'hi'], ['y'])],
    weights: [scalar('lo', -0.25), scalar('hi', 0.5)],
  },
  { title: 'Clip from below only', nodes: [n('Clip', ['x', 'lo'], ['y'])], weights: [scalar('lo', -0.25)] },
  {
    title: 'Clip with attributes',
    nodes: [n('Clip', ['x'], ['y'], [f('min', 0), f('max', 6)])],
    opset: 7,
    ops: ['activation'],
  },
  { title: 'PRelu, one slope', nodes: [n('PRelu', ['x', 's'], ['y'])], weights: [w('s', [1], 3)] },
  {
    title: 'PRelu, a slope per channel',
    nodes: [n('PRelu', ['x', 's'], ['y'])],
    weights: [w('s', [4, 1, 1], 3)],
  },
  {
    title: 'swish spelled out',
    nodes: [n('Sigmoid', ['x'], ['s']), n('Mul', ['s', 'x'], ['y'])],
    ops: ['activation'],
  },
  {
    title: 'hard swish spelled out',
    nodes: [n('HardSigmoid', ['x'], ['s'], [f('alpha', 1 / 6)]), n('Mul', ['x', 's'], ['y'])],
    ops: ['activation'],
  },
  {
    title: 'hard swish by x + 3, Clip, Mul, Div',
    nodes: [
      n('Add', ['x', 'three'], ['p']),
      n('Clip', ['p', 'zero', 'six'], ['q']),
      n('Mul', ['x', 'q'], ['r']),
      n('Div', ['r', 'six'], ['y']),
    ],
    weights: [scalar('three', 3), scalar('zero', 0), scalar('six', 6)],
  },
  {
    title: 'BatchNormalization',
    nodes: [n('BatchNormalization', ['x', 's', 'o', 'm', 'v'], ['y'], [f('epsilon', 1e-3)])],
    weights: [w('s', [4], 1), w('o', [4], 2), w('m', [4], 3), positive('v', 4, 4)],
    ops: ['batch-norm'],
  },
  {
    title: 'constants per channel',
    nodes: [n('Sub', ['x', 'm'], ['p']), n('Div', ['p', 's'], ['y'])],
    weights: [w('m', [1, 4, 1, 1], 1), w('s', [4, 1, 1], 2)],
    ops: ['affine'],
  },
  {
    title: 'scalar arithmetic from both sides',
    nodes: [n('Mul', ['two', 'x'], ['p']), n('Sub', ['two', 'p'], ['y'])],
    weights: [scalar('two', 2)],
    ops: ['affine'],
  },
  {
    title: 'a bias added after Conv',
    nodes: [n('Conv', ['x', 'w'], ['c']), n('Add', ['c', 'b'], ['y'])],
    weights: [w('w', [3, 4, 3, 3], 1), w('b', [1, 3, 1, 1], 2)],
    ops: ['conv2d'],
  },
  {
    title: 'Add, Mul and Sub of tensors',
    nodes: [
      n('Relu', ['x'], ['r']),
      n('Sub', ['x', 'r'], ['d']),
      n('Mul', ['d', 'x'], ['m']),
      n('Sum', ['m', 'r', 'x'], ['y']),
    ],
  },
  {
    title: 'squeeze and excitation',
    nodes: [
      n('GlobalAveragePool', ['x'], ['g']),
      n('Conv', ['g', 'w', 'b'], ['e']),
      n('Sigmoid', ['e'], ['s']),
      n('Mul', ['x', 's'], ['y']),
    ],
    weights: [w('w', [4, 4, 1, 1], 1), w('b', [4], 2)],
  },
  {
    title: 'squeeze and excitation by Gemm',
    nodes: [
      n('ReduceMean', ['x'], ['g'], [a('axes', [2, 3]), a('keepdims', 0)]),
      n('Gemm', ['g', 'w'], ['e']),
      n('Unsqueeze', ['e', 'axes'], ['u']),
      n('Mul', ['u', 'x'], ['y']),
    ],
    weights: [w('w', [4, 4], 1), int64Tensor('axes', [2], [2, 3])],
  },
  pool(
    'with pads and stride',
    'MaxPool',
    a('kernel_shape', [3, 2]),
    a('strides', [2, 2]),
    a('pads', [1, 0, 1, 1]),
  ),
  pool('ceil_mode', 'MaxPool', a('kernel_shape', [3, 3]), a('strides', [2, 2]), a('ceil_mode', 1)),
  pool(
    'ceil_mode where the last window would start in the padding',
    'MaxPool',
    a('kernel_shape', [2, 2]),
    a('strides', [3, 3]),
    a('pads', [1, 1, 1, 1]),
    a('ceil_mode', 1),
  ),
  pool('SAME_UPPER', 'MaxPool', a('kernel_shape', [3, 3]), a('strides', [2, 2]), a('auto_pad', 'SAME_UPPER')),
  pool(
    'without padding in the mean',
    'AveragePool',
    a('kernel_shape', [3, 3]),
    a('strides', [2, 2]),
    a('pads', [1, 1, 1, 0]),
  ),
  pool(
    'with padding in the mean',
    'AveragePool',
    a('kernel_shape', [3, 3]),
    a('strides', [2, 2]),
    a('pads', [1, 1, 1, 0]),
    a('count_include_pad', 1),
  ),
  pool('ceil_mode', 'AveragePool', a('kernel_shape', [2, 3]), a('strides', [2, 2]), a('ceil_mode', 1)),
  {
    ...pool(
      'ceil_mode with padding in the mean',
      'AveragePool',
      a('kernel_shape', [3, 3]),
      a('strides', [2, 3]),
      a('pads', [1, 1, 1, 1]),
      a('count_include_pad', 1),
      a('ceil_mode', 1),
    ),
    opset: 19,
  },
  {
    title: 'AveragePool over the whole map',
    nodes: [n('AveragePool', ['x'], ['y'], [a('kernel_shape', [9, 7])])],
    ops: ['global-average-pool'],
  },
  { title: 'GlobalMaxPool', nodes: [n('GlobalMaxPool', ['x'], ['y'])] },
  {
    title: 'ReduceMean keeping axes',
    nodes: [n('ReduceMean', ['x'], ['y'], [a('axes', [2, -1])])],
    ops: ['global-average-pool'],
  },
  {
    title: 'ReduceMean with axes as input',
    nodes: [n('ReduceMean', ['x', 'axes'], ['y'], [a('keepdims', 0)])],
    weights: [int64Tensor('axes', [2], [2, 3])],
    opset: 18,
    ops: ['global-average-pool'],
  },
  {
    title: 'ReduceMax',
    nodes: [n('ReduceMax', ['x'], ['y'], [a('axes', [2, 3]), a('keepdims', 0)])],
    ops: ['global-max-pool'],
  },
  {
    title: 'mean over flattened pixels',
    nodes: [
      n('Reshape', ['x', 's'], ['r']),
      n('ReduceMean', ['r'], ['y'], [a('axes', [2]), a('keepdims', 0)]),
    ],
    weights: [int64Tensor('s', [3], [0, 4, -1])],
  },
  {
    title: 'LRN',
    nodes: [n('LRN', ['x'], ['y'], [a('size', 3), f('alpha', 0.1), f('beta', 0.6), f('bias', 1.5)])],
  },
  {
    title: 'Pad with a value',
    nodes: [n('Pad', ['x', 'p', 'v'], ['y'])],
    weights: [int64Tensor('p', [8], [0, 0, 1, 0, 0, 0, 2, 3]), scalar('v', 0.5)],
    ops: ['pad'],
  },
  {
    title: 'Pad before Conv',
    nodes: [
      n('Pad', ['x'], ['p'], [a('pads', [0, 0, 1, 0, 0, 0, 2, 3]), a('mode', 'constant')]),
      n('Conv', ['p', 'w'], ['y']),
    ],
    weights: [w('w', [3, 4, 3, 3], 1)],
    opset: 7,
    ops: ['conv2d'],
  },
  {
    title: 'Pad before MaxPool stays',
    nodes: [
      n('Pad', ['x', 'p'], ['q']),
      n('MaxPool', ['q'], ['y'], [a('kernel_shape', [3, 3]), a('strides', [2, 2])]),
    ],
    weights: [int64Tensor('p', [8], [0, 0, 0, 0, 0, 0, 1, 1])],
  },
  {
    title: 'Concat of channels',
    nodes: [
      n('Relu', ['x'], ['r']),
      n('Conv', ['x', 'w'], ['c']),
      n('Concat', ['r', 'x', 'c'], ['y'], [a('axis', 1)]),
    ],
    weights: [w('w', [3, 4, 1, 1], 1)],
  },
  {
    title: 'Split in equal parts',
    nodes: [n('Split', ['x'], ['p', 'q'], [a('axis', 1)]), n('Concat', ['q', 'p'], ['y'], [a('axis', -3)])],
  },
  {
    title: 'Split in stated parts (attribute)',
    nodes: [
      n('Split', ['x'], ['p', 'q'], [a('axis', 1), a('split', [1, 3])]),
      n('Concat', ['q', 'p'], ['y'], [a('axis', 1)]),
    ],
    opset: 11,
  },
  {
    title: 'Split in stated parts (input)',
    nodes: [
      n('Split', ['x', 's'], ['p', 'q'], [a('axis', 1)]),
      n('Concat', ['q', 'p'], ['y'], [a('axis', 1)]),
    ],
    weights: [int64Tensor('s', [2], [3, 1])],
    opset: 18,
  },
  {
    title: 'Slice of channels',
    nodes: [n('Slice', ['x', 's', 'e', 'ax'], ['y'])],
    weights: [int64Tensor('s', [1], [1]), int64Tensor('e', [1], [2 ** 31]), int64Tensor('ax', [1], [1])],
    ops: ['channel-slice'],
  },
  {
    title: 'Slice of channels (attributes, negative end)',
    nodes: [n('Slice', ['x'], ['y'], [a('starts', [0, 0]), a('ends', [-1, 9]), a('axes', [1, 2])])],
    opset: 7,
    ops: ['channel-slice'],
  },
  {
    title: 'channel shuffle',
    nodes: [
      n('Reshape', ['x', 's'], ['r']),
      n('Transpose', ['r'], ['t'], [a('perm', [0, 2, 1, 3, 4])]),
      n('Reshape', ['t', 'u'], ['v']),
      n('Conv', ['v', 'w'], ['y']),
    ],
    weights: [
      int64Tensor('s', [5], [1, 2, 3, 9, 7]),
      int64Tensor('u', [4], [1, 6, 9, 7]),
      w('w', [2, 6, 1, 1], 1),
    ],
    input: [1, 6, 9, 7],
    ops: ['channel-shuffle', 'conv2d'],
  },
  {
    title: 'channel shuffle between elementwise layers',
    nodes: [
      n('Reshape', ['x', 's'], ['r']),
      n('Transpose', ['r'], ['t'], [a('perm', [0, 2, 1, 3, 4])]),
      n('Reshape', ['t', 'u'], ['v']),
      n('Relu', ['v'], ['z']),
      n('Add', ['z', 'x'], ['y']),
    ],
    weights: [int64Tensor('s', [5], [0, 3, 2, 9, 7]), int64Tensor('u', [4], [0, 6, 9, 7])],
    input: [2, 6, 9, 7],
  },
  {
    title: 'Flatten of a map before Gemm',
    nodes: [
      n('Flatten', ['x'], ['f']),
      n('Gemm', ['f', 'w', 'b'], ['y'], [a('transB', 1), f('alpha', 0.5), f('beta', 2)]),
    ],
    weights: [w('w', [5, 252], 1), w('b', [5], 2)],
    ops: ['reshape', 'dense'],
  },
  {
    title: 'Flatten, Relu, constant per element, MatMul, bias',
    nodes: [
      n('Flatten', ['x'], ['f']),
      n('Relu', ['f'], ['r']),
      n('Add', ['r', 'c'], ['d']),
      n('MatMul', ['d', 'w'], ['m']),
      n('Add', ['m', 'b'], ['y']),
    ],
    weights: [w('c', [252], 3), w('w', [252, 5], 1), w('b', [5], 2)],
  },
  {
    title: 'Flatten of a map as output',
    nodes: [n('Flatten', ['x'], ['y'])],
    ops: ['reshape', 'channel-shuffle'],
  },
  {
    title: 'Concat of flattened maps',
    nodes: [
      n('Flatten', ['x'], ['f']),
      n('Relu', ['x'], ['r']),
      n('Flatten', ['r'], ['g']),
      n('Concat', ['f', 'g'], ['y'], [a('axis', 1)]),
    ],
  },
  {
    title: 'Transpose to NHWC, then flattened',
    nodes: [
      n('Transpose', ['x'], ['t'], [a('perm', [0, 2, 3, 1])]),
      n('Reshape', ['t', 's'], ['f']),
      n('MatMul', ['f', 'w'], ['y']),
    ],
    weights: [int64Tensor('s', [2], [-1, 252]), w('w', [252, 5], 1)],
  },
  {
    title: 'Transpose to NHWC and a vector as output',
    nodes: [n('Transpose', ['x'], ['t'], [a('perm', [0, 2, 3, 1])]), n('Flatten', ['t'], ['y'])],
  },
  {
    title: '1x1 MatMul on NHWC inside an NCHW file',
    nodes: [
      n('Transpose', ['x'], ['t'], [a('perm', [0, 2, 3, 1])]),
      n('MatMul', ['t', 'w'], ['m']),
      n('Transpose', ['m'], ['y'], [a('perm', [0, 3, 1, 2])]),
    ],
    weights: [w('w', [4, 3], 1)],
    ops: ['conv2d'],
  },
  {
    title: 'pool, shape arithmetic, Gemm, Softmax',
    nodes: [
      n('GlobalAveragePool', ['x'], ['g']),
      n('Shape', ['g'], ['sh']),
      n('Gather', ['sh', 'zero'], ['n0'], [a('axis', 0)]),
      n('Unsqueeze', ['n0', 'ax'], ['n1']),
      n('Concat', ['n1', 'minus'], ['target'], [a('axis', 0)]),
      n('Reshape', ['g', 'target'], ['f']),
      n('Gemm', ['f', 'w'], ['s']),
      n('Softmax', ['s'], ['y']),
    ],
    weights: [
      int64Tensor('zero', [], [0]),
      int64Tensor('ax', [1], [0]),
      int64Tensor('minus', [1], [-1]),
      w('w', [4, 3], 1),
    ],
  },
  {
    title: 'Softmax over channels of a map, old and new meaning',
    nodes: [n('Softmax', ['x'], ['y'], [a('axis', 1)])],
  },
  {
    title: 'Softmax before operator set 13',
    nodes: [n('GlobalAveragePool', ['x'], ['g']), n('Softmax', ['g'], ['y'])],
    opset: 11,
  },
  {
    title: 'Squeeze without axes',
    nodes: [n('GlobalAveragePool', ['x'], ['g']), n('Squeeze', ['g', 'ax'], ['y'])],
    weights: [int64Tensor('ax', [2], [2, 3])],
  },
  {
    title: 'Squeeze with attribute',
    nodes: [n('GlobalAveragePool', ['x'], ['g']), n('Squeeze', ['g'], ['y'], [a('axes', [2, 3])])],
    opset: 11,
  },
  {
    title: 'Identity, Dropout, Cast and a Constant node',
    nodes: [
      n('Constant', [], ['k'], [a('value', floatTensor('', [1], Float32Array.of(0.3)))]),
      n('Identity', ['x'], ['i']),
      n('Dropout', ['i'], ['d']),
      n('Cast', ['d'], ['c'], [a('to', 1)]),
      n('Mul', ['c', 'k'], ['y']),
    ],
  },
  {
    title: 'weights computed from constants',
    nodes: [
      n('Transpose', ['w'], ['t'], [a('perm', [1, 0, 2, 3])]),
      n('Mul', ['t', 'half'], ['v']),
      n('Conv', ['x', 'v'], ['y']),
    ],
    weights: [w('w', [4, 5, 3, 3], 1), scalar('half', 0.5)],
    ops: ['conv2d'],
  },
  {
    title: 'an NHWC file with transposes, as tf2onnx writes it',
    layout: 'nhwc',
    input: [2, 9, 7, 3],
    nodes: [
      n('Transpose', ['x'], ['t'], [a('perm', [0, 3, 1, 2])]),
      n('Conv', ['t', 'w'], ['c'], [a('strides', [2, 2])]),
      n('Transpose', ['c'], ['u'], [a('perm', [0, 2, 3, 1])]),
      n('Add', ['u', 'b'], ['d']),
      n('ReduceMean', ['d'], ['g'], [a('axes', [1, 2])]),
      n('Squeeze', ['g', 'ax'], ['y']),
    ],
    weights: [w('w', [4, 3, 3, 3], 1), w('b', [4], 2), int64Tensor('ax', [2], [1, 2])],
    ops: ['conv2d', 'global-average-pool', 'reshape'],
  },
  {
    title: 'an NHWC file with a map as output',
    layout: 'nhwc',
    input: [2, 9, 7, 3],
    nodes: [n('Sub', ['x', 'm'], ['y'])],
    weights: [w('m', [3], 1)],
  },
  {
    title: 'joining in NHWC',
    layout: 'nhwc',
    input: [1, 9, 7, 3],
    nodes: [n('Relu', ['x'], ['r']), n('Concat', ['x', 'r'], ['y'], [a('axis', 3)])],
  },
];

const defaults = [2, 4, 9, 7];

describe('importOnnx and exportOnnx agree with ONNX Runtime on the original', () => {
  it.each(cases)('$title', async (entry) => {
    const shape = entry.input ?? defaults;
    const file = onnxFile(['n', ...shape.slice(1)], entry.nodes, entry.weights ?? [], {
      opset: entry.opset ?? 17,
    });
    const { graph, expected, actual } = await bothWays(file, shape, entry.layout ?? 'nchw');
    expect(actual.length).toBe(expected.length);
    for (const [i, numbers] of expected.entries())
      expect(relativeError(actual[i] ?? [], numbers)).toBeLessThan(2e-6);
    const ops = graph.nodes.map((node) => node.op);
    expect(ops).toEqual(entry.ops ?? ops);
  });

  it('squeezes a single photo without dropping the batch', async () => {
    const file = onnxFile([1, 4, 9, 7], [n('GlobalAveragePool', ['x'], ['g']), n('Squeeze', ['g'], ['y'])]);
    const { graph, expected, actual } = await bothWays(file, [1, 4, 9, 7]);
    expect(relativeError(actual[0] ?? [], expected[0] ?? [])).toBeLessThan(1e-6);
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'reshape', shape: [4] });
  });
});
