import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { createJobs } from '../../../src/service/jobs/create-jobs.ts';
import type { Jobs, HeavyJob } from '../../../src/service/jobs/jobs.ts';
import type { Task } from '../../../src/service/jobs/task.ts';
import { createWorkerCalls } from '../../../src/service/jobs/worker-calls.ts';
import { WorkerHost } from '../../../src/service/jobs/worker-host.ts';
import { inProcessWorkers } from './fake-worker.ts';

/** Counts up by one every few milliseconds until it is stopped. */
const counting: Task = async (_, tools) => {
  let done = 0;
  tools.event({ type: 'stage', stage: 'head', message: 'Counting' });
  while (!tools.stopSignal.aborted) {
    await tools.pausePoint();
    tools.signal.throwIfAborted();
    done += 1;
    tools.result(done);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return done;
};
const tasks = {
  counting: async () => counting,
  failing: async (): Promise<Task> => async () => {
    throw new HolotypeError('bad-input', 'The photos are gone.', { remedy: 'Connect the drive.' });
  },
  echo: async (): Promise<Task> => async (request) => ({ request }),
  waiting: async (): Promise<Task> => (_, tools) =>
    new Promise((__, reject) => {
      tools.signal.addEventListener('abort', () => reject(new Error('told to end')));
    }),
  quick: async (): Promise<Task> => async (_, tools) => {
    for (let done = 0; done <= 1000; done += 1)
      tools.progress({ message: 'Quick', done, total: 1000, unit: 'steps' });
    return null;
  },
};

function start(task: string): { jobs: Jobs; id: string; counted: number[]; result: () => unknown } {
  const jobs = createJobs({
    events: createEmitter(),
    worker: new WorkerHost(inProcessWorkers(tasks), { idleMs: 10 }),
  });
  const counted: number[] = [];
  let result: unknown;
  const job: HeavyJob = {
    kind: 'train',
    title: 'Counting',
    canPause: true,
    canStop: true,
    task,
    request: {},
    onNews: (news) => {
      if (news.type === 'result') counted.push(Number(news.data));
    },
    finish: (value) => {
      result = value;
    },
  };
  return { jobs, id: jobs.heavy(job).id, counted, result: () => result };
}
const until = async (wanted: () => boolean): Promise<void> => {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('a task in a worker', () => {
  it('stands still while it is paused, and goes on where it was', async () => {
    const { jobs, id, counted } = start('counting');
    await until(() => counted.length > 3);
    jobs.pause(id);
    await until(() => jobs.get(id).state === 'paused');
    const before = counted.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(counted).toHaveLength(before);
    jobs.continue(id);
    await until(() => counted.length > before + 3);
    expect(jobs.get(id).state).toBe('running');
    expect(counted).toEqual(counted.map((_, index) => index + 1));
    jobs.cancel(id);
    await jobs.ended(id);
  });

  it('ends early when it is stopped, also out of a pause, and its result counts', async () => {
    const { jobs, id, counted, result } = start('counting');
    await until(() => counted.length > 3);
    jobs.pause(id);
    await until(() => jobs.get(id).state === 'paused');
    jobs.stop(id);
    expect((await jobs.ended(id)).state).toBe('done');
    expect(result()).toBe(counted.length);
  });

  it('ends when it is cancelled, also out of a pause', async () => {
    const { jobs, id, counted } = start('counting');
    await until(() => counted.length > 3);
    jobs.pause(id);
    await until(() => jobs.get(id).state === 'paused');
    jobs.cancel(id);
    expect(await jobs.ended(id)).toMatchObject({ state: 'cancelled', error: null });
    const { jobs: others, id: waiting } = start('waiting');
    others.cancel(waiting);
    expect((await others.ended(waiting)).state).toBe('cancelled');
  });

  it('fails with its own words; one that the worker doesn’t know fails, too', async () => {
    const { jobs, id } = start('failing');
    expect(await jobs.ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'bad-input', message: 'The photos are gone.', remedy: 'Connect the drive.' },
    });
    const { jobs: others, id: unknown } = start('toString');
    expect((await others.ended(unknown)).error?.message).toMatch(/no task "toString"/);
  });

  it('may tell progress as often as it likes: few messages are sent, the last one always', async () => {
    const { jobs, id } = start('quick');
    expect((await jobs.ended(id)).progress).toMatchObject({ done: 1000, total: 1000, message: 'Quick' });
  });
});

describe('calls', () => {
  it('are answered side by side, with results or errors; a signal ends them', async () => {
    const calls = createWorkerCalls(new WorkerHost(inProcessWorkers(tasks)));
    const abort = new AbortController();
    const waiting = calls.call('waiting', null, abort.signal);
    const failing = calls.call('failing', null);
    await expect(calls.call('echo', new Uint8Array([1, 2]))).resolves.toEqual({
      request: new Uint8Array([1, 2]),
    });
    await expect(failing).rejects.toMatchObject({ code: 'bad-input', remedy: 'Connect the drive.' });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    const lost = calls.call('waiting', null);
    calls.close();
    await expect(lost).rejects.toThrow(/ended unexpectedly/);
  });
});
