import { afterEach, describe, expect, it } from 'vitest';
import { createPool } from '../../../src/engine/devices/onnx-pool.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import type { OnnxSession } from '../../../src/engine/devices/onnx-session.ts';
import { onnxNode as n } from '../../../src/engine/graph/onnx-proto.ts';
import { onnxFile } from '../graph/onnx-fixtures.ts';

const file = onnxFile(['n', 1, 2, 2], [n('Relu', ['x'], ['positive']), n('Neg', ['x'], ['negative'])], [], {
  outputs: ['negative', 'positive'],
});

const open: OnnxSession[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.release();
});
async function pool(lanes?: number): Promise<OnnxSession> {
  const session = await createPool(file, lanes === undefined ? {} : { lanes });
  open.push(session);
  return session;
}

describe('createPool', () => {
  it('gives every caller the answer to its own input, all outputs in order', async () => {
    const session = await pool(3);
    expect(session.lanes).toBe(3);
    expect(session.outputNames).toEqual(['negative', 'positive']);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        session.run(new Float32Array(4 * (1 + (i % 3))).fill(i - 20.5), [1 + (i % 3), 1, 2, 2]),
      ),
    );
    answers.forEach(([negative, positive], i) => {
      const length = 4 * (1 + (i % 3));
      expect(negative).toEqual(new Float32Array(length).fill(20.5 - i));
      expect(positive).toEqual(new Float32Array(length).fill(Math.max(0, i - 20.5)));
    });
  });

  it('leaves the rest of a larger array alone', async () => {
    const session = await pool(1);
    const all = Float32Array.of(9, 1, 2, 3, 4, 9);
    const [negative] = await session.run(all.subarray(1, 5), [1, 1, 2, 2]);
    expect(negative).toEqual(Float32Array.of(-1, -2, -3, -4));
    expect(all).toEqual(Float32Array.of(9, 1, 2, 3, 4, 9));
  });

  it('refuses a wrong input and goes on with the next', async () => {
    const session = await pool(1);
    await expect(session.run(new Float32Array(4), [1, 1, 4, 1])).rejects.toMatchObject({ code: 'failed' });
    const [negative] = await session.run(new Float32Array(4).fill(2), [1, 1, 2, 2]);
    expect(negative).toEqual(new Float32Array(4).fill(-2));
  });

  it('says of bytes that are no model what one session says', async () => {
    const bytes = new TextEncoder().encode('not a model');
    const said = await createSession(bytes).catch((error: unknown) => error);
    await expect(createPool(bytes, { lanes: 2 })).rejects.toEqual(said);
    expect(said).toMatchObject({ name: 'HolotypeError', code: 'bad-input' });
  });

  it('ends what is under way when it is released, and leaves nobody waiting', async () => {
    const session = await createPool(file, { lanes: 1 });
    const runs = Array.from({ length: 50 }, () => session.run(new Float32Array(4), [1, 1, 2, 2]));
    const outcomes = Promise.allSettled(runs);
    await session.release();
    const reasons = (await outcomes).flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    expect(reasons).toEqual(reasons.map(() => expect.objectContaining({ code: 'failed' }) as unknown));
  });
});
