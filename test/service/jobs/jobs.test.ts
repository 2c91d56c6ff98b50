import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jobEventSchema, type JobEvent, type JobEventBody } from '../../../src/contract/job-events.ts';
import { jobSummarySchema, type JobSummary } from '../../../src/contract/jobs.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { createJobs } from '../../../src/service/jobs/create-jobs.ts';
import type { HeavyJob, Jobs } from '../../../src/service/jobs/jobs.ts';
import { WorkerHost } from '../../../src/service/jobs/worker-host.ts';
import { fakeWorkers, type FakeWorker } from './fake-worker.ts';

const project = '0123456789abcdef';
const run = '2026-03-14T09-26-53-589Z-1f3c5a7e';

let jobs: Jobs;
let workers: FakeWorker[];
let changes: JobSummary[];
let told: JobEvent[];

beforeEach(() => {
  vi.useFakeTimers();
  const events = createEmitter();
  const fakes = fakeWorkers();
  ({ workers } = fakes);
  changes = [];
  told = [];
  events.on('job.changed', ({ job }) => changes.push(jobSummarySchema.parse(job)));
  events.on('job.event', ({ event }) => told.push(jobEventSchema.parse(event)));
  jobs = createJobs({ events, worker: new WorkerHost(fakes.launch, { idleMs: 60_000 }) });
});
afterEach(() => vi.useRealTimers());

/** Lets everything that waits for a turn have it. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const training = (more: Partial<HeavyJob> = {}): HeavyJob => ({
  kind: 'train',
  project,
  run,
  title: 'Training of Leaves',
  canPause: ['head', 'finetune'],
  canStop: ['head', 'finetune'],
  task: 'train',
  request: { photos: '/leaves' },
  ...more,
});
const stage = (name: 'scan' | 'head'): JobEventBody => ({
  type: 'stage',
  stage: name,
  message: `In ${name}`,
});
const batch = (done: number): JobEventBody => ({
  type: 'batch',
  stage: 'head',
  done,
  total: 100,
  unit: 'steps',
  rate: 10,
  eta: 1,
});
/** The worker that was launched n-th. */
const worker = (n = 0): FakeWorker => {
  const found = workers[n];
  if (found === undefined) throw new Error(`No worker ${n} was launched.`);
  return found;
};

