import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { trainResultSchema } from '../../src/contract/train.ts';
import type { TrainResult } from '../../src/contract/train.ts';
import { backboneId } from './material.ts';
import { figure, median } from './measure.ts';
import type { Figure } from './measure.ts';

const run = promisify(execFile);

/** Milliseconds from starting a process to its end. */
async function timed(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ wall: number; stdout: string; stderr: string }> {
  const started = performance.now();
  const { stdout, stderr } = await run(process.execPath, [...args], { env, maxBuffer: 2 ** 28 });
  return { wall: performance.now() - started, stdout, stderr };
}

/** Has a process say on stderr how much processor time it used: what other programs disturb least. */
const tell =
  'data:text/javascript,process.on("exit",()=>{const{user,system}=process.cpuUsage();process.stderr.write(`\\nprocessor ${(user+system)/1e6} s\\n`)})';

/** What a person waits for `holotype --help`, beside Node itself. */
export async function benchStartUp(root: string): Promise<Figure[]> {
  const bin = join(root, 'bin/holotype.mjs');
  await timed([bin, '--help']); // builds, when something changed
  const help: number[] = [];
  const node: number[] = [];
  for (let round = 0; round < 10; round++) {
    node.push((await timed(['-e', '0'])).wall);
    help.push((await timed([bin, '--help'])).wall);
  }
  return [
    figure('holotype --help, median of 10', median(help), 'ms', { atMost: 300 }),
    figure('node -e 0, median of 10', median(node), 'ms'),
  ];
}

export interface Training {
  /** Seconds the whole process took. */
  readonly wall: number;
  /** Seconds of processor time, over all cores. */
  readonly cpu: number;
  readonly result: TrainResult;
}

/**
 * Trains by the command line.
 *
 * @param cache folder of the features, and of the model
 * @param recipe and whatever else; default: a head
 */
export async function train(
  root: string,
  shared: string,
  dataset: string,
  cache: string,
  recipe: readonly string[] = ['head'],
): Promise<Training> {
  const args = [
    '--import',
    tell,
    join(root, 'bin/holotype.mjs'),
    'train',
    join(shared, 'datasets', dataset),
    '--backbone',
    backboneId,
    '--recipe',
    ...recipe,
    '--out',
    join(cache, `${dataset}-model`),
    '--json',
  ];
  const env = { ...process.env, HOLOTYPE_MODELS: join(shared, 'weights'), HOLOTYPE_CACHE: cache };
  const { wall, stdout, stderr } = await timed(args, env);
  const cpu = Number(/^processor ([\d.]+) s$/m.exec(stderr)?.[1]);
  return { wall: wall / 1000, cpu, result: trainResultSchema.parse(JSON.parse(stdout)) };
}

/** Whole trainings: cold with an empty cache, warm with the features there. */
export async function benchTraining(
  root: string,
  shared: string,
): Promise<{ figures: Figure[]; skipped: string[] }> {
  const figures: Figure[] = [];
  const skipped: string[] = [];
  if (!existsSync(join(shared, 'weights', `${backboneId}.onnx`)))
    return { figures, skipped: [`train: there is no ${backboneId}.onnx in ../shared/weights`] };
  await timed([join(root, 'bin/holotype.mjs'), '--help']);
  const goals = {
    hymenoptera: { accuracy: 96.5, cold: { atMost: 20 }, warm: { atMost: 3 }, memory: undefined },
    flowers: { accuracy: 90, cold: undefined, warm: undefined, memory: { atMost: 1.2 } },
  };
  for (const [dataset, goal] of Object.entries(goals)) {
    if (!existsSync(join(shared, 'datasets', dataset))) {
      skipped.push(`train: there is no ../shared/datasets/${dataset}`);
      continue;
    }
    const cache = await mkdtemp(join(tmpdir(), 'holotype-bench-'));
    try {
      const cold = await train(root, shared, dataset, cache);
      const { accuracy, count } = cold.result.metrics.val;
      const parts = ({ cpu, result }: Training): string =>
        `processor ${cpu.toFixed(1)} s; ${Object.entries(result.seconds)
          .filter(([, seconds]) => seconds > 0)
          .map(([part, seconds]) => `${part} ${seconds.toFixed(1)}`)
          .join(', ')}`;
      figures.push(
        figure(
          `${dataset}: validation accuracy`,
          (accuracy ?? 0) * 100,
          '%',
          { atLeast: goal.accuracy },
          `${count} photos`,
        ),
        figure(`${dataset}: train, cold`, cold.wall, 's', goal.cold, parts(cold)),
        figure(`${dataset}: peak memory, cold`, cold.result.peakRssBytes / 2 ** 30, 'GiB', goal.memory),
      );
      const warm: Training[] = [];
      for (let round = 0; round < 3; round++) warm.push(await train(root, shared, dataset, cache));
      const wall = median(warm.map((one) => one.wall));
      const typical = warm.find((one) => one.wall === wall) ?? cold;
      figures.push(
        figure(`${dataset}: train, features cached, median of 3`, wall, 's', goal.warm, parts(typical)),
      );
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  }
  return { figures, skipped };
}
