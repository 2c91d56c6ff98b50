import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import {
  decodeModel,
  encodeModel,
  int64Tensor,
  onnxAttribute as a,
  onnxNode as n,
} from '../../../src/engine/graph/onnx-proto.ts';
import { onnxFile, randomTensor as w } from './onnx-fixtures.ts';

/** A small network with most kinds of fields in it. */
const file = onnxFile(
  ['n', 3, 8, 8],
  [
    n('Conv', ['x', 'w', 'b'], ['c'], [a('pads', [1, 1, 1, 1]), a('auto_pad', 'NOTSET')]),
    n('BatchNormalization', ['c', 'b', 'b', 'b', 'v'], ['d'], [a('epsilon', 1e-3, true)]),
    n('Constant', [], ['shape'], [a('value', int64Tensor('', [2], [0, -1]))]),
    n('Relu', ['d'], ['r']),
    n('GlobalAveragePool', ['r'], ['g']),
    n('Reshape', ['g', 'shape'], ['f']),
    n('Gemm', ['f', 'k'], ['s']),
    n('Softmax', ['s'], ['y'], [a('axis', 1)]),
  ],
  [w('w', [4, 3, 3, 3], 1), w('b', [4], 2), w('v', [4], 3), w('k', [4, 2], 4)],
);

/** The error that importing gives, or undefined where the bytes happen to make a model. */
function failure(bytes: Uint8Array): unknown {
  try {
    importOnnx(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
}

const code = (bytes: Uint8Array): string | undefined => {
  const error = failure(bytes);
  return error instanceof HolotypeError ? error.code : undefined;
};

describe('importOnnx with damaged files', () => {
  it('reads the whole file', () => {
    expect(failure(file)).toBeUndefined();
  });

  it('answers a file cut off at any byte with a HolotypeError', () => {
    for (let length = 0; length < file.length; length++) {
      const error = failure(file.subarray(0, length));
      expect(error, `cut at ${length}`).toBeInstanceOf(HolotypeError);
      expect(error).toHaveProperty('code', expect.stringMatching(/^(bad-input|not-supported)$/));
    }
  });

  it('answers any changed byte with a model or a HolotypeError', () => {
    let refused = 0;
    for (let at = 0; at < file.length; at++)
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = file.slice();
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const error = failure(bytes);
        if (error === undefined) continue;
        refused++;
        expect(error, `byte ${at} changed`).toBeInstanceOf(HolotypeError);
      }
    expect(refused).toBeGreaterThan(file.length / 4);
  });

  it('says bad-input for bytes that are something else', () => {
    expect(code(new Uint8Array(0))).toBe('bad-input');
    expect(code(new TextEncoder().encode('<!doctype html><title>Not found</title>'))).toBe('bad-input');
    expect(code(new Uint8Array(1000).fill(0x0b))).toBe('bad-input');
  });

  it('names an operation and node it does not know', () => {
    const error = failure(
      onnxFile(['n', 3, 8, 8], [n('Relu', ['x'], ['r']), n('Einsum', ['r'], ['y'], [], 'attention/mix')]),
    );
    expect(error).toMatchObject({ code: 'not-supported', details: { op: 'Einsum', node: 'attention/mix' } });
    expect(String(error)).toContain('Einsum');
    expect(String(error)).toContain('attention/mix');
  });

  it('refuses an operation named like a property of every object', () => {
    expect(code(onnxFile(['n', 3, 8, 8], [n('constructor', ['x'], ['y'])]))).toBe('not-supported');
  });

  it('refuses what it could only compute wrongly', () => {
    const batchMixed = onnxFile(
      [1, 3, 8, 8],
      [n('Reshape', ['x', 's'], ['y'])],
      [int64Tensor('s', [2], [3, 64])],
    );
    const spatialShift = onnxFile(['n', 3, 8, 8], [n('Add', ['x', 'k'], ['y'])], [w('k', [8, 8], 1)]);
    const reflected = onnxFile(
      ['n', 3, 8, 8],
      [n('Pad', ['x', 'p'], ['y'], [a('mode', 'reflect')])],
      [int64Tensor('p', [8], [0, 0, 1, 1, 0, 0, 1, 1])],
    );
    const training = onnxFile(
      ['n', 3, 8, 8],
      [n('BatchNormalization', ['x', 'v', 'v', 'v', 'v'], ['y'], [a('training_mode', 1)])],
      [w('v', [3], 1)],
    );
    for (const bytes of [batchMixed, spatialShift, reflected, training])
      expect(code(bytes)).toBe('not-supported');
  });

  it('says bad-input for weights that do not fit', () => {
    const conv = (dims: number[]) =>
      onnxFile(['n', 3, 8, 8], [n('Conv', ['x', 'w'], ['y'])], [w('w', dims, 1)]);
    expect(code(conv([4, 2, 3, 3]))).toBe('bad-input');
    expect(code(conv([4, 3, 9, 9]))).toBe('bad-input');
    const model = decodeModel(conv([4, 3, 3, 3]));
    const [kernel] = model.graph.initializers;
    if (kernel === undefined) throw new Error('the file has a kernel');
    const short = { ...kernel, rawData: kernel.rawData.subarray(0, 40) };
    expect(code(encodeModel({ ...model, graph: { ...model.graph, initializers: [short] } }))).toBe(
      'bad-input',
    );
  });

  it('fills open sizes from the option, and 224 without it', () => {
    const open = onnxFile(['n', 3, 'h', 'w'], [n('Relu', ['x'], ['y'])]);
    expect(importOnnx(open).input.shape).toEqual([224, 224, 3]);
    expect(importOnnx(open, { inputSize: [96, 128] }).input.shape).toEqual([96, 128, 3]);
    const fixed = onnxFile(['n', 3, 32, 40], [n('Relu', ['x'], ['y'])]);
    expect(importOnnx(fixed, { inputSize: [96, 128] }).input.shape).toEqual([32, 40, 3]);
  });
});
