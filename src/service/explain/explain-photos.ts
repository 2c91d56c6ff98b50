import { basename, extname, join, resolve } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import type { ExplainResult } from '../../contract/predict.ts';
import { heatPicture } from '../../engine/explain/picture.ts';
import type { Method } from '../../engine/explain/explainer.ts';
import { ensureFolder, writeFileAtomic } from '../../store/atomic.ts';
import { exists } from '../../store/folders.ts';
import { findPhotos } from '../predict.ts';
import { readPhotoFile } from '../read-photo.ts';
import type { OpenedModel } from '../saved-model.ts';
import { classIndex } from './class-index.ts';
import { explainerOf, explainPhoto } from './explain-photo.ts';

export interface ExplainOptions {
  /** Folder for the pictures. */
  readonly out: string;
  /** Absent: what the model answers for each photo. */
  readonly class?: string | undefined;
  readonly method?: Method | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes pictures of where a model looks in photos; nothing that is there already is replaced.
 *
 * @param paths photos, or folders of photos
 * @throws HolotypeError 'not-found' for a path that isn't there, 'bad-usage' for an unknown class, 'storage'
 */
export async function explainPhotos(
  model: OpenedModel,
  paths: readonly string[],
  options: ExplainOptions,
): Promise<ExplainResult> {
  const { signal } = options;
  const of = options.class === undefined ? undefined : classIndex(model.about.classes, options.class);
  const files = await findPhotos(paths, signal);
  const out = resolve(options.out);
  await ensureFolder(out);
  const explainer = await explainerOf(model, options.method);
  const result: ExplainResult = { results: [], failed: [] };
  try {
    for (const [index, { path, root, name, bytes }] of files.entries()) {
      signal?.throwIfAborted();
      let made: { explanation: Awaited<ReturnType<typeof explainPhoto>>; picture: Uint8Array };
      try {
        const file = await readPhotoFile(root, name, bytes);
        const explanation = await explainPhoto(model, explainer, file, of, signal);
        const { rows, columns, values, window } = explanation;
        const map = { rows, columns, values: Float32Array.from(values) };
        made = { explanation, picture: await heatPicture(file, map, window) };
      } catch (error) {
        signal?.throwIfAborted();
        // What is no photo doesn't stop the rest.
        if (!(error instanceof HolotypeError)) throw error;
        result.failed.push({ path, reason: error.message });
        continue;
      } finally {
        options.onProgress?.(index + 1, files.length);
      }
      const picture = await freePath(out, basename(name, extname(name)));
      await writeFileAtomic(picture, made.picture);
      result.results.push({ path, picture, ...made.explanation });
    }
  } finally {
    await explainer.release();
  }
  return result;
}

/** `<folder>/<stem>.jpg`, or with a number behind it where that is taken. */
async function freePath(folder: string, stem: string): Promise<string> {
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? `${stem}.jpg` : `${stem} (${n}).jpg`);
    if (!(await exists(path))) return path;
  }
}
