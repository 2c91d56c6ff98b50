import type { ReportPrediction } from './report-data.ts';

/** Photos of one cell of the confusion matrix. */
export interface Cell {
  /** Indices into the classes. */
  readonly label: number;
  readonly predicted: number;
  /** All of its photos: the surest mistakes first, or the least sure right answers first. */
  readonly photos: readonly ReportPrediction[];
}

export interface Selection {
  /** The surest wrong answers. */
  readonly mistakes: readonly ReportPrediction[];
  /** How many wrong answers there are in all. */
  readonly mistakeCount: number;
  /** The answers, right or wrong, that were closest to a toss-up. */
  readonly uncertain: readonly ReportPrediction[];
  /** For each class, photos that show what it looks like: right and sure. */
  readonly samples: ReadonlyMap<number, readonly ReportPrediction[]>;
  /** Cells with photos: mistakes first, most photos first, then right answers by class. */
  readonly cells: readonly Cell[];
}

export const galleryLimit = 24;
export const uncertainLimit = 12;
/** Cells of the matrix whose photos are shown, mistakes first; 24 classes have no more. */
const cellsShown = 576;
/** Photos shown for a cell; the rest are listed by name. */
export const cellLimit = { wrong: 24, right: 6 };

/** Chooses the photos the report shows. Predictions whose classes are not in `classes` are left out. */
export function selectPhotos(
  predictions: readonly ReportPrediction[],
  classes: readonly string[],
): Selection {
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  const cells = new Map<string, { label: number; predicted: number; photos: ReportPrediction[] }>();
  for (const prediction of predictions) {
    const label = indexOf.get(prediction.label);
    const predicted = indexOf.get(prediction.predicted);
    if (label === undefined || predicted === undefined) continue;
    const key = `${label} ${predicted}`;
    const cell = cells.get(key) ?? { label, predicted, photos: [] };
    cell.photos.push(prediction);
    cells.set(key, cell);
  }
  const sorted = [...cells.values()].sort(
    (a, b) =>
      Number(a.label === a.predicted) - Number(b.label === b.predicted) ||
      (a.label === a.predicted ? 0 : b.photos.length - a.photos.length) ||
      a.label - b.label ||
      a.predicted - b.predicted,
  );
  for (const cell of sorted) {
    const direction = cell.label === cell.predicted ? 1 : -1;
    cell.photos.sort((a, b) => direction * (a.confidence - b.confidence) || byPath(a, b));
  }

  const perClass = samplesPerClass(classes.length);
  const samples = new Map<number, readonly ReportPrediction[]>();
  for (const cell of sorted) {
    if (cell.label === cell.predicted && perClass > 0)
      samples.set(cell.label, cell.photos.slice(-perClass).reverse());
  }
  const wrong = sorted.filter(({ label, predicted }) => label !== predicted).flatMap(({ photos }) => photos);
  return {
    mistakes: wrong.sort((a, b) => b.confidence - a.confidence || byPath(a, b)).slice(0, galleryLimit),
    uncertain: sorted
      .flatMap(({ photos }) => photos.map((photo) => ({ photo, lead: margin(photo) })))
      .sort((a, b) => a.lead - b.lead || byPath(a.photo, b.photo))
      .slice(0, uncertainLimit)
      .map(({ photo }) => photo),
    samples,
    cells: sorted.slice(0, cellsShown),
    mistakeCount: wrong.length,
  };
}

/** How far the first answer is ahead of the second: 0 is a toss-up. */
export function margin({ probabilities, confidence }: ReportPrediction): number {
  if (probabilities === undefined || probabilities.length < 2) return confidence;
  let first = 0;
  let second = 0;
  for (const probability of probabilities) {
    second = Math.max(second, Math.min(first, probability));
    first = Math.max(first, probability);
  }
  return first - second;
}

/** Photos that show what a class looks like; fewer where there are many classes. */
function samplesPerClass(classes: number): number {
  if (classes <= 6) return 4;
  if (classes <= 24) return 2;
  return classes <= 100 ? 1 : 0;
}

function byPath(a: ReportPrediction, b: ReportPrediction): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

/**
 * Paths of the photos the report would like a thumbnail of, most wanted first, so that the caller makes
 * only these: worst mistakes, least sure answers, samples of each class, then the matrix's cells in turn.
 * @param predictions as they will be in `ReportData.predictions`, thumbnails not needed
 * @param limit at most this many paths; 300 at 160 px and JPEG quality 70 are about 2.5 MB in the page
 */
export function thumbnailPaths(predictions: readonly ReportPrediction[], limit = 300): string[] {
  const classes = [...new Set(predictions.flatMap(({ label, predicted }) => [label, predicted]))];
  const { mistakes, uncertain, samples, cells } = selectPhotos(predictions, classes);
  const paths = new Set([...mistakes, ...uncertain, ...[...samples.values()].flat()].map(({ path }) => path));
  // A photo of every cell before the second of any.
  for (let turn = 0; turn < cellLimit.wrong && paths.size < limit; turn++) {
    for (const cell of cells) {
      const most = cell.label === cell.predicted ? cellLimit.right : cellLimit.wrong;
      const photo = turn < most ? cell.photos[turn] : undefined;
      if (photo !== undefined) paths.add(photo.path);
    }
  }
  return [...paths].slice(0, Math.max(0, limit));
}

/** Where in the page the photos of a cell of the matrix are shown. */
export function cellId(label: number, predicted: number): string {
  return `cell-${label}-${predicted}`;
}

/**
 * The predictions without the thumbnails that would make the page larger than it may be, or that it
 * would not show. The most wanted (see {@link thumbnailPaths}) are kept.
 * @param characters what all thumbnails together may add to the page
 */
export function withinBudget(
  predictions: readonly ReportPrediction[],
  classes: readonly string[],
  characters: number,
): ReportPrediction[] {
  const { mistakes, uncertain, samples, cells } = selectPhotos(predictions, classes);
  const uses = new Map<string, number>();
  const shown = [
    ...mistakes,
    ...uncertain,
    ...[...samples.values()].flat(),
    ...cells.flatMap(({ label, predicted, photos }) =>
      photos
        .filter(({ thumbnail }) => thumbnail !== undefined)
        .slice(0, label === predicted ? cellLimit.right : cellLimit.wrong),
    ),
  ];
  for (const { path } of shown) uses.set(path, (uses.get(path) ?? 0) + 1);
  const thumbnails = new Map(predictions.map(({ path, thumbnail }) => [path, thumbnail]));
  const kept = new Set<string>();
  let left = characters;
  for (const path of new Set([...thumbnailPaths(predictions, Infinity), ...uses.keys()])) {
    const cost = (uses.get(path) ?? 0) * (thumbnails.get(path)?.length ?? 0);
    if (cost === 0 || cost > left) continue;
    left -= cost;
    kept.add(path);
  }
  return predictions.map((prediction) => {
    if (prediction.thumbnail === undefined || kept.has(prediction.path)) return prediction;
    const { thumbnail: _, ...rest } = prediction;
    return rest;
  });
}
