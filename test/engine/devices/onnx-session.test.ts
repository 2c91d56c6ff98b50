import { describe, expect, it } from 'vitest';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { onnxNode as n } from '../../../src/engine/graph/onnx-proto.ts';
import { onnxFile } from '../graph/onnx-fixtures.ts';

describe('createSession', () => {
  it('runs any batch size and returns every output in order', async () => {
    const file = onnxFile(
      ['n', 1, 2, 2],
      [n('Relu', ['x'], ['positive']), n('Neg', ['x'], ['negative'])],
      [],
      { outputs: ['negative', 'positive'] },
    );
    const session = await createSession(file, { threads: 1 });
    expect(session.outputNames).toEqual(['negative', 'positive']);
    const one = await session.run(Float32Array.of(1, -2, 3, -4), [1, 1, 2, 2]);
    expect(one).toEqual([Float32Array.of(-1, 2, -3, 4), Float32Array.of(1, 0, 3, 0)]);
    const [two] = await session.run(new Float32Array(8).fill(5), [2, 1, 2, 2]);
    expect(two).toEqual(new Float32Array(8).fill(-5));
    // An earlier result is not overwritten by a later run.
    expect(one[0]).toEqual(Float32Array.of(-1, 2, -3, 4));
    await session.release();
  });

  it('answers bytes that are no model with bad-input', async () => {
    await expect(createSession(new TextEncoder().encode('not a model'))).rejects.toMatchObject({
      name: 'HolotypeError',
      code: 'bad-input',
    });
  });
});
