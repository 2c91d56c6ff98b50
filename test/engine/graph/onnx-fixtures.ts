import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import {
  encodeModel,
  floatTensor,
  OnnxType,
  type OnnxNode,
  type OnnxTensor,
} from '../../../src/engine/graph/onnx-proto.ts';

/** Largest difference, relative to the largest magnitude expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let magnitude = 1e-6;
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i] ?? Number.NaN;
    difference = Math.max(difference, Math.abs((actual[i] ?? Number.NaN) - e));
    magnitude = Math.max(magnitude, Math.abs(e));
    if (Number.isNaN(e) || Number.isNaN(actual[i] ?? Number.NaN)) return Infinity;
  }
  return difference / magnitude;
}

/** Numbers in -1..1, the same ones for the same seed (mulberry32). */
export function randoms(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

export function randomTensor(name: string, dims: readonly number[], seed: number): OnnxTensor {
  return floatTensor(
    name,
    dims,
    randoms(
      dims.reduce((a, b) => a * b, 1),
      seed,
    ),
  );
}

/** A small ONNX file with the float input `x`. */
export function onnxFile(
  input: readonly (number | string)[],
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
  options: { opset?: number; outputs?: readonly string[] } = {},
): Uint8Array {
  const outputs = options.outputs ?? [nodes.at(-1)?.outputs[0] ?? 'x'];
  return encodeModel({
    irVersion: 8,
    producerName: 'test',
    producerVersion: '',
    opsets: new Map([['', options.opset ?? 17]]),
    metadata: new Map(),
    graph: {
      name: 'test',
      nodes,
      initializers,
      inputs: [{ name: 'x', elemType: OnnxType.float, dims: input }],
      outputs: outputs.map((name) => ({ name, elemType: OnnxType.float, dims: [] })),
    },
  });
}

/**
 * What ONNX Runtime computes on random input: with the file itself, and with our export of our import.
 * @param layout how the file lays out photos; the export is asked for the same
 */
export async function bothWays(
  file: Uint8Array,
  shape: readonly number[],
  layout: 'nchw' | 'nhwc' = 'nchw',
  change: (graph: ModelGraph) => ModelGraph = (graph) => graph,
): Promise<{ graph: ModelGraph; expected: Float32Array[]; actual: Float32Array[] }> {
  const input = randoms(
    shape.reduce((a, b) => a * b, 1),
    7,
  );
  const run = async (onnx: Uint8Array): Promise<Float32Array[]> => {
    const session = await createSession(onnx, { threads: 1 });
    const outputs = await session.run(input, shape);
    await session.release();
    return outputs;
  };
  const expected = await run(file);
  const graph = importOnnx(file);
  const actual = await run(exportOnnx(change(graph), { inputLayout: layout }));
  return { graph, expected, actual };
}
