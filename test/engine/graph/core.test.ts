import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { appendNodes, cutAt, tailAfter } from '../../../src/engine/graph/cut.ts';
import { exportOnnx, type ExportOnnxOptions } from '../../../src/engine/graph/export-onnx.ts';
import { foldBatchNorm, withInputNormalization } from '../../../src/engine/graph/fold.ts';
import type { GraphNode, ModelGraph } from '../../../src/engine/graph/graph.ts';
import { graphHash } from '../../../src/engine/graph/hash.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import { decodeModel } from '../../../src/engine/graph/onnx-proto.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { mobileNetV2, Net, resNet } from './networks.ts';
import { bothWays, onnxFile, randoms, randomTensor, relativeError } from './onnx-fixtures.ts';
import { onnxAttribute as a, onnxNode as n } from '../../../src/engine/graph/onnx-proto.ts';

async function run(
  graph: ModelGraph,
  input: Float32Array | Uint8Array,
  shape: readonly number[],
  options: ExportOnnxOptions = {},
): Promise<Float32Array[]> {
  const session = await createSession(exportOnnx(graph, options), { threads: 1 });
  const outputs = await session.run(input, shape);
  await session.release();
  return outputs;
}

const residual = (): ModelGraph => resNet((stage, unit, layer) => `s${stage}/u${unit}/${layer}`);
const photos = randoms(2 * 32 * 32 * 3, 11);
const photoShape = [2, 32, 32, 3];

/** The same graph with one node replaced. */
const changed = (graph: ModelGraph, name: string, change: (node: GraphNode) => GraphNode): ModelGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (node.name === name ? change(node) : node)),
});

function code(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof HolotypeError ? error.code : 'not a HolotypeError';
  }
}

describe('convolutions of any size', () => {
  it('agree with ONNX Runtime on the original', async () => {
    const small = fc.integer({ min: 1, max: 3 });
    const pad = fc.integer({ min: 0, max: 2 });
    const config = fc.record({
      size: fc.tuple(fc.integer({ min: 7, max: 12 }), fc.integer({ min: 7, max: 12 })),
      kernel: fc.tuple(small, small),
      strides: fc.tuple(small, small),
      dilations: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
      pads: fc.tuple(pad, pad, pad, pad),
      groups: fc.constantFrom(1, 2, 4),
      perGroup: small,
      auto: fc.constantFrom('NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(config, async (c) => {
        const attributes = [a('strides', c.strides), a('dilations', c.dilations), a('group', c.groups)];
        // ONNX Runtime refuses SAME together with dilations.
        const auto = c.dilations.some((d) => d > 1) ? 'NOTSET' : c.auto;
        attributes.push(auto === 'NOTSET' ? a('pads', c.pads) : a('auto_pad', auto));
        const kernel = randomTensor('w', [c.groups * c.perGroup, 4 / c.groups, ...c.kernel], c.seed);
        const file = onnxFile(['n', 4, ...c.size], [n('Conv', ['x', 'w'], ['y'], attributes)], [kernel]);
        const { expected, actual } = await bothWays(file, [1, 4, ...c.size]);
        expect(relativeError(actual[0] ?? [], expected[0] ?? [])).toBeLessThan(2e-6);
      }),
      { numRuns: 60 },
    );
  });
});

