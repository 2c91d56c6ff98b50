import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import type { TrainOptions } from '../../../src/contract/train.ts';
import { checkOut, openTrainingRun } from '../../../src/service/train/run.ts';
import { scratchFolder } from '../../store/scratch.ts';

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const photos = join(scratch, 'photos');
mkdirSync(photos);
const options = (more: object = {}): TrainOptions => trainOptionsSchema.parse({ photos, ...more });
let folders = 0;
const newOut = (): string => join(scratch, `out${(folders += 1)}`);

/** Starts a run and leaves it, finished or not. */
async function left(out: string, one: TrainOptions, finished = false): Promise<string> {
  const { run, release } = await openTrainingRun(out, one);
  if (finished) await run.writeReport({ any: 'thing' });
  await run.close();
  release();
  return run.id;
}

describe('going on with a run', () => {
  test('without --resume every training is a run of its own', async () => {
    const out = newOut();
    await left(out, options());
    const { run, resumed, release } = await openTrainingRun(out, options());
    expect(resumed).toBe(false);
    await run.close();
    release();
    expect(readdirSync(join(out, 'runs')).length).toBe(2);
  });

  test('goes on with the last unfinished one of the same training', async () => {
    const out = newOut();
    await left(out, options({ seed: 1 }));
    const wanted = await left(out, options({ seed: 2 }));
    await left(out, options({ seed: 3 }));
    const { run, resumed, release } = await openTrainingRun(out, options({ seed: 2, resume: true }));
    expect([run.id, resumed]).toEqual([wanted, true]);
    await run.close();
    release();
  });

  test.each<[string, object, object]>([
    ['another number of epochs', { epochs: 5 }, { epochs: 6 }],
    ['another backbone', { backbone: 'a' }, { backbone: 'b' }],
    ['other photos', {}, { photos: scratch }],
    ['other labels', {}, { labels: 'labels.csv' }],
  ])('%s is another training', async (_, first, second) => {
    const out = newOut();
    await left(out, options(first));
    const { run, resumed, release } = await openTrainingRun(out, options({ ...second, resume: true }));
    expect(resumed).toBe(false);
    await run.close();
    release();
  });

  test('the same photos by another path, and another --out, are the same training', async () => {
    const out = newOut();
    const wanted = await left(out, options({ out }));
    const again = options({ photos: relative(process.cwd(), photos), out: `${out}/.`, resume: true });
    const { run, release } = await openTrainingRun(out, again);
    expect(run.id).toBe(wanted);
    await run.close();
    release();
  });

  test('with nothing to go on with it starts afresh: no run, a finished one, a damaged one', async () => {
    const none = newOut();
    const finished = newOut();
    await left(finished, options());
    await left(finished, options(), true);
    const damaged = newOut();
    const id = await left(damaged, options());
    writeFileSync(join(damaged, 'runs', id, 'config.json'), '{"version":1,"id":');
    for (const out of [none, finished, damaged]) {
      const { run, resumed, release } = await openTrainingRun(out, options({ resume: true }));
      expect(resumed).toBe(false);
      await run.close();
      release();
    }
  });

  test('a folder that is trained into is busy, until that ends', async () => {
    const out = newOut();
    const first = await openTrainingRun(out, options());
    const second = openTrainingRun(out, options({ seed: 9 }));
    await expect(second).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining(out) });
    await first.run.close();
    first.release();
    await left(out, options({ seed: 9 }));
    expect(existsSync(join(out, 'runs', 'lock'))).toBe(false);
  });

  test('what a killed process left locked is taken over', async () => {
    const out = newOut();
    const id = await left(out, options());
    const dead = JSON.stringify({ host: 'nobody', pid: 2 ** 22 + 1, started: 'long ago', token: 'x' });
    const own = await openTrainingRun(out, options({ resume: true }));
    await own.run.close();
    own.release();
    writeFileSync(join(out, 'runs', 'lock'), dead.replace('nobody', (await import('node:os')).hostname()));
    const { run, resumed, release } = await openTrainingRun(out, options({ resume: true }));
    expect([run.id, resumed]).toEqual([id, true]);
    await run.close();
    release();
  });
});

describe('where a model may go', () => {
  const folder = (name: string, ...files: string[]): string => {
    const path = join(scratch, name);
    mkdirSync(path, { recursive: true });
    for (const file of files) writeFileSync(join(path, file), 'x');
    return path;
  };

  test.each<[string, () => string]>([
    ['a new folder', () => join(scratch, 'new')],
    ['a folder whose name begins like that of the photos', () => `${photos}-model`],
    ['a folder beside the photos whose name begins with dots', () => join(photos, '..', '..model')],
    ['an empty folder', () => folder('empty')],
    ['one with what the system left there', () => folder('system', '.DS_Store', 'Thumbs.db')],
    ['an earlier model', () => folder('model', 'holotype.json', 'model.onnx', 'labels.txt')],
    ['one where training was stopped', () => folder('stopped/runs', 'x').replace(/.runs$/, '')],
  ])('%s: yes', async (_, make) => {
    await expect(checkOut(make(), options())).resolves.toBeUndefined();
  });

  test.each<[string, () => string]>([
    ['the photos', () => photos],
    ['a folder among the photos', () => join(photos, 'a', 'b')],
    ['a folder among the photos to check on', () => join(scratch, 'val', 'model')],
    ['a folder with something else', () => folder('else', 'thesis.tex')],
    ['a file', () => join(folder('files', 'file'), 'file')],
  ])('%s: no', async (_, make) => {
    await expect(checkOut(make(), options({ val: join(scratch, 'val') }))).rejects.toMatchObject({
      code: 'bad-usage',
      remedy: expect.stringContaining('--out'),
    });
  });
});
