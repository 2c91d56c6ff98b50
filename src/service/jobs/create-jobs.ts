import { HolotypeError, toErrorShape, type ErrorShape } from '../../contract/errors.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { Emitter } from '../emitter.ts';
import { JobRecord } from './job-record.ts';
import type { HeavyJob, InterruptedJob, Jobs, JobOutcome, LightJob } from './jobs.ts';
import type { WorkerHost } from './worker-host.ts';
import type { FromWorker } from './worker-messages.ts';

export interface JobsDeps {
  readonly events: Emitter;
  readonly worker: WorkerHost;
  /** A worker that doesn't hear a cancellation is ended after this long (ms; default 10 s). */
  readonly killAfterMs?: number;
}

/** Jobs that ended and are kept on the list, at most. */
const endedKept = 100;

/** A job on the list and how to act on it. */
interface Entry {
  readonly record: JobRecord;
  /** Of a light job. */
  readonly abort?: AbortController;
  readonly heavy?: HeavyJob;
  readonly interrupted?: InterruptedJob;
  /** The person wants it to end. */
  cancelling: boolean;
}

/** The list of long work of one engine: light jobs run side by side in this process, heavy ones in turn in a worker. */
export function createJobs(deps: JobsDeps): Jobs {
  const { events, worker, killAfterMs = 10_000 } = deps;
  const entries = new Map<string, Entry>();
  const queue: Entry[] = [];
  let running: Entry | undefined;
  let closing = false;

  const add = (entry: Entry): JobSummary => {
    entries.set(entry.record.id, entry);
    const over = [...entries.values()].filter(({ record }) => record.isOver);
    for (const { record } of over.slice(0, Math.max(0, over.length - endedKept))) entries.delete(record.id);
    return entry.record.summary;
  };
  const entryOf = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry !== undefined) return entry;
    throw new HolotypeError('not-found', 'This job is no longer on the list.', {
      remedy: 'Look at the list of runs: what was finished is there.',
    });
  };

  const end = async (
    entry: Entry,
    state: Parameters<JobRecord['end']>[0],
    outcome: JobOutcome & { error?: ErrorShape; canResume?: boolean } = {},
  ): Promise<void> => {
    if (entry.record.isOver) return;
    entry.record.end(state, outcome);
    // The job has ended all the same; what its author does afterwards is no part of it.
    await Promise.resolve(entry.heavy?.onEnd?.(entry.record.summary)).catch(() => undefined);
  };

  const next = (): void => {
    if (running !== undefined || closing) return;
    const entry = queue.shift();
    if (entry?.heavy === undefined) return;
    running = entry;
    entry.record.start();
    let done: Promise<void> = Promise.resolve();
    const settle = async (work: () => Promise<void>): Promise<void> => {
      await work();
      if (running === entry) running = undefined;
      next();
    };
    worker.start(entry.record.id, entry.heavy.task, entry.heavy.request, {
      message: (message) => {
        // One after another, also where the author takes its time.
        done = done.then(() => heard(entry, message, settle));
      },
      lost: (error) => {
        done = done.then(() => settle(() => lost(entry, error)));
      },
    });
  };

  const heard = async (
    entry: Entry,
    message: FromWorker,
    settle: (work: () => Promise<void>) => Promise<void>,
  ): Promise<void> => {
    const { record, heavy } = entry;
    const canResume = heavy?.resume !== undefined;
    switch (message.type) {
      case 'event':
      case 'result': {
        const news =
          message.type === 'event'
            ? { type: message.type, event: message.event }
            : { type: message.type, data: message.data };
        await Promise.resolve(heavy?.onNews?.(news)).catch((error: unknown) => {
          // What it makes can't be kept: there is no sense in making more of it.
          void end(entry, 'failed', { error: toErrorShape(error), canResume });
          cancelRunning(entry);
        });
        if (message.type === 'event') record.event(message.event);
        return;
      }
      case 'progress':
        return record.progress(message.progress);
      case 'paused':
        return record.pause();
      case 'continued':
        return record.continue();
      case 'cancelled':
        return settle(() => end(entry, 'cancelled'));
      case 'failed':
        return settle(() => end(entry, 'failed', { error: message.error, canResume }));
      case 'done':
        return settle(async () => {
          try {
            const outcome = record.isOver ? undefined : await heavy?.finish?.(message.result);
            await end(entry, 'done', outcome ?? {});
          } catch (error) {
            await end(entry, 'failed', { error: toErrorShape(error), canResume });
          }
        });
    }
  };

  const lost = async (entry: Entry, error: ErrorShape): Promise<void> => {
    const canResume = entry.heavy?.resume !== undefined;
    if (closing) return end(entry, canResume ? 'interrupted' : 'cancelled', { canResume });
    if (entry.cancelling) return end(entry, 'cancelled');
    return end(entry, 'failed', { error: canResume ? resumable(error) : error, canResume });
  };

  const cancelRunning = (entry: Entry): void => {
    entry.cancelling = true;
    worker.tell('cancel', entry.record.id);
    const timer = setTimeout(() => {
      if (running === entry) worker.kill();
    }, killAfterMs);
    timer.unref();
  };

  const steer = (id: string, ability: 'canPause' | 'canStop', what: string): Entry => {
    const entry = entryOf(id);
    if (entry.record.summary[ability]) return entry;
    throw new HolotypeError('bad-usage', `"${entry.record.summary.title}" can't be ${what} now.`, {
      remedy: 'Wait until it is further on, or cancel it.',
    });
  };

  const jobs: Jobs = {
    light(job: LightJob) {
      const abort = new AbortController();
      const record = new JobRecord(events, { ...job, state: 'running' });
      const entry: Entry = { record, abort, cancelling: false };
      const tools = {
        id: record.id,
        signal: abort.signal,
        progress: record.progress.bind(record),
      };
      // Not before the caller knows its id.
      void Promise.resolve()
        .then(() => job.work(tools))
        .then(
          (outcome) => record.end('done', outcome ?? {}),
          (error: unknown) =>
            abort.signal.aborted
              ? record.end('cancelled')
              : record.end('failed', { error: toErrorShape(error) }),
        );
      return add(entry);
    },
    heavy(job) {
      const entry: Entry = {
        record: new JobRecord(events, { ...job, state: 'queued' }),
        heavy: job,
        cancelling: false,
      };
      add(entry);
      queue.push(entry);
      next();
      return entry.record.summary;
    },
    interrupted(job) {
      const known = [...entries.values()].some(({ record }) => record.summary.run === job.run);
      if (known) return;
      const birth = { ...job, id: job.run, kind: 'train', state: 'interrupted' } as const;
      add({ record: new JobRecord(events, birth), interrupted: job, cancelling: false });
    },
    get: (id) => entryOf(id).record.summary,
    list: () => [...entries.values()].map(({ record }) => record.summary),
    async replay(id, after) {
      const { record, interrupted } = entryOf(id);
      const told =
        interrupted === undefined
          ? record.eventsAfter(after)
          : (await interrupted.events()).filter(({ seq }) => seq > after);
      return { job: record.summary, events: told };
    },
    download: (id) => entryOf(id).record.download,
    pause(id) {
      const { record } = steer(id, 'canPause', 'paused');
      worker.tell('pause', id);
      return record.summary;
    },
    continue(id) {
      worker.tell('continue', id);
      return entryOf(id).record.summary;
    },
    stop(id) {
      const { record } = steer(id, 'canStop', 'stopped');
      worker.tell('stop', id);
      record.ending('Finishing with what is done so far');
      return record.summary;
    },
    cancel(id) {
      const entry = entryOf(id);
      const { record, abort } = entry;
      if (record.isOver || entry.cancelling) return record.summary;
      entry.cancelling = true;
      const place = queue.indexOf(entry);
      if (place !== -1) {
        queue.splice(place, 1);
        void end(entry, 'cancelled');
        return record.summary;
      }
      record.ending('Cancelling');
      if (abort === undefined) cancelRunning(entry);
      else abort.abort();
      return record.summary;
    },
    async resume(id) {
      const entry = entryOf(id);
      const resume = entry.heavy?.resume ?? entry.interrupted?.resume;
      if (resume === undefined || !entry.record.summary.canResume)
        throw new HolotypeError('bad-usage', `"${entry.record.summary.title}" can't be gone on with.`, {
          remedy: 'Start it anew.',
        });
      const heavy = await resume();
      // Only one goes on with it, however often it is asked for.
      if (!entry.record.summary.canResume)
        throw new HolotypeError('busy', 'It is being gone on with already.');
      entry.record.takenOver();
      return jobs.heavy(heavy).id;
    },
    async dismiss(id) {
      const { record, interrupted } = entryOf(id);
      if (!record.isOver)
        throw new HolotypeError('busy', `"${record.summary.title}" has not ended yet.`, {
          remedy: 'Cancel it first.',
        });
      if (record.summary.canResume) await interrupted?.onDismiss();
      entries.delete(id);
    },
    isBusy: (project) =>
      [...entries.values()].some(({ record }) => !record.isOver && record.summary.project === project),
    ended: (id) => entryOf(id).record.ended,
    async close() {
      closing = true;
      for (const entry of queue.splice(0)) {
        const canResume = entry.heavy?.resume !== undefined;
        await end(entry, canResume ? 'interrupted' : 'cancelled', { canResume });
      }
      for (const { abort } of entries.values()) abort?.abort();
      worker.kill();
      await Promise.all([...entries.values()].map(({ record }) => record.ended));
    },
  };
  return jobs;
}

/** What a person is told when the process that trained is gone. */
function resumable(error: ErrorShape): ErrorShape {
  return {
    ...error,
    message: `${error.message.replace('worked on this', 'was training')} What was saved is safe.`,
    remedy:
      `Press Continue to go on from the last checkpoint. ${error.remedy?.replace(/^Try again\. /, '') ?? ''}`.trim(),
  };
}
