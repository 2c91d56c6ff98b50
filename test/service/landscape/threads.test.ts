/** The threads that measure a landscape, from a bundle as the build makes it. */
import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error a script without types
import { nodeBundle } from '../../../scripts/esbuild-options.mjs';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { filterNormalized } from '../../../src/engine/landscape/directions.ts';
import type { LaneProgram } from '../../../src/engine/landscape/head-lanes.ts';
import { headSurface } from '../../../src/engine/landscape/head-surface.ts';
import type { Place } from '../../../src/engine/landscape/surface.ts';
import { crossEntropy } from '../../../src/engine/train/losses.ts';
import { landscapeThreads } from '../../../src/service/landscape/threads.ts';
import { startTf } from '../../../src/service/train/start-tf.ts';
import { clouds } from '../../engine/train/tf-testing.ts';

/** In the checkout, because that is where what it imports is found. */
const built = fileURLToPath(new URL(`../../../test-results/landscape-${process.pid}/`, import.meta.url));
const module = pathToFileURL(join(built, 'landscape-thread.mjs')).href;

beforeAll(async () => {
  const options: unknown = nodeBundle(
    { 'landscape-thread': 'src/service/landscape/landscape-thread.ts' },
    built,
  );
  await build(options as Parameters<typeof build>[0]);
  await startTf();
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

const random = seededRandom(3);
const layer = (inputs: number, outputs: number) => ({
  kernel: {
    shape: [inputs, outputs],
    data: Float32Array.from({ length: inputs * outputs }, () => random.normal()),
  },
  bias: { shape: [outputs], data: new Float32Array(outputs) },
});
/** 1000 photos are 4 blocks, and 300 are 2. */
const on = {
  head: { layers: [layer(12, 16), layer(16, 3)], activation: 'tanh' } as const,
  train: clouds(1000, 12, 3),
  val: clouds(300, 12, 3, { seed: 9 }),
  objective: crossEntropy,
};
const steps = Array.from({ length: 60 }, (_, at) => [(at % 10) / 5 - 1, Math.floor(at / 10) / 3 - 1]);

/** Measured on two planes, one after the other. */
async function measured(threads: LaneProgram | undefined, signal?: AbortSignal): Promise<Place[]> {
  const surface = headSurface({ ...on, threads });
  const found: Place[] = [];
  try {
    for (const seed of [1, 2]) {
      const directions = [seed, seed + 10].map((each) =>
        filterNormalized(surface.weights, surface.filters, seededRandom(each)),
      );
      const work = surface.places(directions, steps, signal);
      const told: number[] = [];
      for (;;) {
        const step = await work.next();
        if (step.done === true) {
          found.push(...step.value);
          break;
        }
        told.push(step.value);
      }
      expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
      expect(told.at(-1)).toBe(steps.length);
    }
  } finally {
    await surface.dispose();
  }
  return found;
}

describe('threads of a landscape', () => {
  it('give the same bits as one core does, however many there are', async () => {
    const here = await measured(undefined);
    expect(here).toHaveLength(2 * steps.length);
    for (const count of [1, 3])
      expect(await measured({ module, count, leastWork: 0 }), `${count} threads`).toEqual(here);
  });

  it('are not needed: where none can be started, or little is to do, it is done here', async () => {
    const here = await measured(undefined);
    const missing = pathToFileURL(join(built, 'missing.mjs')).href;
    expect(await measured({ module: missing, count: 2, leastWork: 0 })).toEqual(here);
    expect(await measured({ module: missing, count: 2 })).toEqual(here);
  });

  it('end when they are told to', async () => {
    const stop = new AbortController();
    const surface = headSurface({ ...on, threads: { module, count: 2, leastWork: 0 } });
    const direction = filterNormalized(surface.weights, surface.filters, random);
    const work = surface.places([direction], steps, stop.signal);
    await work.next();
    stop.abort(new Error('enough'));
    await expect(work.next()).rejects.toThrow('enough');
    await surface.dispose();
  });

  it('say what went wrong in one of them', async () => {
    const surface = headSurface({ ...on, threads: { module, count: 2, leastWork: 0 } });
    const tooShort = [new Float32Array(3)];
    await expect(surface.places(tooShort, steps).next()).rejects.toThrow(/could not be measured/);
    await surface.dispose();
  });

  it('come with the build, unless one core is to do it all', async () => {
    expect(await landscapeThreads(1)).toBeUndefined();
    expect((await landscapeThreads(3))?.module ?? 'landscape-thread.mjs').toMatch(/landscape-thread\.mjs$/);
  });
});
