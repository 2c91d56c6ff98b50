/** One network: TensorFlow.js on ONNX Runtime against a bare session, in turns. */
import { stats, type Stats } from '../../../src/backend/index.ts';
import { loadOnnxRuntime } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { startTfOnOnnxRuntime, tf } from '../../../src/engine/train/tf.ts';
import { cores, figure, measure, median, speed, type Arm, type Cost, type Figure } from '../measure.ts';
import { lastThird } from './networks.ts';
import { createInference, createStep, pixels, type Runner } from './training.ts';

const batch = 16;

/** Largest times of bare inference that a step may take. */
export interface Promises {
  readonly full: number;
  readonly tail?: number;
}

interface Tracked {
  readonly arm: Arm;
  readonly share: number[];
  readonly besides: number[];
  /** Graphs compiled by the second of two identical steps, and kernels of a step that had no ONNX form. */
  readonly compiledAgain: number;
  readonly fallbacks: number;
  dispose(): void;
}

/** Runs a step twice, then watches what it spends in JavaScript. */
function track(name: string, step: Runner<unknown>): Tracked {
  step.run();
  const before = stats();
  step.run();
  const after = stats();
  const share: number[] = [];
  const besides: number[] = [];
  const spent = (a: Stats, b: Stats, key: 'tracingMs' | 'hashingMs' | 'runMs'): number => b[key] - a[key];
  return {
    share,
    besides,
    compiledAgain: after.compiles - before.compiles,
    fallbacks: after.fallbacks - before.fallbacks,
    dispose: () => step.dispose(),
    arm: {
      name,
      work: () => {
        const at = stats();
        const started = performance.now();
        step.run();
        const wall = performance.now() - started;
        const now = stats();
        share.push((100 * (spent(at, now, 'tracingMs') + spent(at, now, 'hashingMs'))) / wall);
        besides.push((100 * (wall - spent(at, now, 'runMs'))) / wall);
        return Promise.resolve(batch);
      },
    },
  };
}

/** A session as anyone would make it. @param spinning whether its threads wait busily, as they do by default */
async function bareSession(
  onnx: Uint8Array,
  graph: ModelGraph,
  spinning: boolean,
): Promise<{ run(): Promise<Float32Array>; release(): Promise<void> }> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(onnx, {
    intraOpNumThreads: cores,
    ...(spinning ? {} : { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  });
  const shape = [batch, ...graph.input.shape];
  const tensor = new Tensor('float32', pixels(shape.reduce((a, b) => a * b, 1)), shape);
  const [output = ''] = graph.outputs;
  return {
    run: async () => (await session.run({ [graph.input.name]: tensor }))[output]?.data as Float32Array,
    release: () => session.release(),
  };
}

/** Largest difference, relative to the largest number. */
function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  let apart = 0;
  b.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    apart = Math.max(apart, Math.abs(value - (a[i] as number)));
  });
  return apart / largest;
}

const percent = (value: number): string => `${value.toFixed(1)}%`;

/** @returns costs an image and what follows from them */
export async function raceNetwork(
  name: string,
  graph: ModelGraph,
  promises: Promises,
  rounds: number,
): Promise<{ figures: Figure[]; costs: Cost[] }> {
  await startTfOnOnnxRuntime();
  await tf.setBackend('onnxruntime');
  const onnx = exportOnnx(graph);
  const bare = await bareSession(onnx, graph, true);
  const still = await bareSession(onnx, graph, false);
  const inference = createInference(graph, batch);
  const apart = difference(inference.run(), await bare.run());
  if (!(apart < 1e-3)) throw new Error(`${name}: backend and bare session differ by ${apart}.`);

  const cut = lastThird(graph);
  const shape = inferShapes(graph).get(cut.crossing) ?? [];
  const cached = { name: cut.crossing, shape };
  const tail = track(`${name}: step of the last third`, createStep(graph, { batch, trainFrom: cut.at }));
  const kept = track(
    `${name}: step of the last third on kept activations`,
    createStep(graph, { batch, trainFrom: cut.at, cached }),
  );
  const full = track(`${name}: full step`, createStep(graph, { batch, trainFrom: 0 }));
  const plain = (title: string, work: () => unknown): Arm => ({
    name: `${name}: ${title}`,
    work: async () => {
      await work();
      return batch;
    },
  });
  try {
    const costs = await measure(
      [
        plain('bare session', () => bare.run()),
        plain('bare session without spinning', () => still.run()),
        plain('inference through TensorFlow.js', () => inference.run()),
        tail.arm,
        kept.arm,
        full.arm,
      ],
      rounds,
    );
    const [spun, quiet, api, tailCost, keptCost, fullCost] = costs as [Cost, Cost, Cost, Cost, Cost, Cost];
    // The backend's own sessions spin too: against one of the same options, the layer above is what is compared.
    const against = (cost: Cost): string =>
      `minima ${(cost.bestWall / spun.bestWall).toFixed(2)}, processor ${(cost.cpu / spun.cpu).toFixed(2)}; by the session without spinning ${(1 / speed(cost, quiet)).toFixed(2)}`;
    const times = (title: string, cost: Cost, atMost: number | undefined, more = ''): Figure =>
      figure(
        `${name}: ${title} / bare inference`,
        1 / speed(cost, spun),
        'x',
        atMost === undefined ? undefined : { atMost },
        against(cost) + more,
      );
    const layers = `; ${cut.trained} of ${cut.all} convolutions`;
    const figures = [
      figure(
        `${name}: inference through TensorFlow.js / bare session, speed`,
        speed(api, spun),
        'x',
        { atLeast: 0.9 },
        `minima ${(spun.bestWall / api.bestWall).toFixed(2)}, processor ${(spun.cpu / api.cpu).toFixed(2)}; by the session without spinning ${speed(api, quiet).toFixed(2)}`,
      ),
      times('full training step', fullCost, promises.full),
      times('step of the last third', tailCost, promises.tail, layers),
      times('step of the last third on kept activations', keptCost, undefined, layers),
    ];
    for (const { arm, share, besides, compiledAgain, fallbacks } of [full, tail]) {
      figures.push(
        figure(
          `${arm.name}: JavaScript tracing and hashing`,
          median(share),
          '%',
          { atMost: 8 },
          `everything but ONNX Runtime's run ${percent(median(besides))}`,
        ),
        figure(
          `${arm.name}: compilations of the second step`,
          compiledAgain,
          '',
          { atMost: 0 },
          `${fallbacks} kernels on the CPU backend`,
        ),
      );
    }
    return { figures, costs };
  } finally {
    for (const one of [inference, tail, kept, full]) one.dispose();
    await bare.release();
    await still.release();
  }
}