describe('heavy jobs', () => {
  it('run one at a time, in their order, in one worker that gets what was asked', async () => {
    const first = jobs.heavy(training());
    const second = jobs.heavy(training({ title: 'Second' }));
    expect([jobs.get(first.id).state, second.state]).toEqual(['running', 'queued']);
    expect(workers).toHaveLength(1);
    expect(worker().heard).toEqual([
      { type: 'start', job: first.id, task: 'train', request: { photos: '/leaves' } },
    ]);
    worker().say({ type: 'done', job: first.id, result: undefined });
    await settle();
    expect(jobs.list().map(({ state }) => state)).toEqual(['done', 'running']);
    expect(worker().started).toEqual([first.id, second.id]);
    expect(workers).toHaveLength(1);
  });

  it('number their events and keep them for windows that come later', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'event', job: id, event: { type: 'started', run } });
    worker().say({ type: 'event', job: id, event: stage('head') });
    worker().say({ type: 'event', job: id, event: batch(1) });
    await settle();
    expect(told.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'started'],
      [2, 'stage'],
      [3, 'batch'],
    ]);
    const { job, events } = await jobs.replay(id, 1);
    expect(events).toEqual(told.slice(1));
    expect(job).toMatchObject({
      seq: 3,
      progress: { stage: 'head', message: 'In head', done: 1, total: 100 },
    });
    expect((await jobs.replay(id, 3)).events).toEqual([]);
  });

  it('tell progress ten times a second, its end in any case, and keep only the newest', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'event', job: id, event: stage('head') });
    for (let done = 1; done <= 100; done += 1) {
      worker().say({ type: 'event', job: id, event: batch(done) });
      await vi.advanceTimersByTimeAsync(10);
    }
    const batches = told.flatMap((event) => (event.type === 'batch' ? [event.done] : []));
    expect(batches.length).toBeGreaterThanOrEqual(9);
    expect(batches.length).toBeLessThanOrEqual(12);
    expect(batches.at(-1)).toBe(100);
    expect((await jobs.replay(id, 0)).events.map(({ type }) => type)).toEqual(['stage', 'batch']);
    // A second and 100 progress reports: ten changes, and no more.
    expect(changes.length).toBeLessThanOrEqual(12);
    await vi.advanceTimersByTimeAsync(100);
    expect(changes.at(-1)?.progress?.done).toBe(100);
  });

  it('hand results to their author in order, before the window hears of the end', async () => {
    const heard: unknown[] = [];
    const { id } = jobs.heavy(
      training({
        onNews: async (news) => {
          await Promise.resolve();
          heard.push(news.type === 'result' ? news.data : news.event.type);
        },
        finish: (result) => {
          heard.push(['finish', result, jobs.get(id).state]);
          return { download: { download: 'token', name: 'x.zip', bytes: 3 } };
        },
      }),
    );
    worker().say({ type: 'result', job: id, data: 1 });
    worker().say({ type: 'event', job: id, event: { type: 'started' } });
    worker().say({ type: 'result', job: id, data: 2 });
    worker().say({ type: 'done', job: id, result: { answers: 2 } });
    expect(await jobs.ended(id)).toMatchObject({ state: 'done', error: null });
    expect(heard).toEqual([1, 'started', 2, ['finish', { answers: 2 }, 'running']]);
    expect(jobs.download(id)?.name).toBe('x.zip');
  });

  it('fail when their end can’t be dealt with', async () => {
    const { id } = jobs.heavy(
      training({
        finish: () => {
          throw new Error('disk full');
        },
      }),
    );
    worker().say({ type: 'done', job: id, result: null });
    expect(await jobs.ended(id)).toMatchObject({ state: 'failed', error: { message: 'disk full' } });
  });

  it('fail when their results can’t be kept, and are cancelled', async () => {
    const { id } = jobs.heavy(training({ onNews: () => Promise.reject(new Error('disk full')) }));
    worker().say({ type: 'result', job: id, data: 1 });
    expect(await jobs.ended(id)).toMatchObject({ state: 'failed', error: { message: 'disk full' } });
    expect(worker().heard.at(-1)).toEqual({ type: 'cancel', job: id });
    const next = jobs.heavy(training());
    expect(next.state).toBe('queued');
    worker().say({ type: 'cancelled', job: id });
    await settle();
    expect(jobs.get(next.id).state).toBe('running');
  });

  it('say what they can do now, by their stage', async () => {
    const { id } = jobs.heavy(training());
    expect(jobs.get(id)).toMatchObject({ canPause: false, canStop: false, canResume: false });
    expect(() => jobs.pause(id)).toThrow(/can't be paused now/);
    expect(() => jobs.stop(id)).toThrow(/can't be stopped now/);
    worker().say({ type: 'event', job: id, event: stage('head') });
    await settle();
    expect(jobs.get(id)).toMatchObject({ canPause: true, canStop: true });
    jobs.stop(id);
    expect(worker().heard.at(-1)).toEqual({ type: 'stop', job: id });
    worker().say({ type: 'event', job: id, event: stage('head') });
    await settle();
    expect(jobs.get(id)).toMatchObject({ state: 'running', canPause: false, canStop: false });
    worker().say({ type: 'done', job: id, result: null });
    await settle();
    expect(jobs.get(id)).toMatchObject({ state: 'done', canPause: false, canStop: false });
  });

  it('are paused when the worker says so, and go on', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'event', job: id, event: stage('head') });
    await settle();
    expect(jobs.pause(id).state).toBe('running');
    worker().say({ type: 'paused', job: id });
    await settle();
    expect(jobs.get(id)).toMatchObject({ state: 'paused', canStop: true });
    jobs.continue(id);
    worker().say({ type: 'continued', job: id });
    await settle();
    expect(jobs.get(id).state).toBe('running');
    expect(worker().heard.slice(1)).toEqual([
      { type: 'pause', job: id },
      { type: 'continue', job: id },
    ]);
  });
});

