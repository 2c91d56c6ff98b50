import type { Explanation } from '../../contract/runs.ts';
import { decodePhoto, photoSize } from '../../engine/data/decode.ts';
import { openExplainer, type Explainer, type Method } from '../../engine/explain/explainer.ts';
import { windowOf } from '../../engine/explain/window.ts';
import { importOnnx } from '../../engine/graph/import-onnx.ts';
import { readModelFile, type OpenedModel } from '../saved-model.ts';

/** A saved model, ready to be explained. @param method absent: Grad-CAM where it can be used, else occlusion */
export async function explainerOf(opened: OpenedModel, method?: Method): Promise<Explainer> {
  return openExplainer(importOnnx(await readModelFile(opened, 'model.onnx')), method);
}

/**
 * Says where a model looks in a photo.
 *
 * @param file the photo's bytes
 * @param of index of the class to explain; absent: the one it answers
 * @throws HolotypeError('bad-input') as decodePhoto, the signal's reason
 */
export async function explainPhoto(
  { about }: OpenedModel,
  explainer: Explainer,
  file: Uint8Array,
  of?: number,
  signal?: AbortSignal,
): Promise<Explanation> {
  const { classes, input } = about;
  const [size, pixels] = await Promise.all([photoSize(file), decodePhoto(file, input)]);
  const looked = await explainer.explain(pixels, of, signal);
  const { rows, columns, values } = looked.map;
  return {
    class: classes[looked.class] ?? '',
    // A number has no probability.
    probability: Math.max(0, Math.min(1, looked.probability)),
    method: explainer.method,
    rows,
    columns,
    values: [...values],
    window: windowOf(input, size),
  };
}
