import { z } from 'zod';
import { deviceIds, deviceInfoSchema } from '../../contract/devices.ts';
import type { DeviceChoice, DeviceId, DeviceInfo } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { fastest, listDevices, type ProbeRunner } from './list-devices.ts';

/** Where what was found is kept; losing it costs the time to look again. */
export interface DeviceMemory {
  /** @returns what was written last, unchecked; undefined where there is nothing */
  readonly read: () => Promise<unknown>;
  readonly write: (value: unknown) => Promise<void>;
}

export interface ChooseOptions {
  readonly run: ProbeRunner;
  readonly memory: DeviceMemory;
  /** Of machine, drivers and software: what was found holds as long as it stays the same. */
  readonly fingerprint: string;
  readonly signal?: AbortSignal;
  /** Called before devices are looked for: that takes seconds, once. */
  readonly onLooking?: (message: string) => void;
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
}

const memorySchema = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  /** Whether every device but the processor was looked at. */
  complete: z.boolean(),
  /** Whether all that are ready were timed, the processor too. */
  timed: z.boolean(),
  devices: z.array(deviceInfoSchema),
});

/** What is known of this machine's devices. */
export interface KnownDevices {
  readonly devices: readonly DeviceInfo[];
  readonly complete: boolean;
  readonly timed: boolean;
}

/** Devices that a choice stands for, the preferred one first. */
const meaning: Partial<Record<DeviceChoice, readonly DeviceId[]>> = { cuda: ['cuda', 'cuda-tfjs'] };

/**
 * The device to train on. Except for `cpu`, it has passed the self-test on this machine with these drivers and this
 * software: before now, or now.
 *
 * @param choice `auto` is the fastest that passed; it times them only where there is more than one
 * @throws HolotypeError('not-supported') with reason and remedy where a device that was named can't be used
 */
export async function chooseDevice(choice: DeviceChoice, options: ChooseOptions): Promise<DeviceId> {
  // No driver lies between Holotype and the processor.
  if (choice === 'cpu') return 'cpu';
  const known = await recall(options);
  if (choice === 'auto') return chooseFastest(known, options);

  const ids = meaning[choice] ?? [choice];
  const pick = (infos: readonly DeviceInfo[]): DeviceId | undefined => {
    const ready = infos.filter(({ id, state }) => ids.includes(id) && state === 'ready');
    return fastest(ready) ?? ids.find((id) => ready.some((info) => info.id === id));
  };
  const remembered = pick(known.devices);
  if (remembered !== undefined) return remembered;
  // What was missing last time may have been installed since.
  options.onLooking?.(`Testing the device "${choice}"`);
  const found = await listDevices({ ...options, only: ids });
  // A device that is new has not been compared with the others.
  await remember({ ...known, timed: false, devices: merge(known.devices, found) }, options);
  const chosen = pick(found);
  if (chosen !== undefined) return chosen;
  const said = ids.flatMap((id) => found.filter((info) => info.id === id));
  const first = said[0];
  throw new HolotypeError(
    'not-supported',
    `The device "${choice}" can't be used: ${said.map(({ reason = 'no reason is known' }) => reason).join(' And: ')}`,
    {
      remedy: `${first?.remedy ?? '`holotype devices` says what works here.'} Or use --device cpu.`,
      details: { devices: said.map(({ id, state, reason }) => ({ id, state, reason })) },
    },
  );
}

/** A device that failed in use has to pass its test again before it is chosen. */
export async function forgetDevice(
  id: DeviceId,
  options: Pick<ChooseOptions, 'memory' | 'fingerprint'>,
): Promise<void> {
  const { devices } = await recall(options);
  const others = devices.filter((info) => info.id !== id);
  await remember({ devices: others, complete: false, timed: false }, options);
}

/** The processor needs no look, only a comparison where there is something to compare it with. */
async function chooseFastest(known: KnownDevices, options: ChooseOptions): Promise<DeviceId> {
  const { onLooking } = options;
  let { devices } = known;
  if (!known.complete) {
    onLooking?.('Looking for devices to train on, once');
    const only = deviceIds.filter((id) => id !== 'cpu');
    devices = merge(devices, await listDevices({ ...options, only }));
  }
  const others = devices.filter(({ id, state }) => id !== 'cpu' && state === 'ready').map(({ id }) => id);
  let timed = known.timed && known.complete;
  if (others.length > 0 && !timed) {
    onLooking?.(`Comparing ${others.join(', ')} with the processor, once`);
    devices = merge(devices, await listDevices({ ...options, bench: true, only: ['cpu', ...others] }));
    timed = true;
  }
  await remember({ devices, complete: true, timed }, options);
  return others.length === 0 ? 'cpu' : (fastest(devices) ?? 'cpu');
}

/** `fresh` in place of what is older, in the order of `old` and then of `fresh`. */
function merge(old: readonly DeviceInfo[], fresh: readonly DeviceInfo[]): DeviceInfo[] {
  const kept = old.map((info) => fresh.find(({ id }) => id === info.id) ?? info);
  return [...kept, ...fresh.filter(({ id }) => !old.some((info) => info.id === id))];
}

async function recall({
  memory,
  fingerprint,
}: Pick<ChooseOptions, 'memory' | 'fingerprint'>): Promise<KnownDevices> {
  const parsed = memorySchema.safeParse(await memory.read());
  return parsed.success && parsed.data.fingerprint === fingerprint
    ? parsed.data
    : { devices: [], complete: false, timed: false };
}

/** Keeps what was found for the next time. */
export async function remember(
  { devices, complete, timed }: KnownDevices,
  { memory, fingerprint }: Pick<ChooseOptions, 'memory' | 'fingerprint'>,
): Promise<void> {
  await memory.write({ version: 1, fingerprint, complete, timed, devices });
}
