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
