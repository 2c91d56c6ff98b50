import { basename, dirname, join } from 'node:path';
import { doubtOf } from '../contract/doubt.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { PredictResult, Prediction } from '../contract/predict.ts';
import { answerIn } from '../engine/evaluate/answer.ts';
import type { ReadAnswer } from '../engine/evaluate/answer.ts';
import { batchSize, extractFeatures } from '../engine/train/extract-features.ts';
import type { PhotoToRead } from '../engine/train/extract-features.ts';
import { fileSize, isFolder } from '../store/folders.ts';
import { listFiles } from '../store/photos.ts';
import { readPhotoFile } from './read-photo.ts';
import { asStranger, openBatch, type Batch } from './strangers.ts';
import { loadSession } from './saved-model.ts';
import type { OpenedModel } from './saved-model.ts';

/** A photo to answer for. */
export interface PhotoFile {
  /** As shown to the person. */
  readonly path: string;
  readonly root: string;
  /** Below `root`. */
  readonly name: string;
  readonly bytes: number;
}

/** One photo's outcome: an answer, or why there is none. */
export type Outcome = { readonly file: PhotoFile } & (
  { readonly answers: Answers } | { readonly reason: string }
);

/** What a model gives for a photo. */
export interface Answers {
  /** Of the classes in their order, or one number. */
  readonly outputs: Float32Array;
  /** How unlike the photos the model learned from, 0..1; undefined where the model can't tell. */
  readonly novelty: number | undefined;
  /** What is compared with other photos; undefined where none are. */
  readonly seen?: Float32Array | undefined;
}

/** @param row of what a model's session gives, see {@link loadSession} */
export function answersIn({ about }: OpenedModel, row: Float32Array): Answers {
  const width = about.task === 'regression' ? 1 : about.classes.length;
  const seen = row.length > width + 1 ? row.slice(width + 1) : undefined;
  return { outputs: row.slice(0, width), novelty: row[width], seen };
}

/**
 * The files behind paths: files as they are, folders with all that is in them.
 *
 * @throws HolotypeError('not-found') for a path that isn't there
 */
export async function findPhotos(paths: readonly string[], signal?: AbortSignal): Promise<PhotoFile[]> {
  const found: PhotoFile[] = [];
  for (const path of paths) {
    if (await isFolder(path)) {
      for await (const file of listFiles(path, signal))
        found.push({ path: join(path, file.path), root: path, name: file.path, bytes: file.bytes });
    } else {
      const bytes = await fileSize(path);
      if (bytes === undefined)
        throw new HolotypeError('not-found', `There is no photo or folder "${path}".`, {
          remedy: 'Check the path; a path with spaces needs quotes.',
        });
      found.push({ path, root: dirname(path), name: basename(path), bytes });
    }
  }
  if (found.length === 0)
    throw new HolotypeError('bad-input', `There are no files in ${paths.join(', ')}.`, {
      remedy: 'Give photos, or folders with photos in them.',
    });
  return found;
}

/**
 * Answers for photos, decoding while the model computes; unreadable ones don't stop the rest.
 *
 * @param batch gathers what comparing the photos takes
 * @yields one outcome a photo, in their order but for those that could not be read
 */
export async function* classify(
  model: OpenedModel,
  files: readonly PhotoFile[],
  signal?: AbortSignal,
  batch?: Batch,
): AsyncGenerator<Outcome, void> {
  const session = await loadSession(model, files.length, batch?.view);
  const { input } = model.about;
  const photos: PhotoToRead[] = files.map((file, index) => ({
    index,
    bytes: file.bytes,
    views: [{ flip: false }],
    read: () => readPhotoFile(file.root, file.name, file.bytes),
  }));
  try {
    const times = { decode: 0, inference: 0 };
    for await (const event of extractFeatures(photos, input, session, batchSize(input), times, signal)) {
      const file = files[event.index];
      if (file === undefined) continue;
      if (event.type === 'failed') yield { file, reason: event.reason };
      else {
        const answers = answersIn(model, event.vector);
        batch?.add(answers);
        yield { file, answers };
      }
    }
  } finally {
    await session.release();
  }
}

/** What `predict` answers for paths; `onProgress` hears how many are done. */
export async function predict(
  model: OpenedModel,
  paths: readonly string[],
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<PredictResult> {
  const files = await findPhotos(paths, options.signal);
  const answers = new Map<PhotoFile, Prediction>();
  const failed: PredictResult['failed'] = [];
  let done = 0;
  const batch = await openBatch(model, files.length, options.signal);
  for await (const outcome of classify(model, files, options.signal, batch)) {
    if ('reason' in outcome) failed.push({ path: outcome.file.path, reason: outcome.reason });
    else answers.set(outcome.file, answer(model, outcome.file.path, outcome.answers));
    done += 1;
    options.onProgress?.(done, files.length);
  }
  const look = await batch?.look(options.signal);
  const answered = [...answers.entries()];
  for (const place of look?.marked ?? []) {
    const [file, one] = answered[place] ?? [];
    if (file === undefined || one === undefined) continue;
    const stranger = asStranger(one);
    answers.set(file, { ...stranger, note: doubtOf(stranger) });
  }
  return {
    results: files.flatMap((file) => answers.get(file) ?? []),
    failed,
    ...(look === undefined ? {} : { novelty: look.about }),
  };
}

function answer(model: OpenedModel, path: string, answers: Answers): Prediction {
  const { confidence, probabilities, ...rest } = answerOf(model, answers);
  const { task, classes } = model.about;
  return {
    path,
    ...rest,
    ...(rest.unknown ? { note: doubtOf(rest) } : {}),
    confidence: task === 'regression' ? null : confidence,
    probabilities:
      task === 'regression'
        ? {}
        : Object.fromEntries(classes.map((name, c) => [name, probabilities[c] ?? 0])),
  };
}

/** What a model's answers say; they come in the order of its classes, or are one number. */
export function answerOf(
  { about }: OpenedModel,
  { outputs, novelty }: Answers,
): ReadAnswer & { unknown: boolean; unlike?: boolean; probabilities: number[] } {
  const read = answerIn(about, outputs);
  const unlike =
    about.unlike === undefined || novelty === undefined ? undefined : novelty > about.unlike.above;
  return {
    ...read,
    unknown: read.confidence < about.unknownBelow || unlike === true,
    ...(unlike === undefined ? {} : { unlike }),
    probabilities: about.task === 'regression' ? [] : [...outputs],
  };
}
