/** Workers that run in the test's own process. */
import { serveTasks } from '../../../src/service/jobs/serve-tasks.ts';
import type { TaskTable } from '../../../src/service/jobs/task.ts';
import type { WorkerLauncher, WorkerLink } from '../../../src/service/jobs/worker-link.ts';
import { toWorkerSchema, type FromWorker, type ToWorker } from '../../../src/service/jobs/worker-messages.ts';

/** A worker whose answers the test gives itself. */
export interface FakeWorker {
  /** What it was told so far. */
  readonly heard: ToWorker[];
  /** Ids of the tasks it was told to start. */
  readonly started: string[];
  readonly killed: () => boolean;
  say(message: FromWorker): void;
  exit(code: number | null, why?: string): void;
}

/** Launches {@link FakeWorker}s and keeps them in the order of their launch. */
export function fakeWorkers(): { launch: WorkerLauncher; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const launch = (): WorkerLink => {
    const heard: ToWorker[] = [];
    const started: string[] = [];
    let killed = false;
    let over = false;
    let hear: (message: unknown) => void = () => undefined;
    let leave: (code: number | null, why?: string) => void = () => undefined;
    const exit = (code: number | null, why?: string): void => {
      if (over) return;
      over = true;
      leave(code, why);
    };
    workers.push({
      heard,
      started,
      killed: () => killed,
      say: (message) => hear(structuredClone(message)),
      exit,
    });
    return {
      post: (raw) => {
        const message = toWorkerSchema.parse(structuredClone(raw));
        heard.push(message);
        if (message.type === 'start') started.push(message.job);
      },
      onMessage: (listener) => {
        hear = listener;
      },
      onExit: (listener) => {
        leave = listener;
      },
      kill: () => {
        killed = true;
        queueMicrotask(() => exit(null));
      },
    };
  };
  return { launch, workers };
}

/** Launches workers that do real tasks, with messages cloned as between processes. */
export function inProcessWorkers(tasks: TaskTable): WorkerLauncher {
  return () => {
    let over = false;
    let hearEngine: (message: unknown) => void = () => undefined;
    let hearWorker: (message: unknown) => void = () => undefined;
    let leave: (code: number | null) => void = () => undefined;
    serveTasks(
      {
        post: (message) => {
          const copy: unknown = structuredClone(message);
          queueMicrotask(() => {
            if (!over) hearEngine(copy);
          });
        },
        onMessage: (listener) => {
          hearWorker = listener;
        },
      },
      tasks,
    );
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message);
        queueMicrotask(() => hearWorker(copy));
      },
      onMessage: (listener) => {
        hearEngine = listener;
      },
      onExit: (listener) => {
        leave = listener;
      },
      kill: () => {
        over = true;
        queueMicrotask(() => leave(null));
      },
    };
  };
}
