import type { ExploreSettings, GroupingMethod, NextBy, OddFact } from '../../contract/explore.ts';
import type { Task } from '../../contract/project.ts';
import { nearDuplicates } from '../data/perceptual-hash.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import { likelyMistakes } from '../evaluate/mistakes.ts';
import type { Found } from '../evaluate/mistakes.ts';
import { anomalyScores, traitScores } from './anomalies.ts';
import { findDuplicates } from './duplicates.ts';
import type { Duplicates } from './duplicates.ts';
import { groupsOf } from './groups.ts';
import type { Groups } from './groups.ts';
import { labelNext, labelUncertaintyOf, uncertaintyOf } from './label-next.ts';
import type { Next } from './label-next.ts';
import { answersFor, foldedAnswers, matrixOf } from './labels.ts';
import { flatMap, neighborMap } from './map.ts';
import { nearestNeighbors } from './neighbors.ts';
import type { Neighbors } from './neighbors.ts';
import type { FileFacts } from './odd-files.ts';
import { oddPhotos } from './odd-photos.ts';
import { Pace } from './pace.ts';
import type { Points } from './points.ts';
import { fitProjection, project } from './projection.ts';

/** Photos to look through, one row each. */
export interface ExploreInput {
  /** A backbone's features, the final ones first. */
  readonly features: Points;
  readonly finalColumns: number;
  /** Perceptual hash of each photo. */
  readonly hashes: readonly string[];
  /** Of each photo; undefined where it is not known. */
  readonly files: readonly (FileFacts | undefined)[];
  readonly task: Task;
  /** Names of classes or labels; none for numbers. */
  readonly classes: readonly string[];
  /** Class of each photo, or the kind of photo that folds are balanced by; -1: nothing is said of it. */
  readonly labels: Int32Array;
  /** For several labels a photo [rows, classes]: 1 where it has the label; for numbers [rows] in their own units. */
  readonly targets?: Float32Array;
  readonly settings: ExploreSettings;
}

export type ExploreEvent =
  | { readonly type: 'progress'; readonly message: string; readonly done: number; readonly total: number }
  /** A first map, of principal components, and the groups. */
  | { readonly type: 'first'; readonly places: Float32Array; readonly groups: Groups };

export interface Explored {
  readonly groups: Groups;
  readonly method: GroupingMethod;
  /** x and y of each photo, 0..1, one after the other. */
  readonly places: Float32Array;
  readonly duplicates: readonly Duplicates[];
  /** 0..1 a photo: how little it belongs. */
  readonly anomalies: Float32Array;
  /** The same by what it shows alone. */
  readonly content: Float32Array;
  /** By photo: what is odd about its file. */
  readonly oddFacts: ReadonlyMap<number, OddFact>;
  /** The likeliest first. */
  readonly mistakes: readonly Found[];
  readonly next: readonly Next[];
  /** Whether it counts for `next` how unsure a model is; otherwise only how many photos one stands for. */
  readonly nextBy: NextBy;
}

/** Principal components that are kept, neighbours that are looked for, and photos that components are taken of. */
const components = 64;
const neighborCount = 15;
const fitted = 3_000;
/** Photos that are projected at a time. */
const batch = 256;

/**
 * Looks through photos: groups, a map, versions of one shot, photos that don't belong, labels that may be wrong, photos
 * worth labelling next. TensorFlow.js has to be started where some photos have labels.
 *
 * @throws the signal's reason, soon after its abort
 */
