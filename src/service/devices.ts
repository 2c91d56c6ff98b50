import { createHash } from 'node:crypto';
import { deviceChoices, deviceListSchema } from '../contract/devices.ts';
import type { DeviceChoice, DeviceId, DeviceInfo, DeviceList } from '../contract/devices.ts';
import { HolotypeError } from '../contract/errors.ts';
import { chooseDevice as choose, forgetDevice as forget, remember } from '../engine/devices/choose-device.ts';
import { fastest, listDevices as list, type ProbeRunner } from '../engine/devices/list-devices.ts';
import { deviceMemory } from '../store/device-memory.ts';
import { driverFacts } from '../store/driver-facts.ts';
import { probeRunner } from './probe-process.ts';

export interface DeviceOptions {
  readonly signal?: AbortSignal;
  /** Stands in for child processes in tests. */
  readonly run?: ProbeRunner;
}

export interface ListDevicesOptions extends DeviceOptions {
  /** Time a real step on each, too. */
  readonly bench?: boolean;
  /** Told of each device as soon as it has been looked at. */
  readonly onDevice?: (info: DeviceInfo) => void;
}

/**
 * Looks at every device afresh: there or not and why, its self-test, and its speed when asked. What is found is what
 * `chooseDevice` goes by from then on.
 *
 * @throws HolotypeError('cancelled')
 */
export async function listDevices(options: ListDevicesOptions = {}): Promise<DeviceList> {
  const { run = probeRunner(), bench = false, signal, onDevice } = options;
  const devices = await list({
    run,
    bench,
    ...(signal === undefined ? {} : { signal }),
    ...(onDevice === undefined ? {} : { onDevice }),
  });
  const known = { devices, complete: true, timed: bench };
  await remember(known, { memory: deviceMemory, fingerprint: await fingerprint() });
  const auto = fastest(devices);
  return deviceListSchema.parse({ devices, ...(auto === undefined ? {} : { auto }) });
}

export interface ChooseDeviceOptions extends DeviceOptions {
  /** Told before devices are looked for, which takes seconds, once. */
  readonly onLooking?: (message: string) => void;
}

/**
 * The device to train on.
 *
 * @param choice what `--device` was given
 * @throws HolotypeError 'bad-usage' when there is no such choice, 'not-supported' with reason and remedy when the
 *   device that was named can't be used, 'cancelled'
 */
export async function chooseDevice(choice: string, options: ChooseDeviceOptions = {}): Promise<DeviceId> {
  if (!isChoice(choice))
    throw new HolotypeError('bad-usage', `There is no device "${choice}".`, {
      remedy: `Use one of: ${deviceChoices.join(', ')}.`,
    });
  if (choice === 'cpu') return choice;
  const { run = probeRunner(), signal, onLooking } = options;
  try {
    return await choose(choice, {
      run,
      memory: deviceMemory,
      fingerprint: await fingerprint(),
      ...(signal === undefined ? {} : { signal }),
      ...(onLooking === undefined ? {} : { onLooking }),
    });
  } catch (error) {
    // Who leaves the choice open must not fail for want of a choice.
    if (choice === 'auto' && signal?.aborted !== true) return 'cpu';
    throw error;
  }
}

/** A device that failed in use has to pass its self-test again before it is chosen. */
export async function forgetDevice(id: DeviceId): Promise<void> {
  await forget(id, { memory: deviceMemory, fingerprint: await fingerprint() });
}

const isChoice = (choice: string): choice is DeviceChoice => deviceChoices.some((known) => known === choice);

async function fingerprint(): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await driverFacts()))
    .digest('hex');
}
