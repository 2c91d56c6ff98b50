import type { Explanation } from '../../contract/runs.ts';
import { createSession } from '../devices/onnx-session.ts';
import { exportOnnx } from '../graph/export-onnx.ts';
import type { ModelGraph } from '../graph/graph.ts';
import { openGradCam } from './grad-cam.ts';
import type { Looked } from './grad-cam.ts';
import { occlusion } from './occlusion.ts';

export type Method = Explanation['method'];

/** A classifier that is ready to say where it looks. */
export interface Explainer {
  readonly method: Method;
  /**
   * @param pixels RGB uint8 [height, width, 3] at the model's size
   * @param of index of the class to explain; absent: the model's answer
   * @throws the signal's reason
   */
  explain(pixels: Uint8Array, of?: number, signal?: AbortSignal): Promise<Looked>;
  release(): Promise<void>;
}

/** Photos with something hidden that are run at a time: few, so that a batch stays in a core's cache. */
const batch = 4;

/**
 * Makes a classifier ready to be explained: by Grad-CAM where it has a spatial map, else by occlusion.
 *
 * @param graph takes RGB 0..255, gives probabilities
 * @param method one of the two; absent: the first that can be used
 * @throws HolotypeError when ONNX Runtime can't run it
 */
export async function openExplainer(graph: ModelGraph, method?: Method): Promise<Explainer> {
  const gradCam = method === 'occlusion' ? undefined : await openGradCam(graph);
  if (gradCam !== undefined)
    return {
      method: 'grad-cam',
      async explain(pixels, of, signal) {
        signal?.throwIfAborted();
        return gradCam.explain(pixels, of);
      },
      release: () => gradCam.release(),
    };
  const [height, width] = graph.input.shape;
  const session = await createSession(exportOnnx(graph, { inputType: 'uint8' }));
  const answers = {
    height,
    width,
    batch,
    of: async (pixels: Uint8Array, photos: number) =>
      (await session.run(pixels, [photos, height, width, 3]))[0] ?? new Float32Array(),
  };
  return {
    method: 'occlusion',
    explain: (pixels, of, signal) => occlusion(answers, pixels, of, signal),
    release: () => session.release(),
  };
}
