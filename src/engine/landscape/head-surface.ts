import type { FeatureMatrix } from '../train/feature-matrix.ts';
import type { HeadWeights } from '../train/head-model.ts';
import type { Objective } from '../train/losses.ts';
import { BlockOnSlice, type Block, type HeadTask, type Share } from './head-block.ts';
import { headLayout, headVector } from './head-layout.ts';
import { Lanes, type LaneProgram } from './head-lanes.ts';
import { Turns, type Figures, type Place, type Surface } from './surface.ts';

/** A head and the photos it is judged on: their features, standardized as the head takes them. */
export interface HeadOnPhotos {
  readonly head: HeadWeights;
  readonly train: FeatureMatrix;
  readonly val: FeatureMatrix | undefined;
  readonly objective: Objective;
  /** What threads run, where they can be had. */
  readonly threads?: LaneProgram | undefined;
}

/** A head's surface; its threads have to be let go of. */
export interface HeadSurface extends Surface {
  dispose(): Promise<void>;
}

/**
 * Photos of a block, about. Large enough that operations outweigh their calls, small enough that threads share the work
 * evenly and what a layer makes of a block stays in a core's cache.
 */
const blockRows = 256;

/**
 * The loss of a head on cached features, as a function of all its weights. It is measured block by block of photos: on
 * several threads where that is worth their start, else here. Blocks are the same either way and added up in their
 * order, so the figures are the same bits however many threads there are.
 *
 * Memory that it takes beside the features, in numbers of 4 bytes, each thread for itself: a block times the first
 * layer's width for the solution and each direction, the weights after the first layer for each of them, and a few
 * times what a layer makes of a block. Threads share one copy of the features and the directions. TensorFlow.js has to
 * be started.
 */
export function headSurface(on: HeadOnPhotos): HeadSurface {
  const { head, train, val, objective, threads } = on;
  const { layers, filters } = headLayout(head);
  const weights = headVector(head);
  const sets = [train, ...(val === undefined ? [] : [val])];
  const task: HeadTask = { layers, activation: head.activation ?? 'relu', objective, sets };
  const blocks = sets.flatMap(({ rows }, set) => blocksOf(set, rows));
  const lanes = new Lanes(task, threads);
  return {
    weights,
    filters,
    async *places(directions, steps, signal) {
      /** By place, then by block. */
      const shares = steps.map(() => blocks.map((): Share => ({ loss: Number.NaN, right: Number.NaN })));
      const record = (block: number, first: number, found: readonly Share[]): void =>
        found.forEach((share, at) => shares[first + at]?.splice(block, 1, share));
      const vectors = [weights, ...directions];
      const shared = await lanes.open(blocks, vectors.length, steps.length, signal);
      const work = shared
        ? lanes.measure(blocks, vectors, steps, record, signal)
        : measureHere(task, blocks, vectors, steps, record, signal);
      let told = 0;
      for await (const done of work) {
        const whole = Math.floor(done / blocks.length);
        if (whole > told) yield (told = whole);
      }
      return shares.map((each) => placeOf(each, blocks, sets));
    },
    dispose: () => lanes.close(),
  };
}

/** Parts of a set, of about the same size: a small last one would keep all but one thread waiting. */
function blocksOf(set: number, rows: number): Block[] {
  const count = Math.ceil(rows / blockRows);
  return Array.from({ length: count }, (_, at) => ({
    set,
    from: Math.floor((at * rows) / count),
    to: Math.floor(((at + 1) * rows) / count),
  }));
}

/** Yields how many places of blocks are done. */
async function* measureHere(
  task: HeadTask,
  blocks: readonly Block[],
  vectors: readonly Float32Array[],
  steps: readonly (readonly number[])[],
  record: (block: number, first: number, shares: readonly Share[]) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<number, void> {
  const turns = new Turns(signal);
  let done = 0;
  for (const [at, block] of blocks.entries()) {
    const slice = new BlockOnSlice(task, block, vectors);
    try {
      for (const [place, step] of steps.entries()) {
        await turns.give();
        record(at, place, [slice.at(step)]);
        yield ++done;
      }
    } finally {
      slice.dispose();
    }
  }
}

function placeOf(shares: readonly Share[], blocks: readonly Block[], sets: readonly FeatureMatrix[]): Place {
  const [onTrain, onVal] = sets.map(({ rows }, set): Figures => {
    const own = shares.filter((_, at) => blocks[at]?.set === set);
    return {
      loss: own.reduce((total, { loss }) => total + loss, 0) / rows,
      accuracy: own.reduce((total, { right }) => total + right, 0) / rows,
    };
  });
  if (onTrain === undefined) throw new Error('A head has training photos.');
  return { train: onTrain, val: onVal ?? null };
}
