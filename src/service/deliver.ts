import { basename, join, resolve } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { ExportResult, PredictResult } from '../contract/predict.ts';
import { ensureFolder, writeFileAtomic } from '../store/atomic.ts';
import { copyInto, folderName } from '../store/copies.ts';
import { listFolder, readBytes } from '../store/folders.ts';
import { isHidden } from '../store/photos.ts';
import { csvLine } from './csv.ts';
import { readModelFile } from './saved-model.ts';
import type { OpenedModel } from './saved-model.ts';

/** Formats `export` knows, and the saved model's files that make them. */
const formats = {
  onnx: ['model.onnx', 'labels.txt'],
  tfjs: ['tfjs/model.json', 'tfjs/weights.bin', 'tfjs/metadata.json', 'labels.txt'],
} as const;
export type ExportFormat = keyof typeof formats;

/** Writes predictions as CSV (RFC 4180): path, label, confidence, unknown, then a column a class. */
export async function writeCsv(
  path: string,
  classes: readonly string[],
  result: PredictResult,
): Promise<void> {
  const rows = [
    ['path', 'label', 'confidence', 'unknown', ...classes],
    ...result.results.map(({ path: photo, label, confidence, unknown, probabilities }) => [
      photo,
      label,
      confidence.toFixed(6),
      String(unknown),
      ...classes.map((name) => (probabilities[name] ?? 0).toFixed(6)),
    ]),
  ];
  await writeFileAtomic(resolve(path), rows.map(csvLine).join(''));
}

/**
 * Copies photos into a folder per answer, `unknown` for those; originals stay where they are.
 *
 * @throws the signal's reason; the copies made by then stay
 * @returns copies made
 */
export async function sortInto(
  folder: string,
  result: PredictResult,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<number> {
  let done = 0;
  for (const { path, label, unknown } of result.results) {
    options.signal?.throwIfAborted();
    await copyInto(path, join(resolve(folder), unknown ? 'unknown' : folderName(label)), basename(path));
    done += 1;
    options.onProgress?.(done, result.results.length);
  }
  return done;
}

/** Writes a saved model in one format, with its labels and description, to take it elsewhere. */
export async function exportTo(model: OpenedModel, format: string, out: string): Promise<ExportResult> {
  if (!Object.hasOwn(formats, format))
    throw new HolotypeError('bad-usage', `There is no export format "${format}".`, {
      remedy: `Formats are ${Object.keys(formats).join(' and ')}.`,
    });
  const folder = resolve(out);
  const paths = formats[format as ExportFormat];
  const own = new Set([...paths.map((path) => path.replace('tfjs/', '')), 'holotype.json']);
  const others = (await listFolder(folder)).filter((name) => !isHidden(name) && !own.has(name));
  // An earlier export is replaced; a saved model, a project or anything else is not.
  if (folder === model.folder || others.length > 0)
    throw new HolotypeError(
      'bad-usage',
      folder === model.folder
        ? 'The export would overwrite the model itself.'
        : `The folder "${out}" holds something else: "${others[0] ?? ''}".`,
      { remedy: 'Give --out a new or empty folder.' },
    );
  await ensureFolder(folder);
  const files: ExportResult['files'] = [];
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    await writeFileAtomic(join(folder, path), bytes);
    files.push({ path, bytes: bytes.length });
  };
  for (const path of paths) {
    await write(path.replace('tfjs/', ''), await readModelFile(model, path));
  }
  await write('holotype.json', await readBytes(join(model.folder, 'holotype.json')));
  return { format, folder, files };
}
