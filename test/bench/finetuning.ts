import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from './commands.ts';
import type { Training } from './commands.ts';
import { backboneId } from './material.ts';
import { cores, figure } from './measure.ts';
import type { Figure } from './measure.ts';

const dataset = 'hymenoptera';

/**
 * Fine-tuning the last third twice, the second time at another rate: what the frozen part computes is known by then.
 * Pooled features are known both times. An epoch is compared with an epoch: a training may stop early.
 */
export async function benchFinetuning(
  root: string,
  shared: string,
): Promise<{ figures: Figure[]; skipped: string[] }> {
  if (
    !existsSync(join(shared, 'weights', `${backboneId}.onnx`)) ||
    !existsSync(join(shared, 'datasets', dataset))
  )
    return {
      figures: [],
      skipped: [`finetune: there is no ${backboneId}.onnx or no ${dataset} in ../shared`],
    };
  const cache = await mkdtemp(join(tmpdir(), 'holotype-bench-'));
  try {
    const head = await train(root, shared, dataset, cache);
    const tune = (rate: string): Promise<Training> =>
      train(root, shared, dataset, cache, ['finetune', '--finetune-epochs', '6', '--finetune-lr', rate]);
    const first = await tune('3e-4');
    const second = await tune('2e-4');
    const epochs = ({ result }: Training): number => result.chosen.finetune?.epochs ?? Number.NaN;
    const wall = (one: Training): number => one.result.seconds.finetune / epochs(one);
    // What a run spends on all but fine-tuning is what a head alone costs when its features are known.
    const warm = await train(root, shared, dataset, cache);
    const cpu = (one: Training): number => (one.cpu - warm.cpu) / epochs(one);
    const note = ({ cpu: processor, result }: Training): string =>
      `${result.seconds.finetune.toFixed(1)} s of ${result.seconds.total.toFixed(1)}, processor ${processor.toFixed(1)} s`;
    return {
      skipped: [],
      figures: [
        figure(`${dataset}: an epoch of fine-tuning, first run`, wall(first), 's', undefined, note(first)),
        figure(
          `${dataset}: an epoch of fine-tuning, at another rate`,
          wall(second),
          's',
          undefined,
          note(second),
        ),
        figure(`${dataset}: an epoch at another rate / of the first run`, wall(second) / wall(first), 'x'),
        figure(
          `${dataset}: the same, processor time`,
          cpu(second) / cpu(first),
          'x',
          { atMost: 0.85 },
          `the frozen part of the first run included, on ${cores} cores`,
        ),
        figure(
          `${dataset}: peak memory of fine-tuning`,
          Math.max(first.result.peakRssBytes, second.result.peakRssBytes) / 2 ** 30,
          'GiB',
          undefined,
          `a head: ${(head.result.peakRssBytes / 2 ** 30).toFixed(2)}`,
        ),
      ],
    };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}
