import { createHash } from 'node:crypto';
import type { Dataset, Photo, Skipped, Split } from '../../contract/dataset.ts';
import { classesOf, displayPath } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { Task } from '../../contract/project.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { answersOf, kindNames } from '../../engine/data/answers.ts';
import { groupPhotos, parseGroupBy } from '../../engine/data/groups.ts';
import { nearDuplicates } from '../../engine/data/perceptual-hash.ts';
import { splitPhotos } from '../../engine/data/split.ts';
import type { ClassCounts } from '../../engine/evaluate/report-data.ts';

/** The photos of a training, divided. */
export interface DividedPhotos {
  readonly train: readonly Photo[];
  readonly val: readonly Photo[];
  readonly test: readonly Photo[];
  /** Which photos belong together, one number a training photo. */
  readonly trainGroups: Int32Array;
  readonly classCounts: readonly ClassCounts[];
  /** Photos that look the same, groups of two or more paths. */
  readonly nearDuplicates: readonly string[][];
  /** Pairs that look the same across splits that were given, by path. */
  readonly leaks: readonly { readonly train: string; readonly other: string }[];
  readonly warnings: readonly string[];
  /** sha256 over every photo's content, label and split. */
  readonly hash: string;
}

/** Divides a dataset's photos, keeping what belongs together on one side. */
export function dividePhotos(dataset: Dataset, options: TrainOptions): DividedPhotos {
  const { photos, classes, roots } = dataset;
  const by = options.groupBy === undefined ? undefined : parseGroupBy(options.groupBy);
  const groups = groupPhotos(photos, by);
  const { splits, leaks, warnings } = splitPhotos(photos, {
    valFraction: options.valFraction,
    testFraction: options.testFraction,
    seed: options.seed,
    groups,
    classes: kindNames(photos, classes, options.task),
  });
  const path = (index: number): string => {
    const photo = photos[index];
    return photo === undefined ? '' : displayPath(roots, photo);
  };
  const of = (split: Split): Photo[] => photos.filter((_, index) => splits[index] === split);
  const lines = photos.map(
    (photo, index) => `${photo.id} ${answerText(photo, classes, options.task)} ${splits[index] ?? ''}`,
  );
  const exact = new Set(dataset.exactDuplicates.flat());
  return {
    train: of('train'),
    val: of('val'),
    test: of('test'),
    trainGroups: groups.filter((_, index) => splits[index] === 'train'),
    classCounts: classes.map((name, label) => {
      const count = (split: Split): number =>
        photos.reduce(
          (sum, photo, i) => sum + (classesOf(photo).includes(label) && splits[i] === split ? 1 : 0),
          0,
        );
      return { class: name, train: count('train'), val: count('val'), test: count('test') };
    }),
    nearDuplicates: nearDuplicates(photos.map((photo) => photo.perceptualHash))
      .map((group) => group.map(path))
      .filter((group) => !group.every((one) => exact.has(one))),
    leaks: leaks.flatMap(({ photos: members }) => {
      const inTrain = members.find((index) => splits[index] === 'train');
      const other = members.find((index) => splits[index] !== 'train');
      return inTrain === undefined || other === undefined
        ? []
        : [{ train: path(inTrain), other: path(other) }];
    }),
    warnings: warnings.map(({ message }) => message),
    hash: createHash('sha256').update(lines.sort().join('\n')).digest('hex'),
  };
}

/** What is said of a photo, as one text. */
function answerText({ target, ...photo }: Photo, classes: readonly string[], task: Task): string {
  if (task === 'regression') return `${target ?? ''}`;
  return classesOf(photo)
    .map((label) => classes[label] ?? '')
    .join(';');
}

/**
 * The dataset without photos that turned out to be unreadable after all, which are listed as skipped; a class that
 * lost its last photo goes, too.
 *
 * @param failed reasons by photo id
 * @throws HolotypeError('bad-input') when fewer than two classes (one label, two photos) are left
 */
export function withoutFailed(
  dataset: Dataset,
  failed: ReadonlyMap<string, string>,
  task: Task = 'single-label',
): Dataset {
  if (failed.size === 0) return dataset;
  const skipped: Skipped[] = dataset.photos.flatMap((photo) => {
    const reason = failed.get(photo.id);
    return reason === undefined
      ? []
      : [{ path: displayPath(dataset.roots, photo), reason, code: 'damaged' as const }];
  });
  const photos = dataset.photos.filter(({ id }) => !failed.has(id));
  const left = new Set(photos.flatMap((photo) => [...classesOf(photo)]));
  const classes = dataset.classes.filter((_, label) => left.has(label));
  const enough = {
    'single-label': classes.length >= 2,
    'multi-label': classes.length >= 1,
    regression: true,
  };
  if (!enough[task] || photos.length < 2)
    throw new HolotypeError(
      'bad-input',
      `Photos could not be read any more, and too few are left: "${skipped[0]?.path ?? ''}": ${skipped[0]?.reason ?? ''}.`,
      { remedy: 'Check that the drive with the photos is connected, then train again.' },
    );
  const lost = dataset.classes.filter((_, label) => !left.has(label));
  const answers = answersOf(
    photos.map(({ target, ...photo }) => ({
      target,
      labelNames: classesOf(photo).map((label) => dataset.classes[label] ?? ''),
    })),
    classes,
    task,
  );
  return {
    ...dataset,
    classes,
    photos: photos.map((photo, index) => ({ ...photo, ...answers[index] })),
    skipped: [...dataset.skipped, ...skipped],
    warnings: [
      ...dataset.warnings,
      ...lost.map((name) => ({
        code: 'class-lost',
        message: `No photo of "${name}" can be used: the class is left out.`,
      })),
    ],
  };
}
