import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { Task } from '../../contract/project.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import { exportTfjs } from '../../engine/graph/export-tfjs.ts';
import type { TfjsFiles } from '../../engine/graph/export-tfjs.ts';
import type { ModelGraph } from '../../engine/graph/graph.ts';
import { ensureFolder, writeFileAtomic, writeJsonAtomic } from '../../store/atomic.ts';
import { removeFile } from '../../store/folders.ts';
import { unlikeFile } from '../unlike-photos.ts';
import { checkOnnx, checkTfjs, type ParityPhoto } from './parity.ts';

export interface ExportedModel {
  readonly onnx: Uint8Array;
  readonly tfjs: TfjsFiles;
}

/** What the model's answers are called, in order: one a class or label, or the one number. */
export function answerNames(task: Task, classes: readonly string[]): readonly string[] {
  return task === 'regression' ? ['value'] : classes;
}

/** The network in both formats: input RGB `[n, height, width, 3]` in 0..255 (ONNX) or Teachable Machine's (TF.js). */
export async function exportModel(
  graph: ModelGraph,
  about: {
    name: string;
    task: Task;
    classes: readonly string[];
    policy: InputPolicy;
    createdAt: string;
  },
): Promise<ExportedModel> {
  const names = answerNames(about.task, about.classes);
  const onnx = exportOnnx(graph, {
    inputType: 'float32',
    inputLayout: 'nhwc',
    inputName: 'image',
    outputNames: [about.task === 'regression' ? 'value' : 'probabilities'],
    metadata: {
      task: about.task,
      classes: JSON.stringify(about.classes),
      input: JSON.stringify(about.policy),
    },
  });
  const tfjs = await exportTfjs(graph, {
    labels: names,
    modelName: about.name,
    policy: about.policy,
    ...(about.task === 'single-label' ? {} : { userMetadata: { task: about.task } }),
    timeStamp: new Date(about.createdAt),
  });
  return { onnx, tfjs };
}

/**
 * Runs the exported bytes themselves on real photos, TF.js on the first few.
 *
 * @param tolerance see {@link checkOnnx}
 * @returns the largest difference of any answer, per format
 * @throws HolotypeError('failed') when it is above the tolerance: the export is wrong
 */
export async function checkParity(
  { onnx, tfjs }: ExportedModel,
  policy: InputPolicy,
  photos: readonly ParityPhoto[],
  tolerance: number,
  signal?: AbortSignal,
): Promise<{ photos: number; tfjsPhotos: number; onnx: number; tfjs: number }> {
  // Side by side: ONNX Runtime has a thread of its own, TensorFlow.js this one.
  const checks = await Promise.allSettled([
    checkOnnx(onnx, policy, photos, tolerance, signal),
    checkTfjs(tfjs, policy, photos, tolerance, signal),
  ]);
  const [inOnnx, inTfjs] = checks.map((check) => {
    if (check.status === 'rejected') throw check.reason;
    return check.value;
  });
  return {
    photos: inOnnx?.photos ?? 0,
    tfjsPhotos: inTfjs?.photos ?? 0,
    onnx: inOnnx?.difference ?? 0,
    tfjs: inTfjs?.difference ?? 0,
  };
}

/** A file of a saved model: its path in the model's folder, with `/`, and its bytes. */
export type ModelFile = readonly [path: string, bytes: Uint8Array];

/** The files of a saved model that hold the network and its answers' names. */
export function modelFiles(
  model: ExportedModel,
  names: readonly string[],
  unlike: Uint8Array | undefined,
): ModelFile[] {
  const labels = names.map((name) => `${name.replaceAll(/[\r\n]+/g, ' ')}\n`).join('');
  return [
    ['model.onnx', model.onnx],
    ['tfjs/model.json', Buffer.from(model.tfjs.modelJson)],
    ['tfjs/weights.bin', model.tfjs.weights],
    ['tfjs/metadata.json', Buffer.from(model.tfjs.metadata)],
    ['labels.txt', Buffer.from(labels)],
    ...(unlike === undefined ? [] : [[unlikeFile, unlike] as const]),
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
  if (about.unlike === undefined) await removeFile(join(folder, unlikeFile));
  for (const [path, bytes] of files) await writeFileAtomic(join(folder, path), bytes);
  await writeFileAtomic(join(folder, 'report.html'), report);
  await writeJsonAtomic(join(folder, 'holotype.json'), about);
}
