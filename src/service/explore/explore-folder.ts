import { displayPath } from '../../contract/dataset.ts';
import type { Dataset, Photo, UnlabeledPhoto } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { exploreOptionsSchema, exploreResultSchema } from '../../contract/explore.ts';
import type { ExploreOptionsInput, ExploreResult } from '../../contract/explore.ts';
import { explore } from '../../engine/explore/explore.ts';
import type { Explored } from '../../engine/explore/explore.ts';
import { openDataset } from '../dataset.ts';
import { chooseDevice } from '../devices.ts';
import { defaultBackbone } from '../models.ts';
import { startTf } from '../train/start-tf.ts';
import { featuresOf } from './features.ts';
import type { PhotoFeatures } from './features.ts';
import type { ExploreNews } from './news.ts';
import { anomaliesOf, rounded } from './rounded.ts';
import { saidOf } from './said.ts';

/**
 * Looks through a folder of photos, labelled or not: groups, map, duplicates, photos that don't belong, labels that may
 * be wrong, photos worth labelling next.
 *
 * @yields how far it is
 * @returns what `explore --json` prints
 * @throws HolotypeError as `openDataset`, `loadBackbone` and `chooseDevice`; 'bad-usage' for a wrong option; 'bad-input'
 *   when no photo can be read
 */
export async function* exploreFolder(
  input: ExploreOptionsInput,
  signal?: AbortSignal,
): AsyncGenerator<ExploreNews, ExploreResult> {
  const parsed = exploreOptionsSchema.safeParse(input);
  if (!parsed.success)
    throw new HolotypeError(
      'bad-usage',
      `An option is wrong: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}.`,
      { remedy: 'Correct it; everything but the photos may be left out.' },
    );
  const { photos: folder, labels: labelsCsv, task, backbone, resize, device, ...settings } = parsed.data;
  const cancel = signal === undefined ? {} : { signal };
  yield { message: `Looking at the photos in ${folder}`, done: 0, total: 1, unit: 'photos' };
  const dataset = await openDataset(folder, {
    minClasses: 0,
    task,
    ...(labelsCsv === undefined ? {} : { labelsCsv }),
    ...cancel,
  });
  const { files, copies } = filesOf(dataset);
  const wish = {
    backbone: backbone ?? (await defaultBackbone()),
    resize,
    device: await chooseDevice(device, cancel),
  };
  const found = yield* featuresOf(files, dataset.roots, wish, signal);
  const seen = found.photos.flatMap((at) => files[at] ?? []);
  if (seen.length === 0)
    throw new HolotypeError('bad-input', `None of the files in "${folder}" is a photo that can be read.`, {
      remedy: 'Give a folder with photos.',
    });
  const said = saidOf(seen, task, dataset.classes);
  if (said.labels.some((label) => label >= 0)) await startTf();
  const work = explore(
    {
      features: found.features,
      finalColumns: found.finalColumns,
      hashes: seen.map((file) => file.perceptualHash),
      files: seen,
      ...said,
      settings,
    },
    signal,
  );
  for (;;) {
    const { value, done } = await work.next();
    if (done === true) return resultOf(dataset, files, found, copies, value);
    if (value.type === 'progress')
      yield { message: value.message, done: value.done, total: value.total, unit: 'steps' };
  }
}

type File = Photo | UnlabeledPhoto;

/** One file for each photo, however often it is there, and the paths of all its copies. */
function filesOf(dataset: Dataset): { files: File[]; copies: Map<string, string[]> } {
  const files: File[] = [];
  const copies = new Map<string, string[]>();
  for (const file of [...dataset.photos, ...dataset.unlabeled]) {
    const path = displayPath(dataset.roots, file);
    const others = copies.get(file.id);
    if (others === undefined) {
      copies.set(file.id, [path]);
      files.push(file);
    } else others.push(path);
  }
  return { files, copies };
}

function resultOf(
  dataset: Dataset,
  files: readonly File[],
  found: PhotoFeatures,
  copies: ReadonlyMap<string, readonly string[]>,
  explored: Explored,
): ExploreResult {
  const { groups, method, places, duplicates, mistakes, next, nextBy } = explored;
  const seen = found.photos.flatMap((at) => files[at] ?? []);
  const pathOf = (index: number): string => {
    const file = seen[index];
    return file === undefined ? '' : displayPath(dataset.roots, file);
  };
  const pathsOf = (index: number): readonly string[] => copies.get(seen[index]?.id ?? '') ?? [];
  const rows = [...seen.keys()];
  const exact = rows.filter((row) => pathsOf(row).length > 1);
  const clusters = Array.from({ length: groups.count }, (_, group) => {
    const members = rows
      .filter((row) => groups.assignment[row] === group)
      .sort((a, b) => (groups.distances[a] ?? 0) - (groups.distances[b] ?? 0));
    const paths = members.flatMap(pathsOf);
    return { size: paths.length, paths };
  });
  const result: ExploreResult = {
    total: rows.reduce((sum, row) => sum + pathsOf(row).length, 0),
    backbone: found.backbone,
    method,
    silhouette: groups.silhouette === null ? null : rounded(groups.silhouette),
    clusters: clusters.sort((a, b) => b.size - a.size),
    duplicates: [
      ...exact.map((row) => ({ kind: 'exact' as const, similarity: 1, paths: [...pathsOf(row)] })),
      ...duplicates.map(({ photos, similarity }) => ({
        kind: 'near' as const,
        similarity: rounded(similarity),
        paths: photos.flatMap(pathsOf),
      })),
    ],
    anomalies: anomaliesOf(explored).map(({ row, ...odd }) => ({ path: pathOf(row), ...odd })),
    labelErrors: mistakes.map(({ index, score, ...mistake }) => ({
      path: pathOf(index),
      ...mistake,
      score: rounded(score),
    })),
    next: next.map(({ index, score }) => ({ path: pathOf(index), score: rounded(score) })),
    nextBy,
    map: [...seen.keys()].map((row) => ({
      path: pathOf(row),
      x: rounded(places[row * 2] ?? 0),
      y: rounded(places[row * 2 + 1] ?? 0),
    })),
    skipped: [
      ...dataset.skipped.map(({ path, reason }) => ({ path, reason })),
      ...Array.from(found.failed, ([at, reason]) => {
        const file = files[at];
        return { path: file === undefined ? '' : displayPath(dataset.roots, file), reason };
      }),
    ],
    warnings: dataset.warnings.map(({ message }) => message),
  };
  return exploreResultSchema.parse(result);
}
