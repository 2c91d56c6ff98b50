import type { Download } from '../../contract/app.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { JobKind, JobProgress, JobSummary } from '../../contract/jobs.ts';

/** What a piece of long work in the engine's own process is given. */
export interface JobTools {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Says how far it is; as often as it likes, the window hears it ten times a second. */
  progress(progress: Partial<JobProgress> & Pick<JobProgress, 'message' | 'done' | 'unit'>): void;
}

/** What a job leaves behind when it is done. */
export interface JobOutcome {
  readonly download?: Download;
}

export interface LightJob {
  readonly kind: JobKind;
  /** Of the project it works on. */
  readonly project?: string;
  readonly title: string;
  readonly work: (tools: JobTools) => Promise<JobOutcome | void>;
}

/** Work for the worker process: what computes for long. One at a time; the rest waits. */
export interface HeavyJob {
  readonly kind: JobKind;
  readonly project?: string;
  readonly title: string;
  readonly canPause: boolean;
  readonly canStop: boolean;
  /** What the worker is told to do: plain data, see worker-messages. */
  readonly request: unknown;
  /** Called with every event and with messages that carry results, in order, before the window hears of it. */
  readonly onMessage?: (message: unknown) => void | Promise<void>;
}

/** The list of long work: everything that takes seconds or more is on it. */
export interface Jobs {
  /** Starts work in this process at once (reading and writing files, downloads). */
  light(job: LightJob): JobSummary;
  /** Queues work for the worker process. */
  heavy(job: HeavyJob): JobSummary;
  /** The job's summary. @throws HolotypeError('not-found') */
  get(id: string): JobSummary;
  list(): JobSummary[];
  /** Whether a job that works on the project is waiting or running. */
  isBusy(project: string): boolean;
  /** Resolves when the job has ended, however. */
  ended(id: string): Promise<JobSummary>;
  /** Cancels what runs and ends the worker. */
  close(): Promise<void>;
}

export type { JobEventBody };
