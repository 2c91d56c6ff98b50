import { HolotypeError } from '../../../src/contract/errors.ts';
import type { JobEventBody } from '../../../src/contract/job-events.ts';
import type { JobState, JobSummary } from '../../../src/contract/jobs.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import type { World } from './world.ts';

/** How many jobs a world has had: the same story gives the same ids, whatever was told before. */
const made = new WeakMap<World, number>();

/** Puts a job on the list, running. @returns its id */
export function addJob(
  world: World,
  events: Emitter,
  over: Partial<JobSummary> & Pick<JobSummary, 'kind' | 'title'>,
): string {
  const number = (made.get(world) ?? 0) + 1;
  made.set(world, number);
  const id = `job-${String(number).padStart(6, '0')}`;
  const now = new Date().toISOString();
  const summary: JobSummary = {
    id,
    project: null,
    state: 'running',
    createdAt: now,
    startedAt: now,
    endedAt: null,
    progress: null,
    run: null,
    error: null,
    canPause: false,
    canStop: false,
    canResume: false,
    seq: 0,
    ...over,
  };
  world.jobs.set(id, { summary, events: [] });
  events.emit('job.changed', { job: summary });
  return id;
}

/** Changes a job and says so. */
export function changeJob(
  world: World,
  events: Emitter,
  id: string,
  change: Partial<JobSummary>,
): JobSummary {
  const job = jobOf(world, id);
  job.summary = { ...job.summary, ...change };
  events.emit('job.changed', { job: job.summary });
  return job.summary;
}

/** A job tells something. */
export function tell(world: World, events: Emitter, id: string, body: JobEventBody): void {
  const job = jobOf(world, id);
  const event = { ...body, jobId: id, seq: job.summary.seq + 1 };
  job.events.push(event);
  job.summary = { ...job.summary, seq: event.seq };
  events.emit('job.event', { event });
}

function jobOf(world: World, id: string) {
  const job = world.jobs.get(id);
  if (job === undefined) throw new HolotypeError('not-found', `There is no job "${id}".`);
  return job;
}

export function jobTable(world: World, events: Emitter): Partial<Handlers> {
  const to =
    (state: JobState) =>
    async ({ job }: { job: string }): Promise<JobSummary> =>
      changeJob(world, events, job, {
        state,
        ...(state === 'paused' || state === 'running' ? {} : { endedAt: new Date().toISOString() }),
      });
  return {
    'jobs.list': async () => [...world.jobs.values()].map(({ summary }) => summary),
    'jobs.events': async ({ job, after }) => {
      const { summary, events: all } = jobOf(world, job);
      return { job: summary, events: all.filter(({ seq }) => seq > after) };
    },
    'jobs.pause': to('paused'),
    'jobs.continue': to('running'),
    'jobs.stop': to('done'),
    'jobs.cancel': to('cancelled'),
    'jobs.resume': async ({ job }) => {
      const { summary } = jobOf(world, job);
      const { kind, title, project, progress } = summary;
      return { job: addJob(world, events, { kind, title, project, progress }) };
    },
    'jobs.dismiss': async ({ job }) => {
      world.jobs.delete(job);
      return [...world.jobs.values()].map(({ summary }) => summary);
    },
    'jobs.download': async () => null,
  };
}
