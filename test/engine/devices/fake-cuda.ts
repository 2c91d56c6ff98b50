/**
 * What `@tensorflow/tfjs-node-gpu` registers, a TensorFlow.js backend `tensorflow`, but on the processor: WebAssembly's
 * kernels under another name. It computes at once and can be lost at any kernel.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

export const fakeCuda = {
  /** Kernels that are still left to it. */
  left: Number.POSITIVE_INFINITY,
  kernels: 0,
  /** It works again, for so many kernels. */
  works(kernels = Number.POSITIVE_INFINITY): void {
    fakeCuda.left = kernels;
    fakeCuda.kernels = 0;
  },
};

let installed = false;

/** Stands in for `loadTfjsNodeGpu`. */
export async function installFakeCuda(): Promise<'tensorflow'> {
  if (installed) return 'tensorflow';
  installed = true;
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  await tf.setBackend('wasm');
  const wasm = tf.backend();
  tf.registerBackend('tensorflow', () => wasm);
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('wasm'))
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc(call) {
        if (fakeCuda.left <= 0)
          throw new Error('Invalid TF_Status: 13\nMessage: Failed to copy from the device: it is gone');
        fakeCuda.left -= 1;
        fakeCuda.kernels += 1;
        return kernelFunc(call);
      },
    });
  return 'tensorflow';
}
