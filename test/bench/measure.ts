/** Timing on a machine that others use too: what is compared takes turns, and turns are compared, not totals. */
import { availableParallelism, loadavg } from 'node:os';

/** One thing to measure. It does its work once and says how many items that was. */
export interface Arm {
  readonly name: string;
  work(): Promise<number>;
}

/** What an arm cost: medians over the rounds. */
export interface Cost {
  readonly name: string;
  /** Milliseconds an item. */
  readonly wall: number;
  /** The fastest round: nearest to a machine of one's own. */
  readonly bestWall: number;
  /** Milliseconds of processor time an item, over all cores. */
  readonly cpu: number;
  /** Wall milliseconds an item, round by round. */
  readonly rounds: readonly number[];
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/** How a long measurement is watched, stopped and kept short. */
export interface Watch {
  /** Asked before every turn. */
  readonly signal?: AbortSignal;
  /** No round but the first begins later than this after the start (ms). */
  readonly limitMs?: number;
  /** Hears what happens next. */
  readonly say?: (text: string) => void;
}

/**
 * Runs all arms once unmeasured, then `rounds` times in turns, the order rotating.
 *
 * @throws the signal's reason, within a turn of its abort
 */
export async function measure(arms: readonly Arm[], rounds: number, watch: Watch = {}): Promise<Cost[]> {
  const { signal, limitMs = Infinity, say } = watch;
  const walls = arms.map((): number[] => []);
  const cpus = arms.map((): number[] => []);
  const begun = performance.now();
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve)); // for the signal to be heard
    signal?.throwIfAborted();
  };
  for (const arm of arms) {
    await pause();
    say?.(`warming up: ${arm.name}`);
    await arm.work();
  }
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - begun > limitMs) break;
    say?.(`round ${round + 1} of ${rounds}`);
    for (let turn = 0; turn < arms.length; turn++) {
      await pause();
      const index = (turn + round) % arms.length;
      const before = process.cpuUsage();
      const started = performance.now();
      const items = (await arms[index]?.work()) ?? 1;
      const wall = performance.now() - started;
      const { user, system } = process.cpuUsage(before);
      walls[index]?.push(wall / items);
      cpus[index]?.push((user + system) / 1000 / items);
    }
  }
  return arms.map(({ name }, index) => {
    const own = walls[index] ?? [];
    return {
      name,
      wall: median(own),
      bestWall: Math.min(...own),
      cpu: median(cpus[index] ?? []),
      rounds: own,
    };
  });
}

/** How much faster `a` is than `b`: the median over rounds of b's time by a's. 1 is the same, 2 is twice as fast. */
export function speed(a: Cost, b: Cost): number {
  return median(a.rounds.map((wall, round) => (b.rounds[round] ?? Number.NaN) / wall));
}

/** A figure with what it should be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** As `>= 0.9`; absent where there is nothing promised. */
  readonly target?: string;
  readonly met?: boolean;
  /** Average length of the machine's queue in the last minute: above the number of cores, times are inflated. */
  readonly load: number;
  readonly note?: string;
}

export function figure(
  name: string,
  value: number,
  unit: string,
  target?: { atLeast: number } | { atMost: number },
  note?: string,
): Figure {
  const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  const promised =
    target === undefined
      ? {}
      : 'atLeast' in target
        ? { target: `>= ${target.atLeast}`, met: value >= target.atLeast }
        : { target: `<= ${target.atMost}`, met: value <= target.atMost };
  return { name, value, unit, ...promised, load, ...(note === undefined ? {} : { note }) };
}

export const cores = availableParallelism();
