import type { Asset } from '../../contract/project.ts';
import { splitPhotos } from '../../engine/data/split.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { writeFileAtomic } from '../../store/atomic.ts';
import { csvLine } from '../csv.ts';

/** A photo that training may use. */
export interface TrainingPhoto {
  readonly asset: Asset;
  readonly label: string;
}

/** The photos of a project that have a label, are where they were, and were not left out by a person. */
export function trainingPhotos(assets: Iterable<Asset>): TrainingPhoto[] {
  const photos: TrainingPhoto[] = [];
  for (const asset of assets) {
    const [label] = asset.labels;
    if (label !== undefined && asset.excluded !== true && asset.missing !== true)
      photos.push({ asset, label });
  }
  return photos.sort((a, b) => (a.asset.path < b.asset.path ? -1 : 1));
}

/** How many photos of each class there are, most first. */
export function classSizes(photos: readonly TrainingPhoto[]): [name: string, count: number][] {
  const sizes = new Map<string, number>();
  for (const { label } of photos) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return [...sizes].sort((a, b) => b[1] - a[1]);
}

/**
 * How the photos will be divided. Training also keeps photos together that look the same, so a few may change sides.
 *
 * @throws HolotypeError as `splitPhotos`
 */
export function countSplits(
  photos: readonly TrainingPhoto[],
  { valFraction, testFraction, seed }: TrainOptions,
): { train: number; val: number; test: number } {
  const classes = [...new Set(photos.map(({ label }) => label))].sort();
  const labels = new Map(classes.map((name, index) => [name, index]));
  const groups = new Map<string, number>();
  const { splits } = splitPhotos(
    photos.map(({ asset: { id, path, split }, label }) => ({
      id,
      path,
      root: 0,
      label: labels.get(label) ?? 0,
      split,
    })),
    {
      valFraction,
      testFraction,
      seed,
      classes,
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
 * Writes the labels file of a training, as the command line takes it: filename,label,split,group.
 *
 * @throws HolotypeError('storage')
 */
export async function writeLabels(path: string, photos: readonly TrainingPhoto[]): Promise<void> {
  const rows = photos.map(({ asset, label }) => [asset.path, label, asset.split ?? '', asset.group ?? '']);
  await writeFileAtomic(path, [['filename', 'label', 'split', 'group'], ...rows].map(csvLine).join(''));
}
