import '@tensorflow/tfjs-backend-cpu';

/** How to make a backend known to TensorFlow.js; run once in each child process. */
export interface BackendUnderTest {
  /** Name it registers under. */
  name: string;
  register(): void | Promise<void>;
  /** Kernels that ran elsewhere so far, with counts, if the backend keeps such a list. */
  fallbacks(): Record<string, number>;
}

export const backends: Record<string, BackendUnderTest> = {
  // The reference: importing it registers it, and a failure on it is the harness's own.
  cpu: { name: 'cpu', register: () => undefined, fallbacks: () => ({}) },
};
