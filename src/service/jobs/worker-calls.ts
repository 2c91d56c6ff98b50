import { randomBytes } from 'node:crypto';
import { fromErrorShape, toErrorShape, type ErrorShape } from '../../contract/errors.ts';
import type { WorkerHost } from './worker-host.ts';

/** Short questions to a worker process of their own, which doesn't wait for long work. */
export interface WorkerCalls {
  /**
   * Has a task done and waits for what it returns.
   *
   * @throws HolotypeError as the task did, 'cancelled' when the signal is aborted, 'failed' when the process ended
   */
  call(task: string, request: unknown, signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

export function createWorkerCalls(worker: WorkerHost): WorkerCalls {
  return {
    call: (task, request, signal) =>
      new Promise((resolve, reject) => {
        const id = `call-${randomBytes(9).toString('hex')}`;
        const abort = (): void => worker.tell('cancel', id);
        const settle = (): void => signal?.removeEventListener('abort', abort);
        const fail = (shape: ErrorShape): void => {
          settle();
          reject(fromErrorShape(shape));
        };
        if (signal?.aborted === true) return fail(toErrorShape(signal.reason));
        signal?.addEventListener('abort', abort, { once: true });
        worker.start(id, task, request, {
          message: (message) => {
            if (message.type === 'failed') fail(message.error);
            else if (message.type === 'cancelled') fail({ code: 'cancelled', message: 'Cancelled.' });
            else if (message.type === 'done') {
              settle();
              resolve(message.result);
            }
          },
          lost: fail,
        });
      }),
    close: () => worker.kill(),
  };
}
