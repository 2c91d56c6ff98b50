/** What the process that looks for devices and the one that tries a device say to each other. */
import { z } from 'zod';
import { deviceIdSchema, deviceSpeedSchema, selfTestSchema } from '../../contract/devices.ts';

export const probeRequestSchema = z.object({ device: deviceIdSchema, bench: z.boolean() });
export type ProbeRequest = z.infer<typeof probeRequestSchema>;

const failure = { message: z.string(), remedy: z.string().optional() };

/** One message of the child; it ends after `done`, `unavailable` or `failed`. */
export const probeMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('self-test'), test: selfTestSchema }),
  z.object({ type: z.literal('speed'), speed: deviceSpeedSchema }),
  /** It isn't there, in the words of whoever refused; `remedy` only where it is known. */
  z.object({ type: z.literal('unavailable'), ...failure }),
  /** It is there, but not up to what was asked of it. */
  z.object({ type: z.literal('failed'), ...failure }),
  z.object({ type: z.literal('done') }),
]);
export type ProbeMessage = z.infer<typeof probeMessageSchema>;