export async function* explore(
  input: ExploreInput,
  signal?: AbortSignal,
): AsyncGenerator<ExploreEvent, Explored> {
  const { features, finalColumns, labels, settings } = input;
  const { seed, method } = settings;
  const pace = new Pace(signal);
  const say = (message: string): ExploreEvent => ({ type: 'progress', message, done: 0, total: 1 });

  yield say('Reducing features to principal components');
  const final = await reduced(features, [[0, finalColumns]], seed, pace);
  yield say('Grouping photos');
  const groups = await groupsOf(final, method, settings.groups, seed, pace);
  yield { type: 'first', places: framed(flatMap(final)), groups };

  yield say('Finding the nearest neighbours');
  const neighbors = await nearestNeighbors(final, neighborCount, seed, pace);
  yield say('Looking for photos that do not belong');
  const spans: Span[] = [[0, finalColumns]];
  if (finalColumns < features.columns) spans.push([finalColumns, features.columns]);
  const all = spans.length === 1 ? final : await reduced(features, spans, seed, pace);
  const content = anomalyScores(all, await traitScores(features, finalColumns, pace));
  const { scores: anomalies, facts: oddFacts } = await oddPhotos(content, input.files, seed, pace);
  const duplicates = duplicatesOf(input, neighbors);
  yield say('Laying out the map');
  const places = framed(await neighborMap(final, neighbors, seed, pace));

  const labelled = [...labels.keys()].filter((row) => (labels[row] as number) >= 0);
  const mistakes = yield* mistakesOf(input, labelled, signal);
  const uncertainty = yield* uncertaintiesOf(input, labelled, signal);
  yield say('Choosing photos to label next');
  const known = labels.map((label) => (label >= 0 ? 1 : 0));
  const next = await labelNext(final, known, uncertainty, settings.next, seed, pace);
  const nextBy = uncertainty === undefined ? 'diversity' : 'uncertainty';
  return { groups, method, places, duplicates, anomalies, content, oddFacts, mistakes, next, nextBy };
}

type Span = readonly [from: number, to: number];

/**
 * Principal components of features, each span of them scaled to length 1 first: what counts is which features a photo
 * has, not how strongly it is lit.
 */
export async function reduced(
  features: Points,
  spans: readonly Span[],
  seed: number,
  pace: Pace,
): Promise<Points> {
  const { rows } = features;
  const sample = shuffled(Array(rows).keys(), seededRandom(seed)).slice(0, fitted);
  const projection = await fitProjection(ofLengthOne(features, spans, sample), components, seed, pace);
  const { columns } = projection;
  const points = { rows, columns, data: new Float32Array(rows * columns) };
  for (let start = 0; start < rows; start += batch) {
    const length = Math.min(batch, rows - start);
    const some = ofLengthOne(
      features,
      spans,
      Array.from({ length }, (_, i) => start + i),
    );
    project(projection, some.data, points, start);
    if (pace.due) await pace.rest(start, rows);
  }
  return points;
}

function ofLengthOne(features: Points, spans: readonly Span[], rows: readonly number[]): Points {
  const columns = spans.reduce((sum, [from, to]) => sum + to - from, 0);
  const own = features.data;
  const data = new Float32Array(rows.length * columns);
  let at = 0;
  // By index: an iterator over every number takes longer than the arithmetic.
  for (let row = 0; row < rows.length; row++) {
    const start = (rows[row] as number) * features.columns;
    for (const [from, to] of spans) {
      let square = 0;
      for (let i = start + from; i < start + to; i++) square += (own[i] as number) * (own[i] as number);
      const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
      for (let i = start + from; i < start + to; i++) data[at++] = (own[i] as number) * factor;
    }
  }
  return { rows: rows.length, columns, data };
}

/** Places brought into 0..1, the longer side filling it. */
export function framed(places: Float32Array): Float32Array {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const [at, value] of places.entries()) {
    low[at % 2] = Math.min(low[at % 2] as number, value);
    high[at % 2] = Math.max(high[at % 2] as number, value);
  }
  const sides = low.map((value, axis) => (high[axis] as number) - value);
  const side = Math.max(...sides, Number.MIN_VALUE);
  return places.map((value, at) =>
    Math.min(1, Math.max(0, 0.5 + (value - (low[at % 2] as number) - (sides[at % 2] as number) / 2) / side)),
  );
}

