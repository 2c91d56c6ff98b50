/**
 * TensorFlow.js as training uses it: core with every gradient registered, on a backend chosen once.
 *
 * The gradients are a separate import because the package's Node entry point leaves them out.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { executionProviders, type OnnxDevice } from '../devices/providers.ts';
import { loadTfjsNodeGpu } from '../devices/tfjs-node-gpu.ts';

export { tf };

/** Where TensorFlow.js computes: WebAssembly, plain JavaScript, ONNX Runtime, or TensorFlow on CUDA. */
export type TfBackend = 'wasm' | 'cpu' | 'onnxruntime' | 'tensorflow';

type Kind = 'cpu' | `onnxruntime on ${OnnxDevice}` | 'cuda';

/** What was selected last. */
let selected: { readonly on: Kind; readonly backend: Promise<TfBackend> } | undefined;

/**
 * Selects the backend for training on the CPU: WebAssembly with SIMD, single-threaded so that the same seed gives
 * the same bits; plain JavaScript where WebAssembly can't start.
 *
 * @param wasmFolder folder (path ending in a separator) or URL that holds the tfjs-backend-wasm binaries
 */
export function startTf(wasmFolder: string): Promise<TfBackend> {
  return select('cpu', () => startWasm(wasmFolder));
}

/**
 * Selects `@tensorflow/tfjs-node-gpu`.
 *
 * @throws HolotypeError('not-supported') when it isn't installed or can't be loaded
 */
export function startTfOnCuda(): Promise<TfBackend> {
  return select('cuda', async () => {
    const backend = await loadTfjsNodeGpu();
    await tf.setBackend(backend);
    return backend;
  });
}

/**
 * Selects our own backend on ONNX Runtime, for networks with convolutions: WebAssembly has no gradients for them.
 *
 * @param device one that has passed its self-test
 * @throws HolotypeError('not-supported') when ONNX Runtime can't be loaded
 */
export function startTfOnOnnxRuntime(device: OnnxDevice = 'cpu'): Promise<TfBackend> {
  return select(`onnxruntime on ${device}`, async () => {
    const { backendName, registerOnnxRuntimeBackend } = await import('../../backend/index.ts');
    if (registered !== device) {
      if (registered !== undefined) tf.removeBackend(backendName);
      registerOnnxRuntimeBackend({ executionProviders: executionProviders(device) });
      registered = device;
    }
    if (await tf.setBackend(backendName)) return 'onnxruntime';
    throw new HolotypeError('not-supported', "ONNX Runtime can't be loaded on this machine.", {
      remedy: 'Reinstall Holotype with "npm ci", or train with --recipe head.',
    });
  });
}

/**
 * Says that a tensor never changes, where the backend in use makes something of it.
 *
 * @returns the tensor
 */
export function constantTensor(tensor: Tensor): Tensor {
  const backend: unknown = tf.backend();
  if (backend instanceof Object && 'markConstant' in backend && typeof backend.markConstant === 'function')
    backend.markConstant(tensor);
  return tensor;
}

/**
 * Lets go of a device that was lost: what our backend had compiled for it is released, and TensorFlow.js computes on
 * the processor. Call it when those who trained there have disposed of what they held.
 */
export async function leaveDevice(device: DeviceId): Promise<void> {
  const used: TfBackend | undefined =
    device === 'cuda-tfjs' ? 'tensorflow' : registered === device ? 'onnxruntime' : undefined;
  const lost = used === undefined ? undefined : tf.findBackend(used);
  if (lost !== undefined) {
    const { state } = tf.engine();
    // It may have failed within a gradient, which leaves what was kept for the way back ...
    for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
    state.activeTape = [];
    // ... or while weights were made, which are then nobody's.
    for (const variable of Object.values(state.registeredVariables))
      if (state.tensorInfo.get(variable.dataId)?.backend === lost) variable.dispose();
  }
  await startTfOnOnnxRuntime('cpu');
}

/** What our own backend was registered for. */
let registered: OnnxDevice | undefined;

/** Starts a backend unless it is the one in use; one that failed to start may be tried again. */
function select(on: Kind, start: () => Promise<TfBackend>): Promise<TfBackend> {
  if (selected?.on === on) return selected.backend;
  const backend = start();
  selected = { on, backend };
  backend.catch(() => {
    if (selected?.backend === backend) selected = undefined;
  });
  return backend;
}

async function startWasm(wasmFolder: string): Promise<TfBackend> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm'); // registers its flags
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(wasmFolder);
  if (await tf.setBackend('wasm').catch(() => false)) return 'wasm';
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  return 'cpu';
}
