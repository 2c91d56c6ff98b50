import type { Download } from '../../../contract/app.ts';
import type { JobEvent } from '../../../contract/job-events.ts';
import type { JobSummary } from '../../../contract/jobs.ts';
import { isOver } from '../../state/jobs.ts';
import type { Api } from '../api.ts';
import { inBatches } from '../batches.ts';

/** What a person can do with a job, all of the same shape. */
type Control = 'jobs.pause' | 'jobs.continue' | 'jobs.stop' | 'jobs.cancel';

/** Epochs may come faster than curves can be drawn: they are drawn so often (ms), and typing never waits for them. */
const drawEvery = 200;

export function jobActions(api: Api) {
  const { call, dispatch, session } = api;
  const endListeners = new Set<(job: JobSummary) => void>();

  const replay = async (job: string): Promise<void> => {
    const after = api.getState().jobs.logs.get(job)?.seq ?? 0;
    try {
      const { job: summary, events } = await call('jobs.events', { job, after });
      dispatch({ type: 'jobs/changed', job: summary });
      dispatch({ type: 'jobs/followed', job, events });
    } catch {
      // The job is unknown to an engine that was started again: there is nothing more to hear of it.
    }
  };

  session.on('job.changed', ({ job }) => {
    const before = api.getState().jobs.byId.get(job.id);
    dispatch({ type: 'jobs/changed', job });
    if (isOver(job) && (before === undefined || !isOver(before))) for (const tell of endListeners) tell(job);
  });
  const heard = inBatches<JobEvent>(drawEvery, (batch) => {
    for (const [job, { seq }] of api.getState().jobs.logs) {
      const events = batch.filter((event) => event.jobId === job && event.seq > seq);
      const whole = events.every((event, at) => event.seq === seq + at + 1);
      if (!whole) void replay(job);
      else if (events.length > 0) dispatch({ type: 'jobs/followed', job, events });
    }
  });
  session.on('job.event', ({ event }) => {
    if (api.getState().jobs.logs.has(event.jobId)) heard(event);
  });

  const control = (method: Control) => async (job: string) => {
    const summary = await api.attempt(call(method, { job }));
    if (summary !== undefined) dispatch({ type: 'jobs/changed', job: summary });
  };

  return {
    /** All jobs, and what those that are followed have told in the meantime. */
    load: async (): Promise<void> => {
      const jobs = await api.attempt(call('jobs.list', {}));
      if (jobs === undefined) return;
      dispatch({ type: 'jobs/loaded', jobs });
      await Promise.all([...api.getState().jobs.logs.keys()].map(replay));
    },
    /** Fetches all a job has told and keeps listening; needed for curves and logs. */
    follow: (job: string): void => {
      if (!api.getState().jobs.logs.has(job)) void replay(job);
    },
    unfollow: (job: string): void => dispatch({ type: 'jobs/unfollowed', job }),
    pause: control('jobs.pause'),
    continue: control('jobs.continue'),
    /** Ends a training early and keeps what it has learned. */
    stop: control('jobs.stop'),
    cancel: control('jobs.cancel'),
    /** Goes on with an interrupted training, as a new job. */
    resume: async (job: string): Promise<string | undefined> =>
      (await api.attempt(call('jobs.resume', { job })))?.job,
    dismiss: async (job: string): Promise<void> => {
      const jobs = await api.attempt(call('jobs.dismiss', { job }));
      if (jobs !== undefined) dispatch({ type: 'jobs/loaded', jobs });
    },
    /** For useAnswer: what a job has made to be saved, if anything. */
    made: (job: string, signal: AbortSignal): Promise<Download | null> =>
      call('jobs.download', { job }, { signal }),
    /** Saves what a job has made. */
    download: async (job: string): Promise<void> => {
      const download = await api.attempt(call('jobs.download', { job }));
      if (download === undefined) return;
      if (download === null) api.toast({ tone: 'info', title: 'There is nothing to save.' });
      else await api.attempt(api.host.save(download.download, download.name));
    },
    /** Hears of jobs that end while the window is open. */
    onEnd: (listener: (job: JobSummary) => void): void => {
      endListeners.add(listener);
    },
  };
}
