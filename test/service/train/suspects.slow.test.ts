/** Labels that were changed at random are found: issue-size figures on real photos. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom, shuffled } from '../../../src/engine/data/random.ts';
import { readSuspects } from '../../../src/store/suspects.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining } from './training-fixtures.ts';

const shared = fileURLToPath(new URL('../../../../shared', import.meta.url));
const scratch = scratchFolder();
beforeAll(() => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  mkdirSync(join(scratch, 'labels'), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Labeled {
  readonly path: string;
  readonly split: string;
  readonly label: string;
}

function photosOf(folder: string): Labeled[] {
  return ['train', 'val'].flatMap((split) =>
    readdirSync(join(folder, split)).flatMap((label) =>
      readdirSync(join(folder, split, label)).map((file) => ({
        path: `${split}/${label}/${file}`,
        split,
        label,
      })),
    ),
  );
}

/** A labels file in which some of the labels are another one. @returns the photos whose labels were changed */
function changedLabels(photos: readonly Labeled[], seed: number, file: string): Set<string> {
  const random = seededRandom(seed);
  const classes = [...new Set(photos.map(({ label }) => label))];
  const changed = new Set(
    shuffled(photos, random)
      .slice(0, Math.round(0.03 * photos.length))
      .map(({ path }) => path),
  );
  const lines = photos.map(({ path, split, label }) => {
    const others = classes.filter((name) => name !== label);
    return `${path},${changed.has(path) ? others[random.integer(others.length)] : label},${split}`;
  });
  writeFileSync(file, ['filename,label,split', ...lines].join('\n'));
  return changed;
}

describe.skipIf(!existsSync(shared))('photos in ../shared (skipped where they are not)', () => {
  test.each([
    ['hymenoptera', 4],
    ['flowers', 2],
  ])(
    '%s with 3 of 100 labels changed: four of five are in the first 6 of 100 listed photos',
    async (set, seeds) => {
      const photos = join(shared, 'datasets', set);
      const all = photosOf(photos);
      const shares: number[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const labels = join(scratch, 'labels', `${set} ${seed}.csv`);
        const changed = changedLabels(all, seed, labels);
        let looking = 0;
        const { result, error } = await runTraining(
          {
            photos,
            labels,
            backbone: join(shared, 'weights', 'mobilenet_v2_1.0_224.onnx'),
            recipe: 'head',
            out: join(scratch, `${set} ${seed}`),
            seed,
          },
          (event) => {
            if (event.type === 'stage' && event.message.startsWith('Looking')) looking = -performance.now();
            else if (event.type === 'stage' && looking < 0) looking += performance.now();
          },
        );
        if (result === undefined) throw error;
        const suspects = await readSuspects(result.run);
        const first = suspects.slice(0, Math.floor(0.06 * all.length));
        shares.push(first.filter(({ path }) => changed.has(path)).length / changed.size);
        console.info(
          `${set}, seed ${seed}: ${shares.at(-1)} of ${changed.size} changed labels within ${first.length}; ` +
            `listed ${suspects.length}; ${(looking / 1000).toFixed(1)} s of ${result.seconds.total.toFixed(1)}`,
        );
      }
      expect(shares.reduce((a, b) => a + b) / seeds).toBeGreaterThanOrEqual(0.8);
    },
    900_000,
  );
});
