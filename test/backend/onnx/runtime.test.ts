import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { encodeModel, type Model } from '../../../src/backend/onnx/model.ts';
import { loadRuntime, pinnedVersion } from '../../../src/backend/onnx/runtime.ts';

const addOne: Model = {
  nodes: [{ name: 'n', op: 'Add', domain: '', inputs: ['x', 'one'], outputs: ['y'], attributes: {} }],
  inputs: [{ name: 'x', type: 'float32', dims: [2] }],
  outputs: [{ name: 'y', type: 'float32', dims: [2] }],
  initializers: [
    { name: 'one', type: 'float32', dims: [], bytes: new Uint8Array(Float32Array.of(1).buffer) },
  ],
};

describe("the access to onnxruntime-node's own binding", () => {
  test('is pinned to the installed version', () => {
    const require = createRequire(import.meta.url);
    const { dependencies } = require('../../../package.json') as { dependencies: Record<string, string> };
    expect(dependencies['onnxruntime-node']).toBe(pinnedVersion);
    expect((require('onnxruntime-node/package.json') as { version: string }).version).toBe(pinnedVersion);
  });

  test('runs a graph synchronously, and its outputs can be fed again', () => {
    const runtime = loadRuntime({ threads: 1 });
    expect(runtime.providers).toContain('cpu');
    const session = runtime.createSession(encodeModel(addOne));
    const x = new runtime.Tensor('float32', Float32Array.of(1, 2), [2]);
    const { y } = session.run({ x }, { y: null }, {});
    expect(Array.from(y?.data as Float32Array)).toEqual([2, 3]);
    expect(Array.from(session.run({ x: y as typeof x }, { y: null }, {})['y']?.data as Float32Array)).toEqual(
      [3, 4],
    );
    session.dispose();
  });

  test('says what ONNX Runtime has against a model', () => {
    const runtime = loadRuntime({ threads: 1 });
    const unknown = { ...addOne, nodes: addOne.nodes.map((node) => ({ ...node, op: 'NoSuchOperation' })) };
    expect(() => runtime.createSession(encodeModel(unknown))).toThrow(/NoSuchOperation/);
  });
});
