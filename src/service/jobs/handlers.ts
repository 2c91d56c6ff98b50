import type { Handlers } from '../../contract/server.ts';
import type { Jobs } from './jobs.ts';

type JobMethod = Extract<keyof Handlers, `jobs.${string}`>;

/** The methods about long work. */
export function jobHandlers(jobs: Jobs): Pick<Handlers, JobMethod> {
  return {
    'jobs.list': async () => jobs.list(),
    'jobs.events': async ({ job, after }) => jobs.replay(job, after),
    'jobs.pause': async ({ job }) => jobs.pause(job),
    'jobs.continue': async ({ job }) => jobs.continue(job),
    'jobs.stop': async ({ job }) => jobs.stop(job),
    'jobs.cancel': async ({ job }) => jobs.cancel(job),
    'jobs.resume': async ({ job }) => ({ job: await jobs.resume(job) }),
    'jobs.dismiss': async ({ job }) => {
      await jobs.dismiss(job);
      return jobs.list();
    },
    'jobs.download': async ({ job }) => jobs.download(job) ?? null,
  };
}
