/**
 * TensorFlow.js backend `onnxruntime`: kernels are collected in a lazy graph that ONNX Runtime compiles once and
 * runs. See README.md.
 */
import { findBackend, registerBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { OnnxRuntimeBackend } from './backend.ts';
import { backendName, registerKernels } from './register.ts';
import { loadRuntime, type RuntimeOptions } from './onnx/runtime.ts';
import type { Stats } from './stats.ts';

export { OnnxRuntimeBackend } from './backend.ts';
export { DeviceError } from './onnx/device-error.ts';
export { backendName } from './register.ts';
export type { RuntimeOptions } from './onnx/runtime.ts';
export type { Stats } from './stats.ts';

export interface BackendOptions extends RuntimeOptions {
  /** Compiled sessions kept. Default: 64. */
  readonly maxSessions?: number;
  /** Bytes that kept sessions may hold together, about. Default: 4 GiB. */
  readonly maxSessionBytes?: number;
  /** Pending operations above which the graph is evaluated without being asked. Default: 20,000. */
  readonly maxPendingNodes?: number;
  /** Among TensorFlow.js' backends, the highest is the default one. Default: 4. */
  readonly priority?: number;
}

/**
 * Makes a backend without registering it; kernels need it under the name `onnxruntime`.
 * @throws Error when ONNX Runtime can't be loaded
 */
export function createBackend(options: BackendOptions = {}): OnnxRuntimeBackend {
  return new OnnxRuntimeBackend(loadRuntime(options), {
    cache: { count: options.maxSessions ?? 64, bytes: options.maxSessionBytes ?? 4 * 2 ** 30 },
    pendingNodes: options.maxPendingNodes ?? 20_000,
  });
}

/**
 * Registers the backend and its kernels with TensorFlow.js; `tf.setBackend('onnxruntime')` then selects it.
 * ONNX Runtime is loaded when it's selected.
 */
export function registerOnnxRuntimeBackend(options: BackendOptions = {}): void {
  registerKernels();
  registerBackend(backendName, () => createBackend(options), options.priority ?? 4);
}

/** @throws Error when the backend isn't in use */
function current(): OnnxRuntimeBackend {
  const backend = findBackend(backendName);
  if (!(backend instanceof OnnxRuntimeBackend)) {
    throw new Error(
      `The backend ${backendName} isn't in use: register it, then tf.setBackend('${backendName}')`,
    );
  }
  return backend;
}

/**
 * Computes everything pending that is still referenced. A training loop that doesn't read anything calls it once a
 * step, so that the step is one graph.
 * @throws Error naming kernel, operation and shapes when ONNX Runtime refuses the graph
 */
export function flush(): void {
  current().flush();
}

/**
 * Says that a tensor never changes: it's compiled into graphs, where ONNX Runtime can fold and pre-pack it, instead
 * of being fed at every run. For frozen weights. Its sessions are released with it.
 */
export function markConstant(tensor: TensorInfo): void {
  current().markConstant(tensor);
}

/** What the backend has done so far. */
export function stats(): Stats {
  const { counters, cache } = current();
  let fallbacks = 0;
  for (const count of counters.fallbacks.values()) fallbacks += count;
  return {
    compiles: counters.compiles,
    cacheHits: counters.cacheHits,
    runs: counters.runs,
    nodes: counters.runNodes,
    fallbacks,
    tracingMs: counters.tracingMs,
    hashingMs: counters.hashingMs,
    compileMs: counters.compileMs,
    runMs: counters.runMs,
    sessions: cache.count,
    sessionBytes: cache.bytes,
  };
}

/** How often each kernel ran on tfjs-backend-cpu. */
export function fallbackReport(): Map<string, number> {
  return new Map(current().counters.fallbacks);
}

/** Per operation of ONNX, how many the last computed graph had: what there is to look at when a step is slow. */
export function inspect(): Map<string, number> {
  return current().lastOperations();
}
