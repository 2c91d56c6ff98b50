import { describe, expect, test } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { loadTfjsNodeGpu, tfjsNodeGpu } from '../../../src/engine/devices/tfjs-node-gpu.ts';

async function failureOf(load: () => Promise<unknown>): Promise<HolotypeError> {
  const error: unknown = await loadTfjsNodeGpu(load).catch((reason: unknown) => reason);
  if (error instanceof HolotypeError) return error;
  throw new Error(`expected a HolotypeError, got ${String(error)}`);
}

describe('loading @tensorflow/tfjs-node-gpu', () => {
  test('names the backend it registers', async () => {
    expect(await loadTfjsNodeGpu(() => Promise.resolve({}))).toBe('tensorflow');
  });

  test('says how to install it when it is not there', async () => {
    const error = await failureOf(() =>
      Promise.reject(new Error(`Cannot find package '${tfjsNodeGpu}' imported from x`)),
    );
    expect(error.code).toBe('not-supported');
    expect(error.message).toContain('not installed');
    expect(error.remedy).toContain('npm run setup:cuda');
  });

  test('passes on why it does not load when it is there', async () => {
    const error = await failureOf(() =>
      Promise.reject(new Error('libcudart.so.11.0: cannot open shared object file')),
    );
    expect(error.message).toContain('libcudart.so.11.0');
    expect(error.remedy).toContain('cuDNN');
  });
});
