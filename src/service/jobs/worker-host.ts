import { HolotypeError, toErrorShape, type ErrorShape } from '../../contract/errors.ts';
import { fromWorkerSchema, type FromWorker, type ToWorker } from './worker-messages.ts';
import type { WorkerLauncher, WorkerLink } from './worker-link.ts';

/** Hears of one task. */
export interface TaskListener {
  message(message: FromWorker): void;
  /** The process is gone, or never was; nothing more comes. */
  lost(error: ErrorShape): void;
}

/** A worker nobody needs is ended after this long, to give its memory back (ms). */
const usualIdle = 60_000;

const lastMessages: readonly FromWorker['type'][] = ['done', 'failed', 'cancelled'];

/** One worker process: started when there is work, ended when there has been none for a while. */
export class WorkerHost {
  readonly #launch: WorkerLauncher;
  readonly #idleMs: number;
  readonly #tasks = new Map<string, TaskListener>();
  #link: WorkerLink | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(launch: WorkerLauncher, options: { idleMs?: number } = {}) {
    this.#launch = launch;
    this.#idleMs = options.idleMs ?? usualIdle;
  }

  /** Starts a task. @param job names it in messages */
  start(job: string, task: string, request: unknown, listener: TaskListener): void {
    clearTimeout(this.#idle);
    try {
      this.#tasks.set(job, listener);
      this.#link ??= this.#open();
      this.#link.post({ type: 'start', job, task, request } satisfies ToWorker);
    } catch (error) {
      this.#tasks.delete(job);
      // Not from within the call that starts it, so that the caller hears of nothing before it returns.
      queueMicrotask(() => listener.lost(notStarted(error)));
    }
  }

  /** Says something to a running task; nothing happens when it is over. */
  tell(type: 'pause' | 'continue' | 'stop' | 'cancel', job: string): void {
    if (this.#tasks.has(job)) this.#link?.post({ type, job } satisfies ToWorker);
  }

  /** Ends the process; its tasks are lost. */
  kill(): void {
    clearTimeout(this.#idle);
    this.#link?.kill();
  }

  /** Lets go of a process that has nothing to do; what is started from now on gets another. */
  #retire(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.kill();
  }

  #open(): WorkerLink {
    const link = this.#launch();
    link.onMessage((raw) => {
      if (this.#link !== link) return;
      const parsed = fromWorkerSchema.safeParse(raw);
      // A worker that can't be understood is as good as one that is gone.
      if (parsed.success) this.#receive(parsed.data);
      else link.kill();
    });
    link.onExit((code, why) => {
      if (this.#link !== link) return;
      this.#link = undefined;
      clearTimeout(this.#idle);
      const lost = [...this.#tasks.values()];
      this.#tasks.clear();
      for (const listener of lost) listener.lost(ended(code, why));
    });
    return link;
  }

  #receive(message: FromWorker): void {
    const listener = this.#tasks.get(message.job);
    if (listener === undefined) return;
    if (lastMessages.includes(message.type)) {
      this.#tasks.delete(message.job);
      if (this.#tasks.size === 0) {
        clearTimeout(this.#idle);
        this.#idle = setTimeout(() => this.#retire(), this.#idleMs).unref();
      }
    }
    listener.message(message);
  }
}

function ended(code: number | null, why: string | undefined): ErrorShape {
  if (why !== undefined) return { code: 'failed', message: why, remedy: 'Install Holotype again.' };
  const how = code === null ? 'something stopped it' : `exit code ${code}`;
  return {
    code: 'failed',
    message: `The process that worked on this ended unexpectedly (${how}).`,
    remedy:
      'Try again. If it happens again the machine may be short of memory: close other programs, or choose a smaller backbone.',
  };
}

function notStarted(error: unknown): ErrorShape {
  if (error instanceof HolotypeError) return error.toJSON();
  return {
    code: 'failed',
    message: `The process that computes could not be started: ${toErrorShape(error).message}`,
    remedy: 'Restart Holotype; if that does not help, install it again.',
  };
}
