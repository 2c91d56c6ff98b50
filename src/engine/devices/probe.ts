/** What a child process finds out about one device. A driver may end the process, so nobody else should. */
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { measure, usualWorkload, type Workload } from './measure.ts';
import { openDevice, type OpenDevice } from './open-device.ts';
import type { ProbeMessage, ProbeRequest } from './probe-messages.ts';
import { testInference, testTraining } from './self-test.ts';

/**
 * Opens a device, tests it and, when asked and the tests passed, times it. Whatever fails becomes the last message:
 * `unavailable` where there is no such device, `failed` where there is one.
 *
 * @param open stands in for the real thing in tests
 */
export async function* probe(
  { device, bench }: ProbeRequest,
  open: (device: DeviceId) => Promise<OpenDevice> = openDevice,
  workload: () => Workload = usualWorkload,
): AsyncGenerator<ProbeMessage> {
  let there = false;
  try {
    const opened = await open(device);
    const { compile } = opened;
    let passed = true;
    if (compile !== undefined) {
      const test = await testInference(async (onnx) => {
        const session = await compile(onnx); // ONNX Runtime looks for a device when it compiles
        there = true;
        return session;
      });
      passed &&= test.passed;
      yield { type: 'self-test', test };
    }
    there = true;
    const test = await testTraining(opened.backend);
    passed &&= test.passed;
    yield { type: 'self-test', test };
    if (bench && passed)
      for await (const speed of measure(opened, workload())) yield { type: 'speed', speed };
    yield { type: 'done' };
  } catch (error) {
    if (process.env['HOLOTYPE_DEBUG'] !== undefined) console.error(error);
    const remedy = error instanceof HolotypeError ? error.remedy : undefined;
    yield {
      type: there ? 'failed' : 'unavailable',
      message: error instanceof Error ? error.message : String(error),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}
