import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { startTf as start } from '../../engine/train/tf.ts';

/** Selects TensorFlow.js' backend for the CPU. See the engine's function of that name. */
export function startTf(): ReturnType<typeof start> {
  const require = createRequire(import.meta.url);
  // Where the WebAssembly backend's binaries are.
  return start(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
}
