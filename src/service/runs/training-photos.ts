import type { Asset, Task } from '../../contract/project.ts';
import { answersOf, kindNames } from '../../engine/data/answers.ts';
import { labelCell } from '../../engine/data/label-names.ts';
import { splitPhotos } from '../../engine/data/split.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { writeFileAtomic } from '../../store/atomic.ts';
import { csvLine } from '../csv.ts';

/** A photo that training may use. */
export interface TrainingPhoto {
  readonly asset: Asset;
  /** None where a number is to be predicted. */
  readonly labels: readonly string[];
  readonly target?: number;
}

/** The photos of a project that have a label (or a number), are where they were, and were not left out by a person. */
export function trainingPhotos(assets: Iterable<Asset>, task: Task): TrainingPhoto[] {
  const photos: TrainingPhoto[] = [];
  for (const asset of assets) {
    if (asset.excluded === true || asset.missing === true) continue;
    const { labels, target } = asset;
    if (task === 'regression') {
      if (target !== undefined) photos.push({ asset, labels: [], target });
    } else if (labels.length > 0)
      photos.push({ asset, labels: task === 'single-label' ? labels.slice(0, 1) : labels });
  }
  return photos.sort((a, b) => (a.asset.path < b.asset.path ? -1 : 1));
}

/** How many photos of each class there are, most first. */
export function classSizes(photos: readonly TrainingPhoto[]): [name: string, count: number][] {
  const sizes = new Map<string, number>();
  for (const label of photos.flatMap(({ labels }) => labels)) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return [...sizes].sort((a, b) => b[1] - a[1]);
}

/**
 * How the photos will be divided. Training also keeps photos together that look the same, so a few may change sides.
 *
 * @throws HolotypeError as `splitPhotos`
 */
export function countSplits(
  photos: readonly TrainingPhoto[],
  { valFraction, testFraction, seed, task }: TrainOptions,
): { train: number; val: number; test: number } {
  const classes = [...new Set(photos.flatMap(({ labels }) => labels))].sort();
  const answers = answersOf(
    photos.map(({ labels, target }) => ({ labelNames: labels, target })),
    classes,
    task,
  );
  const kinds = answers.map((answer) => answer?.label ?? 0);
  const groups = new Map<string, number>();
  const { splits } = splitPhotos(
    photos.map(({ asset: { id, path, split } }, index) => ({
      id,
      path,
      root: 0,
      label: kinds[index] ?? 0,
      split,
    })),
    {
      valFraction,
      testFraction,
      seed,
      classes: kindNames(
        photos.map(({ target }, index) => ({
          label: kinds[index] ?? 0,
          ...(target === undefined ? {} : { target }),
        })),
        classes,
        task,
      ),
      groups: photos.map(({ asset: { group, id } }) => {
        const key = group === undefined ? `photo ${id}` : `group ${group}`;
        const number = groups.get(key) ?? groups.size;
        groups.set(key, number);
        return number;
      }),
    },
  );
  const count = (split: string): number => splits.filter((one) => one === split).length;
  return { train: count('train'), val: count('val'), test: count('test') };
}

/**
 * Writes the labels file of a training, as the command line takes it: filename,label (or target),split,group.
 *
 * @throws HolotypeError('storage')
 */
export async function writeLabels(path: string, photos: readonly TrainingPhoto[], task: Task): Promise<void> {
  await writeFileAtomic(path, labelsText(photos, task));
}

/** The labels file of a training, as text. */
export function labelsText(photos: readonly TrainingPhoto[], task: Task): string {
  const answer = ({ labels, target }: TrainingPhoto): string => {
    if (task === 'regression') return `${target ?? ''}`;
    return task === 'multi-label' ? labelCell(labels) : (labels[0] ?? '');
  };
  const rows = photos.map((photo) => {
    const { asset } = photo;
    return [asset.path, answer(photo), asset.split ?? '', asset.group ?? ''];
  });
  const header = ['filename', task === 'regression' ? 'target' : 'label', 'split', 'group'];
  return [header, ...rows].map(csvLine).join('');
}
