import type { Download } from '../../contract/app.ts';
import type { JobEvent, JobEventBody, Stage } from '../../contract/job-events.ts';
import type { JobKind, JobProgress, JobReplay, JobSummary } from '../../contract/jobs.ts';

/** How far work is, as its author says it; what is left out is not known. */
export type ToldProgress = Pick<JobProgress, 'message' | 'done' | 'unit'> & {
  readonly [Field in 'stage' | 'total' | 'rate' | 'eta']?: JobProgress[Field] | undefined;
};

/** What a piece of long work in the engine's own process is given. */
export interface JobTools {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Says how far it is; as often as it likes, the window hears it ten times a second. */
  progress(progress: ToldProgress): void;
}

/** What a job leaves behind when it is done. */
export interface JobOutcome {
  readonly download?: Download;
}

export interface LightJob {
  readonly kind: JobKind;
  /** Of the project it works on. */
  readonly project?: string;
  /** Of the model it downloads. */
  readonly model?: string;
  readonly title: string;
  readonly work: (tools: JobTools) => Promise<JobOutcome | void>;
}

/** What a task in the worker process tells while it runs. */
export type WorkerNews =
  | { readonly type: 'event'; readonly event: JobEventBody }
  /** Results that come one after another, as plain data of the task's own making. */
  | { readonly type: 'result'; readonly data: unknown };

/** Work for the worker process: what computes for long. One at a time; the rest waits. */
export interface HeavyJob {
  readonly kind: JobKind;
  readonly project?: string;
  /** The run that is trained or measured. */
  readonly run?: string;
  readonly title: string;
  /** Whether it can be paused, and stopped so that what is done is kept: always, never, or in these stages. */
  readonly canPause: boolean | readonly Stage[];
  readonly canStop: boolean | readonly Stage[];
  /** The worker's task (see worker/tasks.ts) and what it is told: plain data. */
  readonly task: string;
  readonly request: unknown;
  /** Called with all that the task tells, in order, before the window hears of it. */
  readonly onNews?: (news: WorkerNews) => void | Promise<void>;
  /** Called with what the task returned; the job is done when this is. */
  readonly finish?: (result: unknown) => Promise<JobOutcome | void> | JobOutcome | void;
  /** Makes the job that goes on with this one after it failed or was interrupted; absent: it can't be gone on with. */
  readonly resume?: () => Promise<HeavyJob> | HeavyJob;
  /** Called once when it has ended, however. */
  readonly onEnd?: (job: JobSummary) => void | Promise<void>;
}

/** Work that an engine which is gone has left unfinished. */
export interface InterruptedJob {
  /** The run's own id is the job's. */
  readonly run: string;
  readonly project: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** What it told, from the run's log. */
  readonly events: () => Promise<readonly JobEvent[]>;
  readonly resume: () => Promise<HeavyJob>;
  /** Called when a person doesn't want to go on with it. */
  readonly onDismiss: () => Promise<void>;
}

/** The list of long work: everything that takes seconds or more is on it. */
export interface Jobs {
  /** Starts work in this process at once (reading and writing files, downloads). */
  light(job: LightJob): JobSummary;
  /** Queues work for the worker process. */
  heavy(job: HeavyJob): JobSummary;
  /** Puts unfinished work on the list, unless it is on it already. */
  interrupted(job: InterruptedJob): void;
  /** The job's summary. @throws HolotypeError('not-found') */
  get(id: string): JobSummary;
  list(): JobSummary[];
  /** What a job told after an event's number. */
  replay(id: string, after: number): Promise<JobReplay>;
  /** What a job has made to be downloaded; undefined when nothing (yet). */
  download(id: string): Download | undefined;
  /** @throws HolotypeError 'bad-usage' for a job that can't, now */
  pause(id: string): JobSummary;
  continue(id: string): JobSummary;
  /** Ends it early, keeping what was done. @throws as {@link pause} */
  stop(id: string): JobSummary;
  /** Ends it; a job that has ended stays as it is. */
  cancel(id: string): JobSummary;
  /** Goes on with a failed or interrupted job. @returns the new job's id. @throws as {@link pause} */
  resume(id: string): Promise<string>;
  /** Takes a job that has ended off the list. @throws HolotypeError('busy') for one that has not */
  dismiss(id: string): Promise<void>;
  /** Whether a job that works on the project is waiting or running. */
  isBusy(project: string): boolean;
  /** Resolves when the job has ended, however. */
  ended(id: string): Promise<JobSummary>;
  /** Cancels what runs and ends the worker; a training that is cut off this way can be resumed later. */
  close(): Promise<void>;
}