describe('exportOnnx', () => {
  it('gives the same numbers for every kind of input', async () => {
    const graph = residual();
    const bytes = Uint8Array.from(photos, (v) => Math.round(127 + 120 * v));
    const floats = Float32Array.from(bytes);
    const planes = new Float32Array(floats.length);
    for (let i = 0; i < floats.length; i++) {
      const [image, pixel, channel] = [Math.floor(i / 3072), Math.floor((i % 3072) / 3), i % 3];
      planes[image * 3072 + channel * 1024 + pixel] = floats[i] ?? 0;
    }
    const [expected = []] = await run(graph, floats, photoShape);
    const [fromBytes = []] = await run(graph, bytes, photoShape, { inputType: 'uint8' });
    const [fromPlanes = []] = await run(graph, planes, [2, 3, 32, 32], { inputLayout: 'nchw' });
    expect(relativeError(fromBytes, expected)).toBeLessThan(1e-6);
    expect(relativeError(fromPlanes, expected)).toBeLessThan(1e-6);
  });

  it('names inputs and outputs as told, keeps metadata, and needs one transpose', () => {
    const graph = residual();
    const options = {
      inputName: 'photo',
      outputNames: ['scores'],
      metadata: { task: 'single-label' },
      producer: 'me',
    };
    const model = decodeModel(exportOnnx(graph, { ...options, inputType: 'uint8' }));
    expect(model.graph.inputs).toEqual([{ name: 'photo', elemType: 2, dims: ['n', 32, 32, 3] }]);
    expect(model.graph.outputs).toEqual([{ name: 'scores', elemType: 1, dims: ['n', 5] }]);
    expect(model.metadata).toEqual(new Map([['task', 'single-label']]));
    expect(model.producerName).toBe('me');
    const ops = model.graph.nodes.map((node) => node.opType);
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(1);
    expect(ops).not.toContain('Identity');
    expect(model.graph.nodes.at(-1)?.outputs).toEqual(['scores']);
  });

  it('writes tensors that are both read and returned, twice returned, or the input itself', async () => {
    const net = new Net([4, 4, 3]);
    const conv = net.conv('c', 'input', 4);
    const relu = net.act('r', conv);
    const graph = net.graph(conv, relu, conv);
    const input = randoms(48, 3);
    const [first = [], second = [], third = []] = await run(graph, input, [1, 4, 4, 3], {
      outputNames: ['one', 'two', 'three'],
    });
    expect([...third]).toEqual([...first]);
    expect([...second]).toEqual([...first].map((v) => Math.max(0, v)));
    const [echo = []] = await run(net.graph('input'), input, [1, 4, 4, 3], { outputNames: ['echo'] });
    expect([...echo]).toEqual([...input]);
  });

  it('is read back as the same function', async () => {
    for (const graph of [residual(), foldBatchNorm(residual())]) {
      const again = importOnnx(exportOnnx(graph, { inputType: 'uint8' }));
      expect(again.input.shape).toEqual([32, 32, 3]);
      const [expected = []] = await run(graph, photos, photoShape);
      const [actual = []] = await run(again, photos, photoShape);
      expect(relativeError(actual, expected)).toBeLessThan(1e-6);
    }
  });

  it('reorders the rows of a dense layer behind a flattened map instead of transposing', async () => {
    const net = new Net([4, 6, 3]);
    const flat = net.act('r', net.flatten('f', net.conv('c', 'input', 4)));
    const direct = net.graph(net.dense('fc', flat, 5));
    const both = cutAt(direct, ['fc', 'r']);
    const input = randoms(72, 5);
    const model = decodeModel(exportOnnx(direct, { inputLayout: 'nchw' }));
    expect(model.graph.nodes.map((node) => node.opType)).toEqual(['Conv', 'Flatten', 'Relu', 'Gemm']);
    const [expected = []] = await run(both, input, [1, 4, 6, 3]);
    const [actual = []] = await run(direct, input, [1, 4, 6, 3]);
    expect(relativeError(actual, expected)).toBeLessThan(1e-6);
  });
});

