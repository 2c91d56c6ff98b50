/** What TensorFlow.js' own backends need for the same: a single small batch, perhaps of small photos, told for one image. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { startTf, tf } from '../../../src/engine/train/tf.ts';
import type { Cost } from '../measure.ts';
import { runOwn, type Script } from './own-process.ts';
import type { Part } from './part.ts';
import { createInference, createStep, type Runner } from './training.ts';

interface Task {
  readonly title: string;
  readonly backend: 'wasm' | 'cpu';
  readonly batch: number;
  /** The photos' side in pixels. Time goes with the pixels, which is how it is told for a photo of {@link fullSide}. */
  readonly side: number;
  /** Runs once before it is measured. */
  readonly isWarmed: boolean;
  readonly make: (graph: ModelGraph, batch: number) => Runner<unknown>;
}

const fullSide = 224;

const fullStep = (graph: ModelGraph, batch: number): Runner<unknown> =>
  createStep(graph, { batch, trainFrom: 0 });

const tasks: readonly Task[] = [
  { title: 'inference', backend: 'wasm', batch: 4, side: 224, isWarmed: true, make: createInference },
  { title: 'full step', backend: 'wasm', batch: 1, side: 224, isWarmed: false, make: fullStep },
  { title: 'inference', backend: 'cpu', batch: 1, side: 224, isWarmed: false, make: createInference },
  // A quarter of an hour for a whole photo and ResNet-50.
  { title: 'full step', backend: 'cpu', batch: 1, side: 64, isWarmed: true, make: fullStep },
];

/** What a process of its own tells of a task: milliseconds an image, or why there are none. */
type Told = { readonly wall: number; readonly cpu: number } | { readonly reason: string };

/** Does one task in this process. @param makeGraph a network for photos of a side @param index of the task */
export async function runTask(makeGraph: (side: number) => ModelGraph, index: number): Promise<Told> {
  const task = tasks[index];
  if (task === undefined) throw new Error(`There is no task ${index}.`);
  const { backend, batch, side, isWarmed, make } = task;
  if (backend === 'wasm') {
    const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;
    if ((await startTf(folder)) !== 'wasm') return { reason: 'it does not start here' };
  } else {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
  }
  try {
    const runner = make(makeGraph(side), batch);
    if (isWarmed) runner.run();
    const before = process.cpuUsage();
    const started = performance.now();
    runner.run();
    const wall = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    const images = batch * (side / fullSide) ** 2;
    return { wall: wall / images, cpu: (user + system) / 1000 / images };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { reason: line };
  }
}

/** @param own names the network for a process of its own */
export function otherParts(name: string, own: string, script: Script): Part[] {
  return tasks.map(({ title, backend, batch, side }, index): Part => {
    const what = `${name}: ${title}, tfjs-backend-${backend}`;
    const run = `one batch of ${batch}${side === fullSide ? '' : ` at ${side} pixels, times ${((fullSide / side) ** 2).toFixed(2)}`}`;
    return {
      name: what,
      async run(watch) {
        const stdout = await runOwn(script, `${own}/${index}`, watch);
        if (stdout === undefined) {
          const seconds = (watch.limitMs / 1000).toFixed(0);
          const reason = `${run} takes more than ${seconds} s; --limit allows more`;
          return { cannot: [{ name: what, reason }] };
        }
        const told = JSON.parse(stdout) as Told;
        if ('reason' in told) return { cannot: [{ name: what, reason: told.reason }] };
        const { wall, cpu } = told;
        const cost: Cost = {
          name: `${what} (${run})`,
          wall,
          bestWall: wall,
          cpu,
          rounds: [wall],
        };
        return { costs: [cost] };
      },
    };
  });
}
