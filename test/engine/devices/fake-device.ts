/**
 * A device that can be lost: ONNX Runtime's `webgpu`, but what runs there is the processor. It stands at the lowest
 * place there is, in the binding itself, so that everything above is the real thing.
 */
import { createRequire } from 'node:module';
import type { NativeSession } from '../../../src/backend/onnx/runtime.ts';

const { binding } = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js') as {
  binding: { InferenceSession: new () => NativeSession };
};
const Native = binding.InferenceSession;

/** What a driver's restart looks like. */
export const lostMessage =
  "Non-zero status code returned while running Reshape node. Name:'Reshape_Reshape_3' Status Message: " +
  'Failed to create a WebGPU compute pipeline: A valid external Instance reference no longer exists.';

export const fakeDevice = {
  /** Runs that are still left to it. */
  left: Number.POSITIVE_INFINITY,
  runs: 0,
  /** Sessions that were compiled for it and not disposed of. */
  sessions: 0,
  /** It works again, for so many runs. */
  works(runs = Number.POSITIVE_INFINITY): void {
    fakeDevice.left = runs;
    fakeDevice.runs = 0;
  },
};

class FakeSession extends Native {
  #onDevice = false;

  override loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void {
    const { executionProviders = [] } = options as { executionProviders?: readonly unknown[] };
    if (!executionProviders.includes('webgpu')) {
      super.loadModel(buffer, offset, length, options);
      return;
    }
    if (fakeDevice.left <= 0) throw new Error('Failed to get a WebGPU device: it is gone.');
    super.loadModel(buffer, offset, length, { ...options, executionProviders: ['cpu'] });
    this.#onDevice = true;
    fakeDevice.sessions += 1;
  }

  override run(...call: Parameters<NativeSession['run']>): ReturnType<NativeSession['run']> {
    if (this.#onDevice) {
      if (fakeDevice.left <= 0) throw new Error(lostMessage);
      fakeDevice.left -= 1;
      fakeDevice.runs += 1;
    }
    return super.run(...call);
  }

  override dispose(): void {
    super.dispose();
    if (this.#onDevice) fakeDevice.sessions -= 1;
    this.#onDevice = false;
  }
}

/** Puts the fake in the place of the real `webgpu`, for this test file's process. */
export function installFakeDevice(): void {
  binding.InferenceSession = FakeSession;
}
