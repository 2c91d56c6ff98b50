/** What TensorFlow.js' own backends need for the same: a single small batch, told for one image. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { startTf, tf } from '../../../src/engine/train/tf.ts';
import type { Cost } from '../measure.ts';
import { createInference, createStep, type Runner } from './training.ts';

/** Milliseconds an image of a single run, as a cost. */
function once(name: string, batch: number, run: () => unknown): Cost {
  const before = process.cpuUsage();
  const started = performance.now();
  run();
  const wall = (performance.now() - started) / batch;
  const { user, system } = process.cpuUsage(before);
  return { name, wall, bestWall: wall, cpu: (user + system) / 1000 / batch, rounds: [wall] };
}

/** @returns costs an image, and what could not be measured and why */
export async function othersOn(
  name: string,
  graph: ModelGraph,
): Promise<{ costs: Cost[]; skipped: string[] }> {
  const costs: Cost[] = [];
  const skipped: string[] = [];
  const attempt = (title: string, batch: number, warm: boolean, make: () => Runner<unknown>): void => {
    let runner: Runner<unknown> | undefined;
    try {
      runner = make();
      if (warm) runner.run();
      const running = runner;
      costs.push(once(`${name}: ${title} (one batch of ${batch}, extrapolated)`, batch, () => running.run()));
    } catch (error) {
      const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
      skipped.push(`${name}: ${title}: ${line}`);
    } finally {
      runner?.dispose();
    }
  };
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;
  if ((await startTf(folder)) === 'wasm') {
    await tf.setBackend('wasm');
    attempt('inference, tfjs-backend-wasm', 4, true, () => createInference(graph, 4));
    attempt('full step, tfjs-backend-wasm', 1, false, () => createStep(graph, { batch: 1, trainFrom: 0 }));
  } else skipped.push(`${name}: tfjs-backend-wasm does not start here`);
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  attempt('inference, tfjs-backend-cpu', 1, false, () => createInference(graph, 1));
  attempt('full step, tfjs-backend-cpu', 1, false, () => createStep(graph, { batch: 1, trainFrom: 0 }));
  return { costs, skipped };
}
