import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { ToldProgress } from './jobs.ts';
import type { Task, TaskTable, TaskTools } from './task.ts';
import type { WorkerPort } from './worker-link.ts';
import { toWorkerSchema, type FromWorker, type ToWorker } from './worker-messages.ts';

/** Progress is told no more often than this (ms), but for the end. */
const throttle = 100;
/** After a pause rates mean nothing for as long as they look back (ms). */
const rateWindow = 5_500;

/** Does what it is told on a port, with the tasks of a table; several side by side when asked to. */
export function serveTasks(port: WorkerPort, tasks: TaskTable): void {
  const running = new Map<string, Control>();
  const send = (message: FromWorker): void => port.post(message);

  const start = async ({ job, task, request }: Extract<ToWorker, { type: 'start' }>): Promise<void> => {
    const control = createControl(job, send);
    running.set(job, control);
    try {
      const load = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
      if (load === undefined) throw new HolotypeError('failed', `The worker knows no task "${task}".`);
      const work: Task = await load();
      const result = await work(request, control.tools);
      send({ type: 'done', job, result });
    } catch (error) {
      if (control.tools.signal.aborted) send({ type: 'cancelled', job });
      else send({ type: 'failed', job, error: toErrorShape(error) });
    } finally {
      running.delete(job);
    }
  };

  port.onMessage((raw) => {
    const parsed = toWorkerSchema.safeParse(raw);
    if (!parsed.success) return; // of another version: the engine that waits for an answer kills this process
    const message = parsed.data;
    if (message.type === 'start') void start(message);
    else running.get(message.job)?.[message.type]();
  });
}

interface Control {
  readonly tools: TaskTools;
  pause(): void;
  continue(): void;
  stop(): void;
  cancel(): void;
}

/** One running task as the engine steers it. */
function createControl(job: string, send: (message: FromWorker) => void): Control {
  const cancel = new AbortController();
  const stop = new AbortController();
  let paused = false;
  /** Wakes what waits at a pause point. */
  let wake: (() => void) | undefined;
  let lastProgress = 0;
  let ratesFrom = 0;
  const goOn = (): void => {
    paused = false;
    wake?.();
  };
  const noRates = (): { rate?: null; eta?: null } =>
    performance.now() < ratesFrom ? { rate: null, eta: null } : {};
  return {
    pause: () => {
      paused = true;
    },
    continue: goOn,
    stop: () => {
      stop.abort();
      goOn();
    },
    cancel: () => {
      cancel.abort();
      goOn();
    },
    tools: {
      signal: cancel.signal,
      stopSignal: stop.signal,
      async pausePoint() {
        // In every case a moment for messages to come in, however busy the task is.
        await new Promise((resolve) => setImmediate(resolve));
        if (paused) {
          send({ type: 'paused', job });
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
          ratesFrom = performance.now() + rateWindow;
          send({ type: 'continued', job });
        }
      },
      event: (event: JobEventBody) =>
        send({ type: 'event', job, event: event.type === 'batch' ? { ...event, ...noRates() } : event }),
      progress: (progress: ToldProgress) => {
        const now = performance.now();
        if (now - lastProgress < throttle && progress.done !== progress.total) return;
        lastProgress = now;
        send({ type: 'progress', job, progress: { ...progress, ...noRates() } });
      },
      result: (data) => send({ type: 'result', job, data }),
    },
  };
}
