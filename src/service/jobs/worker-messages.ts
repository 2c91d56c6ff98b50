/** What the engine and its worker processes say to each other: plain data, checked on both sides. */
import { z } from 'zod';
import { errorSchema } from '../../contract/error-schema.ts';
import { jobEventBodySchema } from '../../contract/job-events.ts';
import { jobProgressSchema } from '../../contract/jobs.ts';

const job = z.string().min(1);

export const toWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job, task: z.string(), request: z.unknown() }),
  /** Between two pieces of work: 'paused' and 'continued' answer. */
  z.object({ type: z.literal('pause'), job }),
  z.object({ type: z.literal('continue'), job }),
  /** End early and keep what was done. */
  z.object({ type: z.literal('stop'), job }),
  z.object({ type: z.literal('cancel'), job }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const toldProgressSchema = jobProgressSchema
  .partial()
  .required({ message: true, done: true, unit: true });

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), job, event: jobEventBodySchema }),
  z.object({ type: z.literal('progress'), job, progress: toldProgressSchema }),
  z.object({ type: z.literal('result'), job, data: z.unknown() }),
  z.object({ type: z.literal('paused'), job }),
  z.object({ type: z.literal('continued'), job }),
  z.object({ type: z.literal('done'), job, result: z.unknown() }),
  z.object({ type: z.literal('failed'), job, error: errorSchema }),
  z.object({ type: z.literal('cancelled'), job }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