describe('cut', () => {
  it('trunk and tail together are the whole', async () => {
    const graph = residual();
    const [expected = []] = await run(graph, photos, photoShape);
    for (const boundary of ['stem_pool', 's0/u1/relu', 'pool', 'flat']) {
      const trunk = cutAt(graph, [boundary]);
      const tail = tailAfter(graph, boundary);
      const [features = new Float32Array(0)] = await run(trunk, photos, photoShape);
      const [actual = []] = await run(tail, features, [2, ...tail.input.shape]);
      expect({ boundary, error: relativeError(actual, expected) }).toEqual({
        boundary,
        error: expect.closeTo(0, 6),
      });
    }
  });

  it('leaves out nodes and weights that are not needed', () => {
    const graph = residual();
    const trunk = cutAt(graph, ['stem_pool']);
    expect(trunk.nodes.map((node) => node.name)).toEqual(['stem', 'stem/bn', 'stem/relu', 'stem_pool']);
    expect([...trunk.weights.keys()]).toEqual([
      'stem/kernel',
      'stem/bn/scale',
      'stem/bn/offset',
      'stem/bn/mean',
      'stem/bn/variance',
    ]);
    expect(tailAfter(graph, 'flat').weights.size).toBe(2);
  });

  it('refuses a boundary that does not separate, and names that are not there', () => {
    const graph = residual();
    expect(code(() => tailAfter(graph, 's0/u0/conv1'))).toBe('bad-usage');
    expect(code(() => tailAfter(graph, 'nowhere'))).toBe('bad-usage');
    expect(code(() => cutAt(graph, ['nowhere']))).toBe('bad-usage');
    expect(code(() => tailAfter(cutAt(graph, ['fc', 'stem_pool']), 'pool'))).toBe('bad-usage');
  });

  it('appends a head', async () => {
    const trunk = cutAt(residual(), ['flat']);
    const weights = new Map([['head/kernel', { shape: [16, 2], data: randoms(32, 1) }]]);
    const head: GraphNode = { op: 'dense', name: 'head', inputs: ['flat'], kernel: 'head/kernel' };
    const graph = appendNodes(trunk, [head], weights, ['head', 'flat']);
    const [scores = [], features = []] = await run(graph, photos, photoShape);
    const byHand = [0, 1].map((o) =>
      [...features]
        .slice(0, 16)
        .reduce((s, v, i) => s + v * (weights.get('head/kernel')?.data[i * 2 + o] ?? 0), 0),
    );
    expect(relativeError([...scores].slice(0, 2), byHand)).toBeLessThan(1e-5);
    expect(code(() => appendNodes(graph, [head], new Map(), ['head']))).toBe('bad-usage');
    expect(code(() => appendNodes(graph, [], weights, ['head']))).toBe('bad-usage');
  });
});

describe('fold', () => {
  it('keeps the function and the names of what remains', async () => {
    const graph = residual();
    const folded = foldBatchNorm(graph);
    expect(folded.nodes.some((node) => node.op === 'batch-norm')).toBe(false);
    const kept = new Set(graph.nodes.map((node) => node.name));
    expect(folded.nodes.every((node) => kept.has(node.name))).toBe(true);
    const watched = ['s0/u0/add', 's1/u0/conv1/bn', 'fc'];
    const expected = await run(cutAt(graph, watched), photos, photoShape);
    const actual = await run(cutAt(folded, watched), photos, photoShape);
    for (const [i, numbers] of expected.entries())
      expect(relativeError(actual[i] ?? [], numbers)).toBeLessThan(1e-5);
  });

  it('folds behind depthwise and dense layers and joins chains, but not what others read', async () => {
    const net = new Net([6, 6, 3]);
    let x = net.norm('n1', net.norm('n0', 'input'));
    x = net.norm('n2', net.depthwise('dw', net.conv('c', x, 4)));
    x = net.norm('n3', net.dense('d', net.globalPool('p', x), 4));
    const shared = net.norm('n4', net.dense('e', x, 4));
    const graph = net.graph(net.sum('y', shared, 'e'));
    const folded = foldBatchNorm(graph);
    expect(folded.nodes.map((node) => [node.op, node.name])).toEqual([
      ['affine', 'n1'],
      ['conv2d', 'c'],
      ['depthwise-conv2d', 'n2'],
      ['global-average-pool', 'p'],
      ['dense', 'n3'],
      ['dense', 'e'],
      ['batch-norm', 'n4'],
      ['add', 'y'],
    ]);
    const input = randoms(108, 2);
    const [expected = []] = await run(graph, input, [1, 6, 6, 3]);
    const [actual = []] = await run(folded, input, [1, 6, 6, 3]);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });

  it('does not touch weights that two layers share', async () => {
    const net = new Net([6, 6, 3]);
    const first = net.conv('c', 'input', 3);
    const graph = net.graph(net.norm('n', net.add({ ...netNode(net, 'c'), name: 'c2', inputs: [first] })));
    const input = randoms(108, 2);
    const [expected = []] = await run(graph, input, [1, 6, 6, 3]);
    const [actual = []] = await run(foldBatchNorm(graph), input, [1, 6, 6, 3]);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });

  it('normalizes pixels inside the graph', async () => {
    const graph = residual();
    const mean: [number, number, number] = [123.7, 116.3, 103.5];
    const std: [number, number, number] = [58.4, 57.1, 57.4];
    const policy = { height: 32, width: 32, resize: 'squash', cropFraction: 1, mean, std } as const;
    const bytes = Uint8Array.from(photos, (v) => Math.round(127 + 120 * v));
    const normalized = Float32Array.from(bytes, (v, i) => (v - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1));
    const [expected = []] = await run(graph, normalized, photoShape);
    const inside = withInputNormalization(graph, policy);
    const [actual = []] = await run(inside, bytes, photoShape, { inputType: 'uint8' });
    expect(relativeError(actual, expected)).toBeLessThan(1e-4);
    expect(code(() => withInputNormalization(graph, { ...policy, height: 64 }))).toBe('bad-usage');
    expect(code(() => withInputNormalization(new Net([32, 32, 1]).graph('input'), policy))).toBe(
      'not-supported',
    );
  });
});

