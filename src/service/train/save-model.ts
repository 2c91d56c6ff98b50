import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { createPool } from '../../engine/devices/onnx-pool.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import { exportTfjs } from '../../engine/graph/export-tfjs.ts';
import type { TfjsFiles } from '../../engine/graph/export-tfjs.ts';
import type { ModelGraph } from '../../engine/graph/graph.ts';
import { tfjsProbabilities } from '../../engine/train/run-tfjs.ts';
import { ensureFolder, writeFileAtomic, writeJsonAtomic } from '../../store/atomic.ts';
import { removeFile } from '../../store/folders.ts';

/** Exports whose probabilities differ by more than this from the trained model's are refused. */
export const parityTolerance = 1e-3;

/** Photos the TF.js export is tried on: it runs some 20x slower than ONNX Runtime. */
export const tfjsParityPhotos = 8;

export interface ExportedModel {
  readonly onnx: Uint8Array;
  readonly tfjs: TfjsFiles;
}

/** The network in both formats: input RGB `[n, height, width, 3]` in 0..255 (ONNX) or Teachable Machine's (TF.js). */
export async function exportModel(
  graph: ModelGraph,
  about: { name: string; classes: readonly string[]; policy: InputPolicy; createdAt: string },
): Promise<ExportedModel> {
  const onnx = exportOnnx(graph, {
    inputType: 'float32',
    inputLayout: 'nhwc',
    inputName: 'image',
    outputNames: ['probabilities'],
    metadata: {
      classes: JSON.stringify(about.classes),
      input: JSON.stringify(about.policy),
    },
  });
  const tfjs = await exportTfjs(graph, {
    labels: about.classes,
    modelName: about.name,
    policy: about.policy,
    timeStamp: new Date(about.createdAt),
  });
  return { onnx, tfjs };
}

/** A real photo as the model sees it, and what the trained model answers. */
export interface ParityPhoto {
  /** RGB uint8 [height, width, 3]. */
  readonly pixels: Uint8Array;
  /** One a class. */
  readonly probabilities: Float32Array;
}

/**
 * Runs the exported bytes themselves on real photos.
 *
 * @returns the largest difference of any probability, per format
 * @throws HolotypeError('failed') when it is above {@link parityTolerance}: the export is wrong
 */
export async function checkParity(
  model: ExportedModel,
  policy: InputPolicy,
  photos: readonly ParityPhoto[],
  signal?: AbortSignal,
): Promise<{ onnx: number; tfjs: number }> {
  const parity = { onnx: 0, tfjs: 0 };
  const differs = (answers: Float32Array, { probabilities }: ParityPhoto): number =>
    probabilities.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (answers[i] ?? Number.NaN))),
      0,
    );

  const inOnnx = async (): Promise<void> => {
    const session = await createPool(model.onnx, { lanes: 1 });
    try {
      for (const photo of photos) {
        signal?.throwIfAborted();
        const input = new Float32Array(photo.pixels);
        const [answers] = await session.run(input, [1, policy.height, policy.width, 3]);
        parity.onnx = Math.max(parity.onnx, differs(answers ?? new Float32Array(), photo));
      }
    } finally {
      await session.release();
    }
  };
  const inTfjs = async (): Promise<void> => {
    const some = photos.slice(0, tfjsParityPhotos);
    const pixels = some.map((photo) => photo.pixels);
    const answers = await tfjsProbabilities(model.tfjs, pixels, policy, signal);
    some.forEach((photo, i) => {
      parity.tfjs = Math.max(parity.tfjs, differs(answers[i] ?? new Float32Array(), photo));
    });
  };
  // Side by side: ONNX Runtime has a thread of its own, TensorFlow.js this one.
  const checks = await Promise.allSettled([inOnnx(), inTfjs()]);
  for (const check of checks) if (check.status === 'rejected') throw check.reason;
  for (const [format, difference] of Object.entries(parity)) {
    if (!(difference <= parityTolerance))
      throw new HolotypeError(
        'failed',
        `The ${format} export answers differently from the trained model: a probability is off by ${difference}.`,
        { remedy: 'Please report this, with the backbone you used; the run itself is kept.' },
      );
  }
  return parity;
}

/** A file of a saved model: its path in the model's folder, with `/`, and its bytes. */
export type ModelFile = readonly [path: string, bytes: Uint8Array];

/** The files of a saved model that hold the network and its answers' names. */
export function modelFiles(model: ExportedModel, classes: readonly string[]): ModelFile[] {
  const labels = classes.map((name) => `${name.replaceAll(/[\r\n]+/g, ' ')}\n`).join('');
  return [
    ['model.onnx', model.onnx],
    ['tfjs/model.json', Buffer.from(model.tfjs.modelJson)],
    ['tfjs/weights.bin', model.tfjs.weights],
    ['tfjs/metadata.json', Buffer.from(model.tfjs.metadata)],
    ['labels.txt', Buffer.from(labels)],
  ];
}

/** What holotype.json and the report say of the files. */
export function describeFiles(files: readonly ModelFile[]): SavedModel['files'] {
  return files.map(([path, bytes]) => ({
    path,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
}

/**
 * Writes a saved model into its folder. A folder with a holotype.json is a whole model: that of an older one goes
 * first, the new one comes last.
 *
 * @throws HolotypeError('storage')
 */
export async function writeModel(
  folder: string,
  files: readonly ModelFile[],
  report: string,
  about: SavedModel,
): Promise<void> {
  await ensureFolder(join(folder, 'tfjs'));
  await removeFile(join(folder, 'holotype.json'));
  for (const [path, bytes] of files) await writeFileAtomic(join(folder, path), bytes);
  await writeFileAtomic(join(folder, 'report.html'), report);
  await writeJsonAtomic(join(folder, 'holotype.json'), about);
}
