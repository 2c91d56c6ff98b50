import { availableParallelism } from 'node:os';
import { HolotypeError } from '../../contract/errors.ts';
import { Thread, type ThreadSide } from '../threads/thread.ts';
import { tf } from '../train/tf.ts';
import { BlockOnSlice, type Block, type HeadTask, type Share } from './head-block.ts';

/** The program of a thread that measures blocks. */
export interface LaneProgram {
  /** URL of a module whose `open(task)` starts TensorFlow.js and gives {@link laneSide}. */
  readonly module: string;
  /** Default: as many as there are cores. */
  readonly count?: number;
  /** Work from which on it is worth while, in multiplications; default: about a second's of one core. */
  readonly leastWork?: number;
}

/** What a thread is asked: the figures of a block at some places. */
interface LaneRequest {
  /** Changes with the directions. */
  readonly slice: number;
  readonly vectors: readonly Float32Array[];
  readonly at: number;
  readonly block: Block;
  readonly steps: readonly (readonly number[])[];
}

/** A thread needs some tenths of a second and some ten megabytes to start. */
const usualLeastWork = 1e10;
/** Places that a thread measures between two answers: seldom enough to cost nothing, often enough to be stopped. */
const placesAtOnce = 25;

/** The thread's side; it keeps what it knows of the block that it measured last. */
export function laneSide(task: HeadTask): ThreadSide<LaneRequest, Share[]> {
  let open: { readonly key: string; readonly measured: BlockOnSlice } | undefined;
  return {
    ready: tf.getBackend(),
    answer: ({ slice, vectors, at, block, steps }) => {
      const key = `${slice} ${at}`;
      if (open?.key !== key) {
        open?.measured.dispose();
        open = { key, measured: new BlockOnSlice(task, block, vectors) };
      }
      const { measured } = open;
      return { value: steps.map((step) => measured.at(step)) };
    },
  };
}

/** Threads that measure blocks of photos, started when there is enough to do. */
export class Lanes {
  readonly #task: HeadTask;
  readonly #program: LaneProgram | undefined;
  #threads: Thread[] | undefined;
  #slices = 0;

  constructor(task: HeadTask, program: LaneProgram | undefined) {
    this.#task = task;
    this.#program = program;
  }

  /**
   * Starts the threads if they are worth while.
   *
   * @returns whether there are any; on none, nor where none can be started, the work is to be done here
   */
  async open(
    blocks: readonly Block[],
    vectors: number,
    places: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const program = this.#program;
    if (program === undefined) return false;
    if (workOf(this.#task, blocks, vectors, places) < (program.leastWork ?? usualLeastWork)) return false;
    if (this.#threads === undefined) {
      const count = Math.min(program.count ?? availableParallelism(), blocks.length);
      if (count < 2 && program.count === undefined) return false;
      const sets = this.#task.sets.map((set) => ({ ...set, data: sharedCopy(set.data) }));
      const data = { module: program.module, task: { ...this.#task, sets } };
      const starts = await Promise.allSettled(
        Array.from({ length: count }, () =>
          Thread.start('async ({ module, task }) => (await import(module)).open(task)', data),
        ),
      );
      const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
      // One that computes with something else would not give the same bits.
      const same = started.every(({ ready }) => ready === tf.getBackend());
      this.#threads = started.map(({ thread }) => thread);
      if (!same) await this.close();
    }
    signal?.throwIfAborted();
    return (this.#threads ?? []).length > 0;
  }

  /**
   * Measures all places of all blocks, as long as it is asked for more; yields how many are done.
   *
   * @param record hears the figures of a block from a place on
   */
  async *measure(
    blocks: readonly Block[],
    vectors: readonly Float32Array[],
    steps: readonly (readonly number[])[],
    record: (block: number, first: number, shares: readonly Share[]) => void,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<number, void> {
    const slice = this.#slices++;
    const shared = vectors.map(sharedCopy);
    const left = blocks.map((block, at) => ({ block, at, next: 0 }));
    type Work = (typeof left)[number];
    interface Answer {
      readonly thread: Thread;
      readonly work: Work;
      readonly measured: number;
    }
    const waiting = new Map<Thread, Promise<Answer>>();
    const give = (thread: Thread, own: Work | undefined): void => {
      const work = own !== undefined && own.next < steps.length ? own : left.shift();
      if (work === undefined) return;
      const { block, at, next } = work;
      const some = steps.slice(next, next + placesAtOnce);
      work.next += some.length;
      const request: LaneRequest = { slice, vectors: shared, at, block, steps: some };
      const answer = thread.ask(request).then(
        (shares): Answer => {
          record(at, next, shares as readonly Share[]); // as `laneSide` says
          return { thread, work, measured: some.length };
        },
        (cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new HolotypeError('failed', `The loss around the model could not be measured: ${why}.`, {
            cause,
          });
        },
      );
      waiting.set(thread, answer);
    };
    let done = 0;
    try {
      for (const thread of this.#threads ?? []) give(thread, undefined);
      while (waiting.size > 0) {
        const { thread, work, measured } = await Promise.race(waiting.values());
        signal?.throwIfAborted();
        waiting.delete(thread);
        done += measured;
        yield done;
        give(thread, work);
      }
    } finally {
      // What is under way when it ends early is of no use, and fails when the threads are ended.
      for (const answer of waiting.values()) answer.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const threads = this.#threads ?? [];
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.stop()));
  }
}

/** What there is to do, in multiplications of matrices; what else there is counts as many as take that long. */
function workOf({ layers }: HeadTask, blocks: readonly Block[], vectors: number, places: number): number {
  const rows = blocks.reduce((all, { from, to }) => all + to - from, 0);
  const [first = 0, ...later] = layers.map(({ kernel: { shape } }) => shape[0] * shape[1]);
  const matrices = later.reduce((all, each) => all + each, 0);
  const units = layers.reduce((all, { kernel: { shape } }) => all + shape[1], 0);
  const outputs = layers.at(-1)?.kernel.shape[1] ?? 0;
  return rows * (vectors * first + places * (matrices + 10 * units + 300 * outputs));
}

function sharedCopy(data: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
  copy.set(data);
  return copy;
}
