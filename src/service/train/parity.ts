/** Whether exported files answer as the trained model does. */
import { createHash } from 'node:crypto';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { decodePhoto } from '../../engine/data/decode.ts';
import { createPool } from '../../engine/devices/onnx-pool.ts';
import type { TfjsFiles } from '../../engine/graph/export-tfjs.ts';
import { tfjsProbabilities } from '../../engine/train/run-tfjs.ts';
import { readPhoto } from '../../store/photos.ts';

/**
 * Exports whose probabilities differ by more than this from the trained model's are refused; numbers by so many of
 * their standard deviations.
 */
export const parityTolerance = 1e-3;

/** Photos the TF.js export is tried on: it runs some 20x slower than ONNX Runtime. */
const tfjsParityPhotos = 8;

/** A real photo as the model sees it, and what the trained model answers. */
export interface ParityPhoto {
  /** RGB uint8 [height, width, 3]. */
  readonly pixels: Uint8Array;
  /** One a class or label, or the one number. */
  readonly probabilities: Float32Array;
}

/** The largest difference of any answer, and how many photos it was looked for on. */
export interface Difference {
  readonly difference: number;
  readonly photos: number;
}

/** A photo as the model sees it; undefined when it vanished, or is not the one of that id (sha256) any more. */
export async function pixelsOf(
  folder: string,
  { id, path }: { readonly id: string; readonly path: string },
  policy: InputPolicy,
): Promise<Uint8Array | undefined> {
  const bytes = await readPhoto(folder, path).catch(() => undefined);
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== id) return undefined;
  return decodePhoto(bytes, policy);
}

/**
 * Runs a model.onnx on photos.
 *
 * @param tolerance largest difference that is allowed
 * @throws HolotypeError('failed') when it differs by more; the signal's reason
 */
export async function checkOnnx(
  onnx: Uint8Array,
  policy: InputPolicy,
  photos: readonly ParityPhoto[],
  tolerance: number,
  signal?: AbortSignal,
): Promise<Difference> {
  const session = await createPool(onnx, { lanes: 1 });
  try {
    const answers: Float32Array[] = [];
    for (const { pixels } of photos) {
      signal?.throwIfAborted();
      const [own] = await session.run(new Float32Array(pixels), [1, policy.height, policy.width, 3]);
      answers.push(own ?? new Float32Array());
    }
    return judged('onnx', answers, photos, tolerance);
  } finally {
    await session.release();
  }
}

/**
 * Runs a TF.js model on the first few photos, with the backend of TensorFlow.js that is selected.
 *
 * @throws as {@link checkOnnx}
 */
export async function checkTfjs(
  files: TfjsFiles,
  policy: InputPolicy,
  photos: readonly ParityPhoto[],
  tolerance: number,
  signal?: AbortSignal,
): Promise<Difference> {
  const some = photos.slice(0, tfjsParityPhotos);
  const pixels = some.map((photo) => photo.pixels);
  return judged('tfjs', await tfjsProbabilities(files, pixels, policy, signal), some, tolerance);
}

function judged(
  format: string,
  answers: readonly Float32Array[],
  photos: readonly ParityPhoto[],
  tolerance: number,
): Difference {
  const difference = photos.reduce(
    (worst, { probabilities }, photo) =>
      probabilities.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (answers[photo]?.[i] ?? Number.NaN))),
        worst,
      ),
    0,
  );
  if (difference <= tolerance) return { difference, photos: photos.length };
  throw new HolotypeError(
    'failed',
    `The ${format} export answers differently from the trained model: an answer is off by ${difference}.`,
    { remedy: 'Please report this, with the backbone you used; the run itself is kept.' },
  );
}
