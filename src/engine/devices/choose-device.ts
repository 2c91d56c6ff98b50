import { z } from 'zod';
import { deviceInfoSchema } from '../../contract/devices.ts';
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
  devices: z.array(deviceInfoSchema),
});

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
  const remembered = pick(known);
  if (remembered !== undefined) return remembered;
  // What was missing last time may have been installed since.
  options.onLooking?.(`Testing the device "${choice}"`);
  const found = await listDevices({ ...options, only: ids });
  await remember(merge(known, found), options);
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

async function chooseFastest(known: readonly DeviceInfo[], options: ChooseOptions): Promise<DeviceId> {
  const { onLooking } = options;
  const complete = known.length > 0 && listedAll(known);
  const remembered = complete ? fastest(known) : undefined;
  if (remembered !== undefined) return remembered;
  onLooking?.('Looking for devices to train on, once');
  let found = complete ? [...known] : await listDevices(options);
  const ready = found.filter(({ state }) => state === 'ready').map(({ id }) => id);
  if (ready.length > 1) {
    onLooking?.(`Timing ${ready.length} devices, once`);
    found = merge(found, await listDevices({ ...options, bench: true, only: ready }));
  }
  await remember(found, options);
  return fastest(found) ?? 'cpu';
}

/** Whether all candidates were looked at; a named device leaves the others out. */
const listedAll = (infos: readonly DeviceInfo[]): boolean => infos.some(({ id }) => id === 'cpu');

/** `fresh` in place of what is older, in the order of `old` and then of `fresh`. */
function merge(old: readonly DeviceInfo[], fresh: readonly DeviceInfo[]): DeviceInfo[] {
  const kept = old.map((info) => fresh.find(({ id }) => id === info.id) ?? info);
  return [...kept, ...fresh.filter(({ id }) => !old.some((info) => info.id === id))];
}

async function recall({ memory, fingerprint }: ChooseOptions): Promise<DeviceInfo[]> {
  const parsed = memorySchema.safeParse(await memory.read());
  return parsed.success && parsed.data.fingerprint === fingerprint ? parsed.data.devices : [];
}

/** Keeps what was found for the next time. */
export async function remember(
  devices: readonly DeviceInfo[],
  { memory, fingerprint }: Pick<ChooseOptions, 'memory' | 'fingerprint'>,
): Promise<void> {
  await memory.write({ version: 1, fingerprint, devices });
}
