import { z } from 'zod';
import type { DeviceId, DeviceInfo, DeviceSpeed, SelfTest } from '../../contract/devices.ts';
import { candidateOf, candidates, type Candidate } from './candidates.ts';
import { explain } from './explain.ts';
import { probeMessageSchema, type ProbeRequest } from './probe-messages.ts';

/** How a child process that tried a device came to its end. */
export type ProbeEnd =
  | { readonly kind: 'answered' }
  /** `how`: "SIGSEGV", "exit code 3" */
  | { readonly kind: 'crashed'; readonly how: string }
  | { readonly kind: 'timed-out'; readonly seconds: number };

export interface ProbeOutcome {
  /** What it sent, in order and unchecked. */
  readonly messages: readonly unknown[];
  readonly end: ProbeEnd;
  /** The end of what it and the native libraries wrote to stderr. */
  readonly log: string;
}

/** Runs `probe` in a child process. @throws only when cancelled or when no process can be started */
export type ProbeRunner = (
  request: ProbeRequest,
  options: { seconds: number; signal?: AbortSignal },
) => Promise<ProbeOutcome>;

/**
 * Seconds a device may take to pass its self-test, and to be timed as well. A software Vulkan needs 10 on two idle
 * cores and 35 on busy ones.
 */
export const patience = { selfTest: 120, bench: 240 } as const;

export interface ListOptions {
  readonly run: ProbeRunner;
  /** Time the devices, too: one after the other, so that none disturbs another. */
  readonly bench?: boolean;
  /** Default: all candidates. */
  readonly only?: readonly DeviceId[];
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
  readonly signal?: AbortSignal;
  readonly onDevice?: (info: DeviceInfo) => void;
}

/**
 * Looks at every candidate: whether it is there, and whether it computes rightly. Never throws because of a device.
 *
 * @returns in the order of the candidates
 */
export async function listDevices(options: ListOptions): Promise<DeviceInfo[]> {
  const { run, bench = false, only, signal, onDevice } = options;
  const { platform = process.platform, arch = process.arch } = options;
  const look = async (candidate: Candidate): Promise<DeviceInfo> => {
    const info = candidate.runsOn(platform, arch)
      ? judge(
          candidate,
          await run(
            { device: candidate.id, bench },
            {
              seconds: bench ? patience.bench : patience.selfTest,
              ...(signal === undefined ? {} : { signal }),
            },
          ),
          platform,
        )
      : { ...absent(candidate), reason: candidate.elsewhere, remedy: candidate.instead };
    onDevice?.(info);
    return info;
  };
  const wanted = candidates.filter(({ id }) => only?.includes(id) ?? true);
  if (!bench) return Promise.all(wanted.map(look));
  const infos: DeviceInfo[] = [];
  for (const candidate of wanted) infos.push(await look(candidate));
  return infos;
}

const absent = ({ id, name, runtime }: Candidate): DeviceInfo => ({
  id,
  name,
  runtime,
  state: 'absent',
  selfTests: [],
  speeds: [],
});

/** What a probe's messages and its end say about the device. */
function judge(
  candidate: Candidate,
  { messages, end, log }: ProbeOutcome,
  platform: NodeJS.Platform,
): DeviceInfo {
  const parsed = z.array(probeMessageSchema).safeParse(messages);
  const said = parsed.success ? parsed.data : [];
  const selfTests = said.flatMap((message) => (message.type === 'self-test' ? [message.test] : []));
  const speeds = said.flatMap((message) => (message.type === 'speed' ? [message.speed] : []));
  const info = { ...absent(candidate), selfTests, speeds };
  const tested = selfTests.some(({ kind }) => kind === 'training-step');
  const wrong = selfTests.find(({ passed }) => !passed);
  if (wrong !== undefined)
    return { ...info, speeds: [], state: 'wrong', reason: wrongness(wrong), remedy: newDriver(candidate) };
  const refusal = said.find((message) => message.type === 'unavailable' || message.type === 'failed');
  if (refusal !== undefined) {
    const { type, message, remedy } = refusal;
    return {
      ...info,
      speeds: [],
      state: type === 'failed' ? 'failed' : 'absent',
      ...(remedy === undefined ? {} : { remedy }),
      ...explain(candidate.id, message, log, platform),
    };
  }
  if (end.kind === 'crashed')
    return {
      ...info,
      state: 'crashed',
      reason: `Its driver ended the process that tried it (${end.how}).`,
      remedy: newDriver(candidate),
    };
  if (end.kind === 'timed-out' && !tested)
    return {
      ...info,
      state: 'hung',
      reason: `It did not finish a small self-test within ${end.seconds} seconds.`,
      remedy: newDriver(candidate),
    };
  // A probe that doesn't say what it tested has tested nothing.
  if (!parsed.success || !tested)
    return {
      ...info,
      state: 'failed',
      reason: 'The process that tried it gave no answer that makes sense.',
    };
  return { ...info, state: 'ready' };
}

const newDriver = ({ id }: Candidate): string =>
  id === 'cpu'
    ? 'Reinstall Holotype with "npm ci".'
    : "Install the graphics card's current driver and run `holotype devices` again; until then Holotype does not use it.";

/** "The gradient of dense/kernel differs from the right answer by 12% (allowed: 0.2%), so nothing is trained on it." */
function wrongness({ kind, where, difference, tolerance }: SelfTest): string {
  const what = kind === 'inference' ? 'running a small network' : 'training a small network';
  const off =
    difference === null ? 'is not even a number' : `differs from the right answer by ${share(difference)}`;
  return `It computes wrongly: when ${what}, ${where} ${off} (allowed: ${share(tolerance)} of the largest number).`;
}

const share = (part: number): string => `${Number((part * 100).toPrecision(2))}%`;

/** The timed step that devices are compared by. */
const speedOf = (info: DeviceInfo, workload: DeviceSpeed['workload']): number =>
  info.speeds.find((speed) => speed.workload === workload)?.imagesPerSecond ?? 0;

/**
 * The ready device with the fastest training step; where none was timed training, the fastest in inference.
 *
 * @returns undefined where none is ready, or several are and none was timed
 */
export function fastest(infos: readonly DeviceInfo[]): DeviceId | undefined {
  const ready = infos.filter(({ state }) => state === 'ready');
  if (ready.length > 1 && ready.every(({ speeds }) => speeds.length === 0)) return undefined;
  return ready.sort(
    (a, b) =>
      speedOf(b, 'training-step') - speedOf(a, 'training-step') ||
      speedOf(b, 'inference') - speedOf(a, 'inference'),
  )[0]?.id;
}

/** The name a person knows a device by. */
export const deviceName = (id: DeviceId): string => candidateOf(id).name;
