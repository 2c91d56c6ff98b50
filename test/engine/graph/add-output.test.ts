import { expect, test } from 'vitest';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import { addOutput } from '../../../src/engine/graph/onnx/add-output.ts';
import { Net } from './networks.ts';

test('a file gives a tensor from its middle as well, and its answers stay the same bits', async () => {
  const net = new Net([8, 8, 3]);
  const pooled = net.globalPool('pool', net.cbr('one', 'input', 4));
  const onnx = exportOnnx(net.graph(net.dense('fc', pooled, 5)));
  const more = addOutput(onnx, 'pool');
  expect(Buffer.from(more.subarray(0, onnx.length)).equals(Buffer.from(onnx))).toBe(true);
  const [plain, both] = [await createSession(onnx), await createSession(more)];
  const photo = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, at) => (at * 37) % 255);
  const [answers] = await plain.run(photo.slice(), [2, 8, 8, 3]);
  const outputs = await both.run(photo.slice(), [2, 8, 8, 3]);
  await Promise.all([plain.release(), both.release()]);
  expect(both.outputNames).toHaveLength(2);
  expect(outputs[0]).toEqual(answers);
  expect(outputs[1]).toHaveLength(2 * 4);
  expect(Math.max(...(outputs[1] ?? []))).toBeGreaterThan(0);
});

test('a tensor that is not there is told', () => {
  const net = new Net([8, 8, 3]);
  const onnx = exportOnnx(net.graph(net.dense('fc', net.globalPool('pool', 'input'), 2)));
  expect(() => addOutput(onnx, 'nowhere')).toThrow('The model computes nothing called "nowhere".');
});
