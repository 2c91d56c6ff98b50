/** Threads of a search: how many there may be, and what becomes of heads when one dies. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { doHeadJob } from '../../../src/service/search/head-job.ts';
import type { HeadJob } from '../../../src/service/search/head-job.ts';
import { HeadLanes, mostAtOnce } from '../../../src/service/search/head-lanes.ts';
import { scratchFolder } from '../../store/scratch.ts';

const scratch = scratchFolder();
const rows = 24;

/** Two classes that a head tells apart by the first of two columns. */
function aJob(seed: number, more: Partial<HeadJob> = {}): HeadJob {
  const data = new Float32Array(new SharedArrayBuffer(rows * 2 * 4));
  data.set(Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? ((i / 2) % 2) * 2 - 1 : Math.sin(i))));
  return {
    options: trainOptionsSchema.parse({ photos: 'photos', epochs: 3, weightDecay: 0.1 }),
    share: 1,
    seed,
    classes: ['a', 'b'],
    answering: { task: 'single-label', outputs: 2 },
    device: 'cpu',
    train: { rows, columns: 2, data, labels: Int32Array.from({ length: rows }, (_, row) => row % 2) },
    val: { folds: Int32Array.from({ length: rows }, (_, row) => (row >> 1) % 4), held: 1 },
    ...more,
  };
}

/** A program for threads. @param answer what it does with a request, as a text */
function module(name: string, answer: string): string {
  const path = join(scratch, `${name}.mjs`);
  writeFileSync(
    path,
    `import { existsSync, writeFileSync } from 'node:fs';
     import { threadId } from 'node:worker_threads';
     const marker = ${JSON.stringify(join(scratch, `${name}.marker`))};
     const stops = new Map();
     export const open = async () => ({ ready: 'ready', answer: async (request) => { ${answer} } });`,
  );
  return path;
}
const scored = `return { value: { score: { loss: request.job.seed, accuracy: threadId, rows: 1 } } };`;

let lanes: HeadLanes[] = [];
function open(options: ConstructorParameters<typeof HeadLanes>[0]): HeadLanes {
  const made = new HeadLanes(options);
  lanes.push(made);
  return made;
}
afterAll(async () => {
  await Promise.all(lanes.map((one) => one.close()));
  lanes = [];
  rmSync(scratch, { recursive: true, force: true });
});

const gigabyte = 1024 ** 3;
it.each([
  ['a core each', 0, 8, 16 * gigabyte, 8],
  ['fewer where the features are large', 2 * gigabyte, 8, 16 * gigabyte, 3],
  ['one where there is hardly any memory', gigabyte, 8, 0.5 * gigabyte, 1],
  ['one on one core', 0, 1, 64 * gigabyte, 1],
])('at once: %s', (_what, features, cores, bytes, most) => {
  expect(mostAtOnce(features, { cores, bytes })).toBe(most);
});

describe('heads', () => {
  it('come to the same bits here and in threads', async () => {
    const jobs = [aJob(1), aJob(2), aJob(3, { share: 0.5 })];
    const here = await Promise.all(jobs.map((job) => doHeadJob(job)));
    const threads = open({ atOnce: 2 });
    expect(await Promise.all(jobs.map((job) => threads.run(job)))).toEqual(here);
    expect(new Set(here.map(({ loss }) => loss)).size).toBe(3);
    expect(here[0]?.rows).toBe(6);
  });

  it('take turns where there is room for some', async () => {
    const wait = `await new Promise((resolve) => setTimeout(resolve, 30)); ${scored}`;
    const two = open({ atOnce: 2, module: module('waits', wait) });
    const answers = Array.from({ length: 6 }, (_, seed) => two.run(aJob(seed)));
    expect(two.hasRoom).toBe(false);
    const scores = await Promise.all(answers);
    expect(scores.map(({ loss }) => loss)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Set(scores.map(({ accuracy }) => accuracy)).size).toBe(2);
    expect(two.hasRoom).toBe(true);
  });

  it('are trained here where no thread can be started', async () => {
    const none = open({ atOnce: 2, module: join(scratch, 'nowhere.mjs') });
    expect(await none.run(aJob(1))).toEqual(await doHeadJob(aJob(1)));
    expect(none.atOnce(0)).toBe(1);
  });

  it('are tried once more when their thread dies', async () => {
    const dies = `if (!existsSync(marker)) { writeFileSync(marker, ''); process.exit(7); } ${scored}`;
    const path = module('dies-once', dies);
    const two = open({ atOnce: 2, module: path });
    expect((await two.run(aJob(5))).loss).toBe(5);
    expect(existsSync(join(scratch, 'dies-once.marker'))).toBe(true);
  });

  it('say so when it dies again, and leave the others alone', async () => {
    const two = open({
      atOnce: 2,
      module: module('dies', `if (request.job.seed === 1) process.exit(7); ${scored}`),
    });
    const [first, second] = await Promise.allSettled([two.run(aJob(1)), two.run(aJob(2))]);
    expect(first).toMatchObject({
      reason: {
        code: 'device-lost',
        message: expect.stringContaining('gave up twice') as string,
        remedy: expect.stringContaining('goes on where it was') as string,
      },
    });
    expect(second).toMatchObject({ value: { loss: 2 } });
  });

  it('end when they are to, those that wait and those that run', async () => {
    const hangs = `if ('stop' in request) { stops.get(request.stop)(); return { value: null }; }
      if (request.job.seed < 3) await new Promise((resolve) => stops.set(request.number, resolve));
      ${scored}`;
    const two = open({ atOnce: 2, module: module('hangs', hangs) });
    const control = new AbortController();
    const answers = [0, 1, 2].map((seed) => two.run(aJob(seed), control.signal));
    setTimeout(() => control.abort(new Error('enough')), 300);
    for (const answer of await Promise.allSettled(answers))
      expect(answer).toMatchObject({ reason: { message: 'enough' } });
    // Their threads go on with others.
    expect((await two.run(aJob(4))).loss).toBe(4);
    await expect(two.run(aJob(4), control.signal)).rejects.toThrow('enough');
  });

  it('keep the code of what went wrong', async () => {
    const two = open({ atOnce: 2 });
    // No number holds what so strong a penalty makes of the weights.
    const options = {
      ...aJob(1).options,
      optimizer: 'sgd' as const,
      l2: 1e30,
      batchSize: 2,
      learningRate: 10,
    };
    await expect(two.run(aJob(1, { options }))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('diverged') as string,
    });
  });
});
