import { extname } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../../contract/errors.ts';
import { lossesFor, lossKinds, parseLoss } from '../../contract/losses.ts';
import type { LossSpec } from '../../contract/losses.ts';
import type { Task } from '../../contract/project.ts';
import type { TrainOptions } from '../../contract/train.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import type { ClassWeights, Objective } from '../../engine/train/losses.ts';
import { targetOf } from '../../engine/train/targets.ts';
import { readBytes } from '../../store/folders.ts';
import { parseTable } from '../../engine/data/csv.ts';

const taskWords: Readonly<Record<Task, string>> = {
  'single-label': 'one class a photo (--task single-label)',
  'multi-label': 'several labels a photo (--task multi-label)',
  regression: 'a number (--task regression)',
};

/**
 * The loss that options ask for.
 *
 * @throws HolotypeError('bad-usage') when there is no such loss, or it doesn't fit the task, with those that do
 */
export function lossOf({ task, loss }: Pick<TrainOptions, 'task' | 'loss'>): LossSpec {
  const fitting = lossesFor[task];
  const spec = loss === undefined ? { kind: fitting[0] } : parseLoss(loss);
  const remedy = `Losses for ${taskWords[task]}: ${fitting.map(spelled).join(', ')}.`;
  if (spec === undefined) {
    const known = lossKinds.some((kind) => kind === loss?.split(':')[0]);
    const message = known ? `The loss "${loss}" has a wrong number.` : `There is no loss "${loss}".`;
    throw new HolotypeError('bad-usage', message, { remedy });
  }
  if (!fitting.includes(spec.kind))
    throw new HolotypeError('bad-usage', `The loss "${loss}" does not fit ${taskWords[task]}.`, { remedy });
  return spec;
}

/** The loss with its number, as `--loss` takes it. */
export function lossText(options: Pick<TrainOptions, 'task' | 'loss'>): string {
  const { kind, parameter } = lossOf(options);
  return parameter === undefined ? kind : `${kind}:${parameter}`;
}

const spelled = (kind: string): string =>
  kind === 'focal' ? 'focal[:gamma]' : kind === 'huber' ? 'huber[:delta]' : kind;

/** What can be said of loss, weights and smoothing without a photo. @throws HolotypeError('bad-usage') */
export function checkObjective(options: TrainOptions): void {
  lossOf(options);
  if (options.task !== 'regression') return;
  const wrong = [
    ...(options.classWeights === 'none' ? [] : ['--class-weights']),
    ...((options.labelSmoothing ?? 0) > 0 ? ['--label-smoothing'] : []),
  ];
  if (wrong.length > 0)
    throw new HolotypeError(
      'bad-usage',
      `${wrong.join(' and ')} can't be used for a number: it has no classes.`,
      {
        remedy: 'Leave it out; --sampling balanced evens out how often each range of the number is seen.',
      },
    );
}

/**
 * What a training makes small.
 *
 * @param train the training rows, whose balance decides balanced weights
 * @param scale the standard deviation of the targets, for numbers: the head answers in units of it
 * @throws HolotypeError 'bad-usage', or 'bad-input' when a file of weights does not fit the classes
 */
export async function objectiveOf(
  options: TrainOptions,
  classes: readonly string[],
  train: Pick<FeatureMatrix, 'rows' | 'labels' | 'targets'>,
  scale = 1,
): Promise<Objective> {
  const { task, classWeights } = options;
  const loss = lossOf(options);
  const weights =
    classWeights === 'none'
      ? undefined
      : classWeights === 'balanced'
        ? balancedWeights(task, train, classes.length)
        : normalized(task, await readWeights(classWeights, classes), train);
  return {
    task,
    loss: loss.kind === 'huber' ? { kind: 'huber', parameter: (loss.parameter ?? scale) / scale } : loss,
    labelSmoothing: options.labelSmoothing ?? 0,
    ...(weights === undefined ? {} : { weights }),
  };
}