describe('cancelling', () => {
  it('takes a queued job off at once, without the worker', async () => {
    const first = jobs.heavy(training());
    const second = jobs.heavy(training());
    expect(jobs.cancel(second.id).state).toBe('cancelled');
    worker().say({ type: 'done', job: first.id, result: null });
    await settle();
    expect(worker().started).toEqual([first.id]);
    expect((await jobs.ended(second.id)).state).toBe('cancelled');
  });

  it('ends a running job when the worker has let go', async () => {
    const { id } = jobs.heavy(training());
    const next = jobs.heavy(training());
    expect(jobs.cancel(id)).toMatchObject({ state: 'running', progress: { message: 'Cancelling' } });
    expect(worker().heard.at(-1)).toEqual({ type: 'cancel', job: id });
    expect(jobs.get(next.id).state).toBe('queued');
    worker().say({ type: 'cancelled', job: id });
    await settle();
    expect(jobs.list().map(({ state }) => state)).toEqual(['cancelled', 'running']);
    expect(worker().killed()).toBe(false);
  });

  it('kills a worker that doesn’t hear within ten seconds; the next job gets a fresh one', async () => {
    const { id } = jobs.heavy(training());
    const next = jobs.heavy(training());
    jobs.cancel(id);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(worker().killed()).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(worker().killed()).toBe(true);
    expect(jobs.list().map(({ state }) => state)).toEqual(['cancelled', 'running']);
    expect(worker(1).started).toEqual([next.id]);
  });

  it('leaves a job that has ended as it is', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'done', job: id, result: null });
    await settle();
    expect(jobs.cancel(id).state).toBe('done');
  });
});

describe('a worker that ends unexpectedly', () => {
  it('fails its job in words, lets it be resumed, and the next job gets a fresh worker', async () => {
    const resume = vi.fn(() => training({ title: 'Again' }));
    const { id } = jobs.heavy(training({ resume }));
    const next = jobs.heavy(training());
    worker().exit(137);
    await settle();
    const failed = jobs.get(id);
    expect(failed).toMatchObject({ state: 'failed', canResume: true });
    expect(failed.error?.message).toBe(
      'The process that was training ended unexpectedly (exit code 137). What was saved is safe.',
    );
    expect(failed.error?.remedy).toMatch(/^Press Continue to go on from the last checkpoint\./);
    expect(worker(1).started).toEqual([next.id]);
    const again = await jobs.resume(id);
    expect(jobs.get(again)).toMatchObject({ title: 'Again', state: 'queued' });
    expect(jobs.get(id).canResume).toBe(false);
    await expect(jobs.resume(id)).rejects.toThrow(/can't be gone on with/);
    expect(resume).toHaveBeenCalledOnce();
  });

  it('or one that can’t be started says why', async () => {
    const { id } = jobs.heavy(training());
    worker().exit(1, 'This build lacks the program that computes.');
    expect((await jobs.ended(id)).error?.message).toBe('This build lacks the program that computes.');
    const broken = createJobs({
      events: createEmitter(),
      worker: new WorkerHost(() => {
        throw new Error('no more processes');
      }),
    });
    const job = broken.heavy(training());
    expect(job.state).toBe('running');
    expect((await broken.ended(job.id)).error?.message).toMatch(/no more processes/);
  });

  it('or speaks nonsense is killed', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'event', job: id, event: { type: 'nonsense' } } as never);
    await settle();
    expect(worker().killed()).toBe(true);
    expect(jobs.get(id).state).toBe('failed');
  });

  it('of no use any more is ended after a minute; work that comes while it goes gets another', async () => {
    const { id } = jobs.heavy(training());
    worker().say({ type: 'done', job: id, result: null });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(worker().killed()).toBe(false);
    vi.advanceTimersByTime(2_000); // its exit is not heard of yet
    expect(worker().killed()).toBe(true);
    const next = jobs.heavy(training());
    expect(worker(1).started).toEqual([next.id]);
  });
});

