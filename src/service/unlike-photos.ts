/** Photos unlike those a saved model learned from: what its side file holds, and what it says of a photo. */
import type { SavedModel } from '../contract/saved-model.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { HowUnlike, Novelty } from '../engine/evaluate/unknown.ts';
import type { PhotoView } from '../engine/explore/strangers.ts';
import { decodeSafetensors, encodeSafetensors, type TensorToWrite } from '../store/safetensors.ts';

/** The side file in a saved model's folder. */
export const unlikeFile = 'unlike.safetensors';

type Unlike = NonNullable<SavedModel['unlike']>;

/** How a program computes it without Holotype; part of holotype.json. */
export const unlikeFormula =
  'Add the tensor `features` of model.onnx to its outputs: x, [columns]. The file (safetensors) holds `mean` [columns], `kept` [rows, columns] (8 bits), `scales` [rows] and `weights` [rows, classes]; `own`, the class of each row, is for comparing many photos with each other. With e = x / |x| - mean and d_i = kept_i * scales_i / 127: novelty = 1 - max over classes of sum over i of exp(-gamma * |e - d_i|^2) * weights_i, brought within 0..1. A photo whose novelty is above `above` is unlike those the model learned from.';

/** The side file's bytes. */
export function encodeUnlike({ columns, mean, kept, scales, weights, classes, own }: Novelty): Uint8Array {
  const rows = scales.length;
  return encodeSafetensors(
    new Map<string, TensorToWrite>([
      ['mean', { shape: [columns], data: mean }],
      ['kept', { shape: [rows, columns], data: kept }],
      ['scales', { shape: [rows], data: scales }],
      ['weights', { shape: [rows, classes], data: weights }],
      ...(own === undefined ? [] : [['own', { shape: [rows], data: own }] as const]),
    ]),
  );
}

/** @throws HolotypeError('bad-input') when the file does not fit the model */
export function decodeUnlike(bytes: Uint8Array, { columns, gamma }: Unlike): Novelty {
  const { tensors } = decodeSafetensors(bytes);
  const [mean, kept, scales, weights, own] = ['mean', 'kept', 'scales', 'weights', 'own'].map(
    (name) => tensors.get(name)?.data,
  );
  const classes = tensors.get('weights')?.shape[1] ?? 0;
  const numbers =
    mean instanceof Float32Array && scales instanceof Float32Array && weights instanceof Float32Array;
  if (numbers && kept instanceof Int8Array) {
    const rows = scales.length;
    const fits =
      mean.length === columns && kept.length === rows * columns && weights.length === rows * classes;
    if (fits && rows > 0 && classes > 0) {
      const known = own instanceof Int32Array && own.length === rows ? own : undefined;
      return { columns, mean, kept, scales, weights, classes, own: known, gamma };
    }
  }
  throw new HolotypeError('bad-input', `"${unlikeFile}" of the model does not fit its holotype.json.`, {
    remedy: 'Copy the model again, or train again.',
  });
}

/**
 * Rows of answers with one number more each: how unlike the photo is; then, where photos are to be compared, how `view`
 * sees it.
 *
 * @param answers [photos, width]
 * @param features [photos, columns]
 * @returns [photos, width + 1], with a view [photos, width + 1 + its columns]
 */
export function withNovelty(
  answers: Float32Array,
  features: Float32Array,
  columns: number,
  howUnlike: HowUnlike,
  view?: PhotoView,
): Float32Array {
  const photos = features.length / columns;
  const width = answers.length / photos;
  const wide = width + 1 + (view?.columns ?? 0);
  const rows = new Float32Array(photos * wide);
  for (let photo = 0; photo < photos; photo++) {
    const row = rows.subarray(photo * wide, (photo + 1) * wide);
    const own = features.subarray(photo * columns, (photo + 1) * columns);
    row.set(answers.subarray(photo * width, (photo + 1) * width));
    row[width] = howUnlike(own);
    if (view !== undefined) row.set(view.of(own), width + 1);
  }
  return rows;
}
