import { HolotypeError } from '../../contract/errors.ts';
import { landscapeSchema, landscapeVersion, type Landscape } from '../../contract/landscape.ts';
import { headVector } from '../../engine/landscape/head-layout.ts';
import { headSurface } from '../../engine/landscape/head-surface.ts';
import { measureLandscape, measureWay } from '../../engine/landscape/measure.ts';
import type { MeasuredWay, PlacesDone } from '../../engine/landscape/measure.ts';
import { landscapeWords } from '../../engine/landscape/words.ts';
import type { HeadWeights } from '../../engine/train/head-model.ts';
import { writeLandscape } from '../../store/landscape.ts';
import { lossText, objectiveOf } from '../train/objective.ts';
import { startTf } from '../train/start-tf.ts';
import { featuresOf, type Preparing } from './features.ts';
import type { FinishedRun } from './finished-run.ts';
import { landscapeThreads } from './threads.ts';
import { asTrained, savedHead, widened, type SavedHead } from './saved-head.ts';

export interface LandscapeWish {
  /** Points along each side. */
  readonly grid: number;
  /** Absent: the run's own. */
  readonly seed?: number | undefined;
  /** Another run: the straight way to its head is measured, too. */
  readonly to?: FinishedRun | undefined;
  /** Where the photos are now; absent: where they were. */
  readonly photos?: string | undefined;
  /** Threads to measure with, where that is worth while; absent: one for each core. The figures are the same. */
  readonly threads?: number | undefined;
}

/**
 * Measures the loss around a run's model and keeps it beside the run. Only the head's weights are moved: the network under
 * it stays as it is, so what it makes of the photos is computed once.
 *
 * @throws HolotypeError 'bad-usage' when there is no straight way to the other run, others as `featuresOf`; the signal's
 *   reason
 */
export async function* landscapeOf(
  run: FinishedRun,
  wish: LandscapeWish,
  signal?: AbortSignal,
): AsyncGenerator<Preparing, Landscape> {
  const { about } = run.model;
  if (wish.to !== undefined) checkWay(run, wish.to);
  const saved = await savedHead(run.model, run.options.activation);
  const other =
    wish.to === undefined ? undefined : await savedHead(wish.to.model, wish.to.options.activation);
  const { matrices, counts, notes, classes } = yield* featuresOf(run, saved.trunk, wish.photos, signal);
  const { train, val, standardization, answering } = matrices;
  const objective = await objectiveOf(run.options, classes, train, answering.scale?.deviation);
  await startTf();
  // Features are there: from here on it is measuring alone.
  const begun = performance.now();
  const trained = ({ head }: SavedHead, { model }: FinishedRun): HeadWeights =>
    asTrained(head, standardization, model.about.calibration.temperature, answering.scale);
  const head = trained(saved, run);
  const seed = wish.seed ?? about.seed;
  const threads = await landscapeThreads(wish.threads);
  const surface = headSurface({ head, train, val, objective, threads });
  let way: MeasuredWay | undefined;
  try {
    const measured = yield* told(
      measureLandscape(surface, { grid: wish.grid, seed }, signal),
      'Measuring the loss around the model',
    );
    if (other !== undefined && wish.to !== undefined) {
      const columns = Math.max(columnsOf(saved.head), columnsOf(other.head));
      if (columns > train.columns) refuse('the other reads features that are not here without its backbone');
      const onWay = headSurface({ head: widened(head, columns), train, val, objective, threads });
      try {
        const end = headVector(widened(trained(other, wish.to), columns));
        way = yield* told(measureWay(onWay, end, signal), 'Measuring the way to the other run');
      } finally {
        await onWay.dispose();
      }
    }
    const found: Omit<Landscape, 'words'> = {
      version: landscapeVersion,
      run: run.id,
      createdAt: new Date().toISOString(),
      sliced: {
        weights: surface.weights.length,
        filters: surface.filters.length,
        finetuned: about.recipe.name !== 'head',
      },
      loss: lossText(run.options),
      photos: { train: train.rows, val: val?.rows ?? 0, ofTrain: counts.train, ofVal: counts.val },
      seed,
      ...measured,
      ...(way === undefined || wish.to === undefined ? {} : { between: { ...way, run: wish.to.id } }),
      notes: [...notes],
      seconds: (performance.now() - begun) / 1000,
    };
    const landscape = landscapeSchema.parse({ ...found, words: landscapeWords(found) });
    await writeLandscape(run.folder, landscape);
    return landscape;
  } finally {
    await surface.dispose();
  }
}

const columnsOf = ({ layers }: HeadWeights): number => layers[0]?.kernel.shape[0] ?? 0;

/** Between heads there is a straight way where they answer the same, of the same features, in the same shape. */
function checkWay(run: FinishedRun, other: FinishedRun): void {
  const [a, b] = [run.model.about, other.model.about];
  if (run.folder === other.folder) refuse('they are the same');
  if (a.recipe.name !== 'head' || b.recipe.name !== 'head')
    refuse('in a fine-tuned run the backbone changed as well, and the heads read different features');
  if (a.backbone.sha256 !== b.backbone.sha256) refuse('they have different backbones');
  if (JSON.stringify(a.input) !== JSON.stringify(b.input)) refuse('they fit photos to the input differently');
  if (a.task !== b.task || JSON.stringify(a.classes) !== JSON.stringify(b.classes))
    refuse('they answer with different classes');
  if (JSON.stringify(a.recipe.hidden) !== JSON.stringify(b.recipe.hidden))
    refuse('their heads have different layers');
  if (run.options.activation !== other.options.activation) refuse('their heads have different activations');
}

function refuse(why: string): never {
  throw new HolotypeError('bad-usage', `There is no straight way between these two runs: ${why}.`, {
    remedy: 'Choose a run of the same backbone, classes and head, with a new head only (recipe "head").',
  });
}

/** Places that are measured, as progress. */
async function* told<Result>(
  work: AsyncGenerator<PlacesDone, Result>,
  message: string,
): AsyncGenerator<Preparing, Result> {
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
    yield { message, ...step.value };
  }
}
