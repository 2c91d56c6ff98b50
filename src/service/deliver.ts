import { basename, join, resolve } from 'node:path';
import { doubtOf } from '../contract/doubt.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { ExportResult, PredictResult } from '../contract/predict.ts';
import type { Task } from '../contract/project.ts';
import type { AnswerKey } from '../engine/evaluate/answer.ts';
import { ensureFolder, writeFileAtomic } from '../store/atomic.ts';
import { copyInto, folderName } from '../store/copies.ts';
import { exists, listFolder, readBytes } from '../store/folders.ts';
import { isHidden } from '../store/photos.ts';
import { csvLine } from './csv.ts';
import { readModelFile } from './saved-model.ts';
import type { OpenedModel } from './saved-model.ts';
import { unlikeFile } from './unlike-photos.ts';

/** A file of a saved model, and what an export calls it. */
type Renamed = readonly [from: string, to: string];

const onnx: Renamed[] = [['model.onnx', 'model.onnx']];
const labels: Renamed[] = [['labels.txt', 'labels.txt']];
/** Only for models that can tell photos unlike those they learned from, and only beside the file that it reads. */
const unlike: Renamed = [unlikeFile, unlikeFile];
const tfjs = ['model.json', 'weights.bin', 'metadata.json'];

/** Formats `export` knows, and the saved model's files that make them; holotype.json comes with each. */
const formats = {
  onnx: [...onnx, ...labels],
  tfjs: [...tfjs.map((name): Renamed => [`tfjs/${name}`, name]), ...labels],
  /** The saved model as it is. */
  holotype: [...onnx, ...tfjs.map((name): Renamed => [`tfjs/${name}`, `tfjs/${name}`]), ...labels],
} satisfies Record<string, readonly Renamed[]>;
export type ExportFormat = keyof typeof formats;

/** Whether `export` knows a format of this name. */
export const isExportFormat = (format: string): format is ExportFormat => Object.hasOwn(formats, format);

/** What the table of answers needs of each. */
export interface TableRow {
  readonly path: string;
  readonly label: string;
  /** With several labels a photo. */
  readonly labels?: readonly string[] | undefined;
  /** With a number to predict. */
  readonly value?: number | undefined;
  readonly confidence: number | null;
  readonly unknown: boolean;
  readonly unlike?: boolean | undefined;
  /** In the order of the classes. */
  readonly probabilities: readonly number[];
}

/**
 * A table of answers as CSV (RFC 4180), piece by piece: path, label, confidence, unknown, then a column a class; with
 * numbers path, value and unknown. The last column says why an answer is not to be trusted, and is empty where it may be.
 */
export async function* tableOf(
  { task, classes }: Pick<AnswerKey, 'task' | 'classes'>,
  rows: Iterable<TableRow> | AsyncIterable<TableRow>,
): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  if (task === 'regression') {
    yield encoder.encode(csvLine(['path', 'value', 'unknown', 'note']));
    for await (const row of rows)
      yield encoder.encode(csvLine([row.path, `${row.value ?? ''}`, String(row.unknown), doubtOf(row)]));
    return;
  }
  yield encoder.encode(csvLine(['path', 'label', 'confidence', 'unknown', ...classes, 'note']));
  for await (const row of rows) {
    const { path, label, confidence, unknown, probabilities } = row;
    const shares = probabilities.map((share) => share.toFixed(6));
    const sure = (confidence ?? 0).toFixed(6);
    yield encoder.encode(csvLine([path, label, sure, String(unknown), ...shares, doubtOf(row)]));
  }
}

/** Writes predictions as a table, see {@link tableOf}. */
export async function writeCsv(
  path: string,
  key: Pick<AnswerKey, 'task' | 'classes'>,
  { results }: PredictResult,
): Promise<void> {
  const rows = results.map(({ probabilities, ...rest }) => ({
    ...rest,
    probabilities: key.classes.map((name) => probabilities[name] ?? 0),
  }));
  await writeFileAtomic(resolve(path), tableOf(key, rows));
}

/** The folder that a photo with this answer is sorted into. */
export function sortedFolder({ label, unknown }: { label: string; unknown: boolean }): string {
  // Of several labels a photo may have none.
  return unknown ? 'unknown' : label === '' ? 'no label' : folderName(label);
}

/** Photos are sorted by class or labels. @throws HolotypeError('bad-usage') for a model that predicts numbers */
export function checkSortable(task: Task): void {
  if (task === 'regression')
    throw new HolotypeError(
      'bad-usage',
      'This model predicts a number: there are no classes to sort photos into.',
      {
        remedy: 'Write the numbers as a table instead.',
      },
    );
}

/** What sorting needs of each answer. */
export interface SortedPhoto {
  /** Where the photo lies. */
  readonly path: string;
  readonly label: string;
  readonly unknown: boolean;
}

/**
 * Copies photos into a folder per answer, `unknown` for those; originals stay where they are.
 *
 * @param options.skipGone a photo that is no longer there is left out, instead of ending it all
 * @throws the signal's reason; the copies made by then stay
 * @returns copies made
 */
export async function sortInto(
  folder: string,
  photos: Iterable<SortedPhoto> | AsyncIterable<SortedPhoto>,
  options: { signal?: AbortSignal; skipGone?: boolean; onProgress?: (done: number) => void } = {},
): Promise<number> {
  let done = 0;
  let copies = 0;
  for await (const { path, label, unknown } of photos) {
    options.signal?.throwIfAborted();
    try {
      await copyInto(path, join(resolve(folder), sortedFolder({ label, unknown })), basename(path));
      copies += 1;
    } catch (error) {
      if (options.skipGone !== true || (await exists(path))) throw error;
    }
    done += 1;
    options.onProgress?.(done);
  }
  return copies;
}

/** Writes a saved model in one format, with its labels and description, to take it elsewhere. */
export async function exportTo(model: OpenedModel, format: string, out: string): Promise<ExportResult> {
  if (!isExportFormat(format))
    throw new HolotypeError('bad-usage', `There is no export format "${format}".`, {
      remedy: `Formats are ${Object.keys(formats).join(', ')}.`,
    });
  const folder = resolve(out);
  const wanted: Renamed[] = [
    ...formats[format],
    ...(format !== 'tfjs' && model.about.unlike !== undefined ? [unlike] : []),
  ];
  const report = join(model.folder, 'report.html');
  const withReport = format === 'holotype' && (await exists(report));
  const names = [...wanted.map(([, to]) => to), 'holotype.json', ...(withReport ? ['report.html'] : [])];
  const own = new Set(names.map((name) => name.split('/')[0]));
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
  const files: ExportResult['files'] = [];
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    await ensureFolder(join(folder, path, '..'));
    await writeFileAtomic(join(folder, path), bytes);
    files.push({ path, bytes: bytes.length });
  };
  for (const [from, to] of wanted) await write(to, await readModelFile(model, from));
  if (withReport) await write('report.html', await readBytes(report));
  await write('holotype.json', await readBytes(join(model.folder, 'holotype.json')));
  return { format, folder, files };
}