function duplicatesOf({ features, finalColumns, hashes }: ExploreInput, neighbors: Neighbors): Duplicates[] {
  const { columns, data } = features;
  return findDuplicates(hashes, neighbors, (a, b) => {
    let [product, squareA, squareB] = [0, 0, 0];
    for (let j = 0; j < finalColumns; j++) {
      const x = data[a * columns + j] as number;
      const y = data[b * columns + j] as number;
      product += x * y;
      squareA += x * x;
      squareB += y * y;
    }
    return product / Math.sqrt(squareA * squareB || 1);
  });
}

/** Fewer labels of a class than this say too little about the others. */
const fewest = 5;

async function* mistakesOf(
  input: ExploreInput,
  labelled: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ExploreEvent, Found[]> {
  const { features, task, labels, classes, hashes, settings } = input;
  const rows = task === 'single-label' ? ofEnough(labelled, labels) : labelled;
  if (task === 'single-label' && new Set(rows.map((row) => labels[row])).size < 2) return [];
  if (rows.length < 2 * fewest) return [];
  // Versions of one shot stay in one fold: they would vouch for each other.
  const groups = Int32Array.from(rows, (_, at) => at);
  for (const group of nearDuplicates(rows.map((row) => hashes[row] ?? '')))
    for (const at of group) groups[at] = group[0] ?? at;
  const { targets, mean, deviation } = standardized(input, rows);
  const train = matrixOf(features, rows, labels, targets);
  const outputs = task === 'regression' ? 1 : classes.length;
  const answers = yield* told(
    'Looking for labels that may be wrong',
    foldedAnswers(train, task, outputs, groups, settings.seed, signal),
  );
  if (answers === undefined) return [];
  const inUnits = (values: Float32Array): Float32Array =>
    task === 'regression' ? values.map((value) => value * deviation + mean) : values;
  const said = { task, classes, labels: train.labels, targets: inUnits(train.targets ?? new Float32Array()) };
  return likelyMistakes(inUnits(answers), said).map((one) => ({ ...one, index: rows[one.index] ?? 0 }));
}

/** Photos of classes that have enough of them. */
function ofEnough(labelled: readonly number[], labels: Int32Array): readonly number[] {
  const counts = new Map<number, number>();
  for (const row of labelled) counts.set(labels[row] ?? -1, (counts.get(labels[row] ?? -1) ?? 0) + 1);
  return labelled.filter((row) => (counts.get(labels[row] ?? -1) ?? 0) >= fewest);
}

/** Targets as heads take them: numbers in units of their deviation around their mean. */
function standardized(
  { task, targets }: ExploreInput,
  rows: readonly number[],
): { targets: Float32Array | undefined; mean: number; deviation: number } {
  if (task !== 'regression' || targets === undefined) return { targets, mean: 0, deviation: 1 };
  const own = rows.map((row) => targets[row] as number);
  const mean = own.reduce((sum, value) => sum + value, 0) / Math.max(1, own.length);
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, own.length);
  const deviation = Math.sqrt(variance) || 1;
  return { targets: targets.map((value) => (value - mean) / deviation), mean, deviation };
}

/**
 * Undefined where labels say nothing yet, or there is nothing left to label; and of numbers, of which a head does not say
 * how sure it is.
 */
async function* uncertaintiesOf(
  { features, task, labels, classes, targets, settings }: ExploreInput,
  labelled: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ExploreEvent, Float32Array | undefined> {
  if (task === 'regression' || labelled.length === features.rows) return undefined;
  if (new Set(labelled.map((row) => labels[row])).size < 2) return undefined;
  const train = matrixOf(features, labelled, labels, targets);
  const answers = answersFor(features, train, classes.length, settings.seed, signal, task);
  const probabilities = yield* told('Learning from the labels there are', answers);
  const unsure = task === 'multi-label' ? labelUncertaintyOf : uncertaintyOf;
  return unsure(probabilities, classes.length);
}

async function* told<Result>(
  message: string,
  events: AsyncGenerator<{ readonly done: number; readonly total: number }, Result>,
): AsyncGenerator<ExploreEvent, Result> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) return value;
    yield { type: 'progress', message, ...value };
  }
}
