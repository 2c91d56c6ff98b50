import type { io } from '@tensorflow/tfjs-core';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { tf } from './tf.ts';
import type { TfjsFiles } from '../graph/export-tfjs.ts';

/**
 * Loads an exported TF.js model from its bytes, as anyone who has the files would, and runs it on photos.
 *
 * @param photos RGB uint8 [height, width, 3] each
 * @throws the signal's reason, within a photo of its abort
 * @returns probabilities, one array a photo
 */
export async function tfjsProbabilities(
  files: TfjsFiles,
  photos: readonly Uint8Array[],
  policy: InputPolicy,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  if (files.customLayers.length > 0) await import('../graph/tfjs-custom-layers.ts');
  const { modelTopology, weightsManifest } = JSON.parse(files.modelJson) as {
    modelTopology: object;
    weightsManifest: { weights: io.WeightsManifestEntry[] }[];
  };
  const model = await loadLayersModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: new Uint8Array(files.weights).buffer,
    }),
  );
  const results: Float32Array[] = [];
  try {
    for (const pixels of photos) {
      await new Promise((resolve) => setImmediate(resolve)); // for the signal to be heard
      signal?.throwIfAborted();
      const answer = tf.tidy(() => {
        // The Teachable Machine library's own preprocessing.
        const input = new Float32Array(pixels);
        for (let i = 0; i < input.length; i++) input[i] = (input[i] as number) / 127 - 1;
        return model.predict(tf.tensor4d(input, [1, policy.height, policy.width, 3]));
      });
      if (Array.isArray(answer)) continue;
      try {
        results.push(Float32Array.from(answer.dataSync<'float32'>()));
      } finally {
        answer.dispose();
      }
    }
  } finally {
    model.dispose();
  }
  return results;
}
