import type { Comparison } from '../../contract/compare.ts';
import { openDataset } from '../dataset.ts';
import { chooseDevice } from '../devices.ts';
import type { ToldProgress } from '../jobs/jobs.ts';
import { compareBackbones, type CompareOptions } from './compare.ts';

export interface ComparePhotosOptions extends Omit<CompareOptions, 'device' | 'features'> {
  /** As `--device` takes it. */
  readonly device: string;
  readonly labels?: string | undefined;
  /** Only the photos that the labels file lists. */
  readonly onlyListed?: boolean;
}

/**
 * Ranks backbones on a folder of photos: see {@link compareBackbones}.
 *
 * @param tell hears how far it is; what it waits for, the work waits for
 * @throws as `openDataset`, `chooseDevice` and `compareBackbones`
 */
export async function comparePhotos(
  folder: string,
  { labels, onlyListed = false, device: choice, ...options }: ComparePhotosOptions,
  tell: (progress: ToldProgress) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<Comparison> {
  // Better told before the photos are read.
  const device = await chooseDevice(choice, signal === undefined ? {} : { signal });
  const dataset = await openDataset(folder, {
    ...(labels === undefined ? {} : { labelsCsv: labels }),
    ...(options.groupBy === undefined ? {} : { groupBy: options.groupBy }),
    ...(options.task === undefined ? {} : { task: options.task }),
    ...(signal === undefined ? {} : { signal }),
    onlyListed,
    onProgress: ({ done, total }) =>
      void tell({ message: 'Looking at the photos', done, total, unit: 'photos' }),
  });
  const work = compareBackbones(dataset, { ...options, device }, signal);
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
    await tell(step.value);
  }
}
