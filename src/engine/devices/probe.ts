/** What a child process finds out about one device. A driver may end the process, so nobody else should. */
import { z } from 'zod';
import { deviceIdSchema, deviceSpeedSchema, selfTestSchema } from '../../contract/devices.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { measure, usualWorkload, type Workload } from './measure.ts';
import { openDevice, type OpenDevice } from './open-device.ts';
import { testInference, testTraining } from './self-test.ts';

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

/**
 * Opens a device, tests it and, when asked and the tests passed, times it. Whatever fails becomes the last message.
 *
 * @param open stands in for the real thing in tests
 */
export async function* probe(
  { device, bench }: ProbeRequest,
  open: (device: DeviceId) => Promise<OpenDevice> = openDevice,
  workload: () => Workload = usualWorkload,
): AsyncGenerator<ProbeMessage> {
  try {
    const opened = await open(device);
    let passed = true;
    if (opened.compile !== undefined) {
      const test = await testInference(opened.compile);
      passed &&= test.passed;
      yield { type: 'self-test', test };
    }
    const test = await testTraining(opened.backend);
    passed &&= test.passed;
    yield { type: 'self-test', test };
    if (bench && passed)
      for await (const speed of measure(opened, workload())) yield { type: 'speed', speed };
    yield { type: 'done' };
  } catch (error) {
    const remedy = error instanceof HolotypeError ? error.remedy : undefined;
    yield {
      type: 'unavailable',
      message: error instanceof Error ? error.message : String(error),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}
