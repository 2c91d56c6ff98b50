/**
 * TensorFlow.js as training uses it: core with every gradient registered, on a backend chosen once.
 *
 * The gradients are a separate import because the package's Node entry point leaves them out.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

export { tf };

let ready: Promise<string> | undefined;

/**
 * Selects the backend for head training on the CPU: WebAssembly with SIMD, single-threaded so that
 * the same seed gives the same bits; plain JavaScript where WebAssembly can't start.
 *
 * @param wasmFolder folder (path ending in a separator) or URL that holds the tfjs-backend-wasm binaries
 * @returns the name of the backend in use: 'wasm' or 'cpu'
 */
export function startTf(wasmFolder: string): Promise<string> {
  ready ??= (async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm'); // registers its flags
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    setWasmPaths(wasmFolder);
    if (await tf.setBackend('wasm').catch(() => false)) return 'wasm';
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
    return 'cpu';
  })();
  return ready;
}
