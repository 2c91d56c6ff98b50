import { z } from 'zod';
import { errorCodes } from './errors.ts';
import type { ErrorShape } from './errors.ts';

export const errorCodeSchema = z.enum(errorCodes);

/** See {@link ErrorShape}. */
export const errorSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  remedy: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
}) satisfies z.ZodType<ErrorShape>;