type Rows = Pick<FeatureMatrix, 'rows' | 'labels' | 'targets'>;

/** Rows with each class. */
function countsOf(train: Rows, classes: number): number[] {
  return Array.from({ length: classes }, (_, c) => {
    let count = 0;
    for (let row = 0; row < train.rows; row++) count += targetOf(train, row, c, classes);
    return count;
  });
}

/**
 * Weights inversely proportional to how often a class occurs: n / (classes x own) (King & Zeng 2001; scikit-learn's
 * "balanced"). Of a label, having it and not having it count the same in all. The mean over the rows is 1.
 */
function balancedWeights(task: Task, train: Rows, classes: number): ClassWeights {
  const counts = countsOf(train, classes);
  const n = train.rows;
  const weight = (count: number, kinds: number): number => (count === 0 ? 1 : n / (kinds * count));
  if (task === 'multi-label')
    return {
      present: Float32Array.from(counts, (count) => (count === n ? 1 : weight(count, 2))),
      absent: Float32Array.from(counts, (count) => (count === 0 ? 1 : weight(n - count, 2))),
    };
  const occurring = counts.filter((count) => count > 0).length;
  return { present: Float32Array.from(counts, (count) => weight(count, occurring)) };
}

/** Weights as given, scaled so that the mean over the training rows is 1: learning rates keep their meaning. */
function normalized(task: Task, weights: readonly number[], train: Rows): ClassWeights {
  // A label's weight counts for its yes and its no alike.
  const counts = task === 'multi-label' ? weights.map(() => 1) : countsOf(train, weights.length);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, c) => sum + count * (weights[c] ?? 0), 0) / Math.max(1, rows);
  if (!(mean > 0))
    throw new HolotypeError('bad-input', 'With these class weights no training photo counts at all.', {
      remedy: 'Give at least one class with training photos a weight above 0.',
    });
  const present = Float32Array.from(weights, (weight) => weight / mean);
  return task === 'multi-label' ? { present, absent: present } : { present };
}

const weightsSchema = z.record(z.string(), z.number().nonnegative());

/** A file of weights: JSON {"class": weight}, or CSV lines of class and weight. @returns in the order of the classes */
async function readWeights(path: string, classes: readonly string[]): Promise<number[]> {
  const bytes = await readBytes(path);
  const given = extname(path).toLowerCase() === '.json' ? fromJson(bytes, path) : fromTable(bytes, path);
  const missing = classes.filter((name) => !given.has(name));
  const unknown = [...given.keys()].filter((name) => !classes.includes(name));
  const names = (some: readonly string[]): string => some.map((name) => `"${name}"`).join(', ');
  if (missing.length > 0 || unknown.length > 0)
    throw new HolotypeError(
      'bad-input',
      missing.length > 0
        ? `The class weights in "${path}" leave out ${names(missing)}.`
        : `The class weights in "${path}" name ${names(unknown)}, and there is no such class.`,
      { remedy: `Give one weight for each of: ${classes.join(', ')}.` },
    );
  return classes.map((name) => given.get(name) ?? 0);
}

function fromJson(bytes: Uint8Array, path: string): Map<string, number> {
  try {
    return new Map(Object.entries(weightsSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))));
  } catch (error) {
    throw badWeights(path, error);
  }
}

function fromTable(bytes: Uint8Array, path: string): Map<string, number> {
  const rows = parseTable(bytes, path);
  const weights = new Map<string, number>();
  for (const [index, [name = '', number = '']] of rows.entries()) {
    const weight = Number(number.replace(',', '.'));
    if (number.trim() === '' || !Number.isFinite(weight) || weight < 0) {
      if (index === 0) continue; // a line of headings
      throw badWeights(path);
    }
    weights.set(name.normalize('NFC'), weight);
  }
  return weights;
}

function badWeights(path: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', `The class weights in "${path}" can't be read.`, {
    remedy: 'Give a CSV with a line "class,weight" for each class, or JSON like {"cat": 1, "dog": 2.5}.',
    cause,
  });
}
