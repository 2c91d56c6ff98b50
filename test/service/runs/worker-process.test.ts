/** The real worker: a process of its own, which is killed in the middle of a training. */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtScript } from '../../../src/service/built-script.ts';
import { forkWorkers, workerScript } from '../../../src/service/jobs/fork-worker.ts';
import type { WorkerLauncher } from '../../../src/service/jobs/worker-link.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from './work-testing.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const folder = join(scratch, 'project');
/** How to end each worker that was started, at once. */
const kills: (() => void)[] = [];
const killable: WorkerLauncher = () => {
  const link = forkWorkers()();
  kills.push(() => link.kill());
  return link;
};
let project: ProjectForTests;
let work: WorkForTests;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14 });
  project = await ProjectForTests.create(folder, photos);
  work = startWork(project, scratch, killable);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

const until = async (wanted: () => boolean): Promise<void> => {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 10));
};

test('a training whose process is killed goes on from its last checkpoint, to the end of a training left alone', async () => {
  const settings = { recipe: 'head', epochs: 1200, weightDecay: 0.1, flips: 'off' } as const;
  const { job } = await work.call('train.start', { project: project.id, settings });
  const run = work.jobs.get(job).run ?? '';
  const log = join(folder, 'runs', run, 'log.jsonl');
  const told = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  await until(() => told().includes('"type":"checkpoint"'));
  kills.at(-1)?.();
  const failed = await work.jobs.ended(job);
  expect(failed).toMatchObject({ state: 'failed', canResume: true });
  expect(failed.error?.message).toMatch(/was training ended unexpectedly.*What was saved is safe/);
  expect(existsSync(join(folder, 'models', run))).toBe(false);
  expect((await work.call('runs.list', { project: project.id }))[0]).toMatchObject({
    state: 'failed',
    error: { remedy: expect.stringMatching(/^Press Continue/) },
  });

  const next = await work.call('jobs.resume', { job });
  expect(await work.jobs.ended(next.job)).toMatchObject({ state: 'done', run });
  expect(kills).toHaveLength(2);
  const stages = work.events.filter((event) => event.jobId === next.job && event.type === 'stage');
  expect(stages).toContainEqual(expect.objectContaining({ stage: 'head', from: expect.anything() }));

  const { curves } = await work.call('runs.get', { project: project.id, run });
  expect(curves.map(({ epoch }) => epoch)).toEqual(curves.map((_, at) => at + 1));
  const alone = await work.call('train.start', { project: project.id, settings });
  const other = (await work.jobs.ended(alone.job)).run ?? '';
  const weights = (id: string): Buffer => readFileSync(join(folder, 'models', id, 'tfjs', 'weights.bin'));
  expect(weights(run).equals(weights(other))).toBe(true);
});

test('a training that an engine left unfinished is offered by the next one', async () => {
  const settings = { recipe: 'head', epochs: 10_000, weightDecay: 0.2, flips: 'off' } as const;
  const { job } = await work.call('train.start', { project: project.id, settings });
  const run = work.jobs.get(job).run ?? '';
  await until(() => work.events.some((event) => event.jobId === job && event.type === 'checkpoint'));
  await work.close();
  expect(work.jobs.get(job)).toMatchObject({ state: 'interrupted', canResume: true });

  work = startWork(project, scratch, killable);
  expect(await work.call('jobs.list', {})).toEqual([]);
  await work.open();
  const [offered, another] = await work.call('jobs.list', {});
  expect(another).toBeUndefined();
  expect(offered).toMatchObject({ id: run, run, state: 'interrupted', title: 'Training of Leaves' });
  const { events } = await work.call('jobs.events', { job: run, after: 2 });
  expect(events.some(({ type }) => type === 'epoch')).toBe(true);
  expect(events.every(({ seq, jobId }) => seq > 2 && jobId === run)).toBe(true);

  const next = await work.call('jobs.resume', { job: run });
  await until(() => work.events.some((event) => event.jobId === next.job && event.type === 'epoch'));
  await work.call('jobs.stop', { job: next.job });
  expect((await work.jobs.ended(next.job)).state).toBe('done');
  const { result } = await work.call('runs.get', { project: project.id, run });
  expect(result?.stoppedEarly).toBe(true);

  // Nothing is left to offer to the one after that.
  await work.close();
  work = startWork(project, scratch, killable);
  await work.open();
  expect(await work.call('jobs.list', {})).toEqual([]);
});

test('who doesn’t want to go on is not asked again', async () => {
  const settings = { recipe: 'head', epochs: 10_000, weightDecay: 0.2, flips: 'off' } as const;
  const { job } = await work.call('train.start', { project: project.id, settings });
  const run = work.jobs.get(job).run ?? '';
  await until(() => work.events.some((event) => event.jobId === job && event.type === 'epoch'));
  await work.close();
  work = startWork(project, scratch, killable);
  await work.open();
  await work.call('jobs.dismiss', { job: run });
  await work.open();
  expect(await work.call('jobs.list', {})).toEqual([]);
  expect((await work.call('runs.list', { project: project.id })).at(-1)).toMatchObject({
    id: run,
    state: 'stopped',
  });
});

test('a worker goes behind other processes, says what it can’t do, and leaves with its engine', async () => {
  const script = await builtScript(workerScript);
  const child = fork(script ?? '', [], { serialization: 'advanced' });
  const answer = new Promise((resolve) => {
    child.once('message', resolve);
  });
  child.send({ type: 'start', job: 'job-1', task: 'nonsense', request: null });
  expect(await answer).toMatchObject({ type: 'failed', job: 'job-1', error: { code: 'failed' } });
  expect(getPriority(child.pid)).toBe(10);
  const left = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.disconnect();
  expect(await left).toBe(0);
});
