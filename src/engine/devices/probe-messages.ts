/** What the process that looks for devices and the one that tries a device say to each other. */
import { z } from 'zod';
import { deviceIdSchema, deviceSpeedSchema, selfTestSchema } from '../../contract/devices.ts';

export const probeRequestSchema = z.object({ device: deviceIdSchema, bench: z.boolean() });
export type ProbeRequest = z.infer<typeof probeRequestSchema>;

/** One message of the child; it ends after `done` or `unavailable`. */
export const probeMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('self-test'), test: selfTestSchema }),
  z.object({ type: z.literal('speed'), speed: deviceSpeedSchema }),
  /** In the words of whoever refused; `remedy` only where it knows one. */
  z.object({ type: z.literal('unavailable'), message: z.string(), remedy: z.string().optional() }),
  z.object({ type: z.literal('done') }),
]);
export type ProbeMessage = z.infer<typeof probeMessageSchema>;
