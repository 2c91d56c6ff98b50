import type { JobEventBody } from '../../contract/job-events.ts';
import type { ToldProgress } from './jobs.ts';

/** What a task in the worker process is given. */
export interface TaskTools {
  /** Aborted when it is to end at once. */
  readonly signal: AbortSignal;
  /** Aborted when it is to end early and keep what was done. */
  readonly stopSignal: AbortSignal;
  /**
   * Waits while the person has it paused, and lets messages in. To be called between two pieces of work; after it the
   * signals may have been aborted.
   */
  pausePoint(): Promise<void>;
  /** Tells an event of a training. */
  event(event: JobEventBody): void;
  /** Says how far it is; as often as it likes. */
  progress(progress: ToldProgress): void;
  /** Hands over a part of the result. */
  result(data: unknown): void;
}

/** Work for a worker process. Gets plain data, which it has to check, and returns plain data. */
export type Task = (request: unknown, tools: TaskTools) => Promise<unknown>;

/** Tasks by name, each loaded when it is first wanted. */
export type TaskTable = Readonly<Record<string, () => Promise<Task>>>;
