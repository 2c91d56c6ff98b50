import type { JobEvent } from '../../contract/job-events.ts';
import type { JobState, JobSummary } from '../../contract/jobs.ts';
import type { Action } from './action.ts';

/** What a job has told, without gaps up to `seq`. */
export interface JobLog {
  readonly events: readonly JobEvent[];
  /** The number of the newest event in it. */
  readonly seq: number;
}

export interface JobsState {
  /** By id, oldest first. */
  readonly byId: ReadonlyMap<string, JobSummary>;
  /** Only of jobs that are followed (actions.jobs.follow): the others need no more than their summary. */
  readonly logs: ReadonlyMap<string, JobLog>;
}

export type JobsAction =
  | { readonly type: 'jobs/loaded'; readonly jobs: readonly JobSummary[] }
  | { readonly type: 'jobs/changed'; readonly job: JobSummary }
  | { readonly type: 'jobs/event'; readonly event: JobEvent }
  | { readonly type: 'jobs/followed'; readonly job: string; readonly events: readonly JobEvent[] }
  | { readonly type: 'jobs/unfollowed'; readonly job: string };

export const noJobs: JobsState = { byId: new Map(), logs: new Map() };
export const noLog: JobLog = { events: [], seq: 0 };

export function reduceJobs(state: JobsState, action: Action): JobsState {
  switch (action.type) {
    case 'jobs/loaded': {
      const byId = new Map(action.jobs.map((job) => [job.id, job]));
      return { byId, logs: new Map([...state.logs].filter(([id]) => byId.has(id))) };
    }
    case 'jobs/changed': {
      const known = state.byId.get(action.job.id);
      if (known !== undefined && isOlder(action.job, known)) return state;
      return { ...state, byId: new Map(state.byId).set(action.job.id, action.job) };
    }
    case 'jobs/event':
      // Of a job that isn't followed, or after a gap that jobs.events is about to fill.
      return state.logs.get(action.event.jobId)?.seq === action.event.seq - 1
        ? withEvents(state, action.event.jobId, [action.event])
        : state;
    case 'jobs/followed':
      return withEvents(state, action.job, action.events);
    case 'jobs/unfollowed': {
      if (!state.logs.has(action.job)) return state;
      const logs = new Map(state.logs);
      logs.delete(action.job);
      return { ...state, logs };
    }
    default:
      return state;
  }
}

function withEvents(state: JobsState, job: string, events: readonly JobEvent[]): JobsState {
  const log = state.logs.get(job) ?? noLog;
  const fresh = events.filter((event) => event.seq > log.seq);
  if (fresh.length === 0 && state.logs.has(job)) return state;
  const kept = [...log.events];
  for (const event of fresh) {
    const last = kept.at(-1);
    // Of progress only the newest matters, and it comes ten times a second.
    if (event.type === 'batch' && last?.type === 'batch' && last.stage === event.stage) kept.pop();
    kept.push(event);
  }
  const seq = fresh.at(-1)?.seq ?? log.seq;
  return { ...state, logs: new Map(state.logs).set(job, { events: kept, seq }) };
}

const over: readonly JobState[] = ['done', 'failed', 'cancelled'];

/** Whether a job has ended and nothing more comes of it. */
export function isOver(job: JobSummary): boolean {
  return over.includes(job.state) || job.state === 'interrupted';
}

/** An answer to a call may arrive after the event of a later change. */
function isOlder(job: JobSummary, known: JobSummary): boolean {
  return job.seq < known.seq || (over.includes(known.state) && !over.includes(job.state));
}

/** Jobs that wait, run or are paused, in the order they will run. */
export function activeJobs({ byId }: JobsState): JobSummary[] {
  return [...byId.values()].filter((job) => !isOver(job));
}

/** The job that ended last, which is not the newest where one that waited was cancelled. */
export function endedLast(jobs: readonly JobSummary[]): JobSummary | undefined {
  const when = ({ endedAt, createdAt }: JobSummary): string => endedAt ?? createdAt;
  return jobs.filter(isOver).toSorted((a, b) => (when(a) < when(b) ? 1 : -1))[0];
}

/** Jobs of a project and kind, newest first. */
export function jobsOf({ byId }: JobsState, project: string, kind: JobSummary['kind']): JobSummary[] {
  return [...byId.values()]
    .filter((job) => job.project === project && job.kind === kind)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}
