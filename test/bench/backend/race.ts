/** One network: TensorFlow.js on ONNX Runtime against bare sessions, in turns. */
import { stats, type Stats } from '../../../src/backend/index.ts';
import { loadOnnxRuntime } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { startTfOnOnnxRuntime, tf } from '../../../src/engine/train/tf.ts';
import { cores, figure, measure, median, speed, type Arm, type Cost, type Figure } from '../measure.ts';
import { lastThird } from './networks.ts';
import type { Outcome, Part, PartWatch } from './part.ts';
import { createInference, createStep, pixels, type Runner } from './training.ts';

const batch = 16;

/** A network and the largest times of bare inference that its steps may take. */
export interface Racer {
  readonly name: string;
  readonly make: (side?: number) => ModelGraph;
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
function track(name: string, step: Runner<unknown>, { say }: PartWatch): Tracked {
  say('compiling');
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

interface Bare {
  run(): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A session as anyone would make it. @param spinning whether its threads wait busily, as they do by default */
async function bareSession(onnx: Uint8Array, graph: ModelGraph, spinning: boolean): Promise<Bare> {
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

interface Race {
  /** What is measured, and beside it the bare sessions. */
  readonly own: Cost;
  readonly spun: Cost;
  readonly quiet: Cost;
}

/** An arm against the two bare sessions, which are made for it alone: a large network's steps need the memory. */
async function against(
  { name }: Racer,
  graph: ModelGraph,
  rounds: number,
  watch: PartWatch,
  make: (bare: Bare) => Promise<{ arm: Arm; dispose(): void }>,
): Promise<Race> {
  await startTfOnOnnxRuntime();
  await tf.setBackend('onnxruntime');
  const onnx = exportOnnx(graph);
  const open: Bare[] = [];
  const plain = async (title: string, spinning: boolean): Promise<Arm> => {
    const session = await bareSession(onnx, graph, spinning);
    open.push(session);
    return {
      name: title,
      work: async () => {
        await session.run();
        return batch;
      },
    };
  };
  try {
    const arms = [await plain('bare session', true), await plain('bare session without spinning', false)];
    const own = await make(open[0] as Bare);
    try {
      const costs = await measure([...arms, own.arm], rounds, watch);
      const [spun, quiet, cost] = costs.map((one) => ({
        ...one,
        name: `${name}: ${one.name}${one.name === own.arm.name ? '' : `, beside ${own.arm.name}`}`,
      })) as [Cost, Cost, Cost];
      return { own: cost, spun, quiet };
    } finally {
      own.dispose();
    }
  } finally {
    for (const session of open) await session.release();
  }
}

async function raceInference(racer: Racer, rounds: number, watch: PartWatch): Promise<Outcome> {
  const { name } = racer;
  const graph = racer.make();
  const { own, spun, quiet } = await against(racer, graph, rounds, watch, async (bare) => {
    const inference = createInference(graph, batch);
    watch.say('compiling');
    const apart = difference(inference.run(), await bare.run());
    if (!(apart < 1e-3)) throw new Error(`${name}: backend and bare session differ by ${apart}.`);
    const work = (): Promise<number> => {
      inference.run();
      return Promise.resolve(batch);
    };
    return {
      arm: { name: 'inference through TensorFlow.js', work },
      dispose: () => inference.dispose(),
    };
  });
  const title = `${name}: inference through TensorFlow.js / bare session, speed`;
  const minima = (spun.bestWall / own.bestWall).toFixed(2);
  const processor = (spun.cpu / own.cpu).toFixed(2);
  const note = `minima ${minima}, processor ${processor}; by the session without spinning ${speed(own, quiet).toFixed(2)}`;
  return {
    costs: [spun, quiet, own],
    figures: [figure(title, speed(own, spun), 'x', { atLeast: 0.9 }, note)],
  };
}

/** How much of a network is trained, and what may be known of the rest beforehand. */
type Extent = 'full' | 'tail' | 'kept';

const titles: Readonly<Record<Extent, string>> = {
  full: 'full training step',
  tail: 'step of the last third',
  kept: 'step of the last third on kept activations',
};

async function raceStep(extent: Extent, racer: Racer, rounds: number, watch: PartWatch): Promise<Outcome> {
  const graph = racer.make();
  const cut = lastThird(graph);
  const shape = inferShapes(graph).get(cut.crossing) ?? [];
  const name = `${racer.name}: ${titles[extent]}`;
  let tracked: Tracked | undefined;
  const { own, spun, quiet } = await against(racer, graph, rounds, watch, () => {
    const step = createStep(graph, {
      batch,
      trainFrom: extent === 'full' ? 0 : cut.at,
      ...(extent === 'kept' ? { cached: { name: cut.crossing, shape } } : {}),
    });
    return Promise.resolve((tracked = track(titles[extent], step, watch)));
  });
  const atMost = extent === 'full' ? racer.full : extent === 'tail' ? racer.tail : undefined;
  // The backend's own sessions spin too: against one of the same options, the layer above is what is compared.
  const minima = (own.bestWall / spun.bestWall).toFixed(2);
  const processor = (own.cpu / spun.cpu).toFixed(2);
  const layers = extent === 'full' ? '' : `; ${cut.trained} of ${cut.all} convolutions`;
  const note = `minima ${minima}, processor ${processor}; by the session without spinning ${(1 / speed(own, quiet)).toFixed(2)}${layers}`;
  const promised = atMost === undefined ? undefined : { atMost };
  const figures: Figure[] = [figure(`${name} / bare inference`, 1 / speed(own, spun), 'x', promised, note)];
  if (tracked !== undefined) {
    const { share, besides, compiledAgain, fallbacks } = tracked;
    figures.push(
      figure(
        `${name}: JavaScript tracing and hashing`,
        median(share),
        '%',
        { atMost: 8 },
        `everything but ONNX Runtime's run ${percent(median(besides))}`,
      ),
      figure(
        `${name}: compilations of the second step`,
        compiledAgain,
        '',
        { atMost: 0 },
        `${fallbacks} kernels on the CPU backend`,
      ),
    );
  }
  return { costs: [spun, quiet, own], figures };
}

/** Inference and the three steps of a network, each a part with yardsticks of its own. */
export function raceParts(racer: Racer, rounds: number): Part[] {
  const extents: readonly Extent[] = ['full', 'tail', 'kept'];
  return [
    { name: `${racer.name}: inference`, run: (watch) => raceInference(racer, rounds, watch) },
    ...extents.map((extent): Part => ({
      name: `${racer.name}: ${titles[extent]}`,
      run: (watch) => raceStep(extent, racer, rounds, watch),
    })),
  ];
}
