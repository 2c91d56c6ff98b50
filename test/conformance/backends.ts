import '@tensorflow/tfjs-backend-cpu';
import { fallbackReport, registerOnnxRuntimeBackend } from '../../src/backend/index.ts';

/** How to make a backend known to TensorFlow.js; done once in each child process. */
export interface BackendUnderTest {
  /** Name it registers under. */
  name: string;
  register(): void;
  /** Kernels that ran elsewhere since the backend was made, with counts, if it keeps such a list. */
  fallbacks(): Readonly<Record<string, number>>;
}

export const backends: Readonly<Record<string, BackendUnderTest>> = {
  // The reference: importing it registers it, and a failure on it is the harness's own.
  cpu: { name: 'cpu', register: () => undefined, fallbacks: () => ({}) },
  onnxruntime: {
    name: 'onnxruntime',
    register: () => registerOnnxRuntimeBackend(),
    fallbacks: () => Object.fromEntries(fallbackReport()),
  },
};
