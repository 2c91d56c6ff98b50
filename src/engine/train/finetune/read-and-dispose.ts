import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Takes a tensor's numbers and frees it. Call it outside of any `tf.tidy`: our backend computes everything that a
 * tidy still holds, every layer's output for one, and keeps it all until then.
 */
export function readAndDispose(tensor: Tensor): Float32Array {
  try {
    return tensor.dataSync<'float32'>();
  } finally {
    tensor.dispose();
  }
}