describe('light jobs', () => {
  it('start at once beside heavy ones, tell how far they are and what they made', async () => {
    jobs.heavy(training());
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { id, state } = jobs.light({
      kind: 'fetch-model',
      title: 'Download',
      work: async (tools) => {
        tools.progress({ message: 'Downloading', done: 5, total: 10, unit: 'bytes' });
        await done;
        return { download: { download: 't', name: 'a.zip', bytes: 1 } };
      },
    });
    expect(state).toBe('running');
    await settle();
    expect(jobs.get(id)).toMatchObject({
      project: null,
      progress: { message: 'Downloading', done: 5, total: 10, unit: 'bytes', stage: null, rate: null },
    });
    finish();
    expect((await jobs.ended(id)).state).toBe('done');
    expect(jobs.download(id)?.name).toBe('a.zip');
  });

  it('are cancelled by their signal; what they throw otherwise is their failure', async () => {
    const wait = jobs.light({
      kind: 'scan',
      project,
      title: 'Scan',
      work: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    });
    await settle();
    expect(jobs.isBusy(project)).toBe(true);
    jobs.cancel(wait.id);
    expect((await jobs.ended(wait.id)).state).toBe('cancelled');
    expect(jobs.isBusy(project)).toBe(false);
    const bad = jobs.light({
      kind: 'scan',
      title: 'Scan',
      work: () => Promise.reject(new Error('no drive')),
    });
    expect(await jobs.ended(bad.id)).toMatchObject({ state: 'failed', error: { message: 'no drive' } });
  });
});

describe('the list', () => {
  it('shows what an earlier engine left unfinished; its log is replayed, and a new job goes on', async () => {
    const onDismiss = vi.fn(async () => undefined);
    const old: JobEvent = { type: 'started', jobId: run, seq: 4 };
    const left = {
      run,
      project,
      title: 'Training of Leaves',
      createdAt: '2026-03-14T09:26:53.589Z',
      events: async () => [{ ...old, seq: 2 }, old],
      resume: async () => training(),
      onDismiss,
    };
    jobs.interrupted(left);
    jobs.interrupted(left);
    expect(jobs.list()).toMatchObject([
      { id: run, state: 'interrupted', canResume: true, run, kind: 'train' },
    ]);
    expect((await jobs.replay(run, 2)).events).toEqual([old]);
    const id = await jobs.resume(run);
    expect(jobs.get(id).state).toBe('running');
    expect(jobs.get(run).canResume).toBe(false);
    await jobs.dismiss(run);
    expect(onDismiss).not.toHaveBeenCalled(); // it is being gone on with
    expect(jobs.list().map((job) => job.id)).toEqual([id]);
  });

  it('tells the author of unfinished work when nobody wants it', async () => {
    const onDismiss = vi.fn(async () => undefined);
    const rest = { events: async () => [], resume: async () => training(), onDismiss };
    jobs.interrupted({ run, project, title: 'T', createdAt: '2026-03-14T09:26:53.589Z', ...rest });
    await jobs.dismiss(run);
    expect(onDismiss).toHaveBeenCalledOnce();
    expect(jobs.list()).toEqual([]);
  });

  it('lets go of jobs that have ended, and of no others', async () => {
    const { id } = jobs.heavy(training());
    await expect(jobs.dismiss(id)).rejects.toThrow(/has not ended/);
    worker().say({ type: 'done', job: id, result: null });
    await settle();
    await jobs.dismiss(id);
    expect(jobs.list()).toEqual([]);
    expect(() => jobs.get(id)).toThrow(/no longer on the list/);
  });

  it('is closed with all that runs; trainings can be resumed next time', async () => {
    const ends: string[] = [];
    const onEnd = ({ state }: JobSummary): void => void ends.push(state);
    const resume = (): HeavyJob => training();
    const one = jobs.heavy(training({ resume, onEnd }));
    const two = jobs.heavy(training({ resume, onEnd }));
    const three = jobs.heavy({ ...training(), kind: 'predict', onEnd });
    await jobs.close();
    expect(worker().killed()).toBe(true);
    expect([one, two, three].map(({ id }) => jobs.get(id).state)).toEqual([
      'interrupted',
      'interrupted',
      'cancelled',
    ]);
    expect(ends.toSorted()).toEqual(['cancelled', 'interrupted', 'interrupted']);
    expect(workers).toHaveLength(1);
  });
});