/** The node of this name. */
function netNode(net: Net, name: string): GraphNode {
  const node = net.nodes.find((other) => other.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

describe('graphHash', () => {
  const graph = mobileNetV2((block, layer) => `b${block}/${layer}`);

  it('is the same for the same network, whatever its names', () => {
    expect(graphHash(graph)).toMatch(/^[0-9a-f]{64}$/);
    expect(graphHash(mobileNetV2((block, layer) => `b${block}/${layer}`))).toBe(graphHash(graph));
    expect(graphHash(mobileNetV2((block, layer) => `other${block}.${layer}`))).toBe(graphHash(graph));
    expect(graphHash(importOnnx(exportOnnx(graph)))).toBe(
      graphHash(importOnnx(exportOnnx(graph, { inputName: 'i' }))),
    );
  });

  it('changes with any number, setting, connection, output or input size', () => {
    const kernel = graph.weights.get('stem/kernel');
    if (kernel === undefined) throw new Error('the stem has a kernel');
    const data = kernel.data.slice();
    data[data.length - 1] = (data[data.length - 1] ?? 0) + 1e-6;
    const variants: ModelGraph[] = [
      graph,
      { ...graph, weights: new Map([...graph.weights, ['stem/kernel', { ...kernel, data }]]) },
      changed(graph, 'stem', (node) => (node.op === 'conv2d' ? { ...node, strides: [1, 2] } : node)),
      changed(graph, 'stem/relu', (node) => (node.op === 'activation' ? { ...node, kind: 'relu' } : node)),
      changed(graph, 'b2/add', (node) => ({ ...node, inputs: [...node.inputs].reverse() })),
      { ...graph, outputs: ['logits'] },
      { ...graph, input: { ...graph.input, shape: [16, 18, 3] } },
    ];
    expect(new Set(variants.map(graphHash)).size).toBe(variants.length);
  });
});

describe('inferShapes', () => {
  it('gives every tensor', () => {
    const shapes = inferShapes(residual());
    expect(shapes.get('input')).toEqual([32, 32, 3]);
    expect(shapes.get('stem_pool')).toEqual([8, 8, 8]);
    expect(shapes.get('s1/u1/relu')).toEqual([4, 4, 16]);
    expect(shapes.get('pool')).toEqual([1, 1, 16]);
    expect(shapes.get('fc')).toEqual([5]);
  });

  it('refuses graphs that contradict themselves, naming the node', () => {
    const graph = residual();
    const rewired = (name: string, input: string) =>
      changed(graph, name, (node) => ({ ...node, inputs: [input] }));
    const bad: ModelGraph[] = [
      rewired('stem', 'nowhere'),
      rewired('stem', 'fc'),
      rewired('fc', 'stem'),
      rewired('s0/u0/conv2', 'input'),
      changed(graph, 'stem_pool', (node) => ({ ...node, name: 'stem' })),
      changed(graph, 'fc', (node) => ({ ...node, inputs: ['flat', 'flat'] })),
      { ...graph, outputs: ['nowhere'] },
      { ...graph, weights: new Map() },
    ];
    for (const broken of bad) expect(code(() => inferShapes(broken))).toBe('bad-input');
    expect(() => inferShapes(rewired('s0/u0/conv2', 'input'))).toThrow('s0/u0/conv2');
  });
});
