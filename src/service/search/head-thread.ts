/** What threads of a search run; started by head-lanes.ts, from a module of its own in dist/node. */
import { toErrorShape } from '../../contract/errors.ts';
import type { ErrorShape } from '../../contract/errors.ts';
import type { ThreadSide } from '../../engine/threads/thread.ts';
import { startTf } from '../train/start-tf.ts';
import { doHeadJob } from './head-job.ts';
import type { HeadJob, HeadScore } from './head-job.ts';

/** A head to train, or the number of one that is to be ended. */
export type HeadRequest = { readonly number: number; readonly job: HeadJob } | { readonly stop: number };

/** Errors keep their code. */
export type HeadAnswer = { readonly score: HeadScore } | { readonly error: ErrorShape };

/** Makes this thread ready to train heads. */
export async function open(): Promise<ThreadSide<HeadRequest, HeadAnswer | null>> {
  const running = new Map<number, AbortController>();
  return {
    ready: await startTf(),
    async answer(request) {
      if ('stop' in request) {
        running.get(request.stop)?.abort();
        return { value: null };
      }
      const control = new AbortController();
      running.set(request.number, control);
      try {
        return { value: { score: await doHeadJob(request.job, control.signal) } };
      } catch (error) {
        return { value: { error: toErrorShape(error) } };
      } finally {
        running.delete(request.number);
      }
    },
  };
}
