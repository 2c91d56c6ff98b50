import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { fromErrorShape, HolotypeError } from '../../contract/errors.ts';
import { Thread } from '../../engine/threads/thread.ts';
import { builtScript } from '../built-script.ts';
import { bytesOf, doHeadJob } from './head-job.ts';
import type { HeadJob, HeadScore } from './head-job.ts';
import type { HeadAnswer, HeadRequest } from './head-thread.ts';

/** What a thread takes besides the features: TensorFlow.js, its WebAssembly and a head of 512 units came to 110 to 130 MB. */
const bytesOfThread = 160 * 1024 ** 2;

export interface Machine {
  readonly cores: number;
  /** Free when the search began. */
  readonly bytes: number;
}

/**
 * How many heads may be trained at once: one a core, as long as half of the free memory holds what all of them need,
 * which is a copy of the features and a thread each. Never fewer than one.
 *
 * @param features bytes of the features that one of them copies
 */
export function mostAtOnce(features: number, { cores, bytes }: Machine): number {
  return Math.max(1, Math.min(cores, Math.floor(bytes / 2 / (features + bytesOfThread))));
}

export interface LaneOptions {
  /** No more than so many; default: {@link mostAtOnce}. One is trained in this thread. */
  readonly atOnce?: number | undefined;
  /** Path of what threads run; default: search-thread.mjs of this build. */
  readonly module?: string;
}

interface Waiting {
  readonly job: HeadJob;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (score: HeadScore) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Trains heads, several at once in threads of this process, in the order they come in. What comes of each is the same
 * bits however many run at once. Where no thread can be started they are trained here, one at a time.
 */
export class HeadLanes {
  readonly #machine: Machine = { cores: availableParallelism(), bytes: process.availableMemory() };
  readonly #queue: Waiting[] = [];
  readonly #running = new Set<Waiting>();
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  readonly #module: string | undefined;
  #most: number;
  #number = 0;
  #closed = false;

  constructor({ atOnce = Infinity, module }: LaneOptions = {}) {
    this.#most = atOnce;
    this.#module = module;
  }

  /** How many heads are trained at once. @param features bytes that one of them copies */
  atOnce(features: number): number {
    // Memory is a reason for fewer than one asks for, too; cores are not, if somebody asks for more.
    const { cores, bytes } = this.#machine;
    return mostAtOnce(features, {
      cores: Number.isFinite(this.#most) ? this.#most : cores,
      bytes,
    });
  }

  /** Whether another head would be begun at once, were it like those that run. */
  get hasRoom(): boolean {
    return this.#queue.length === 0 && this.#running.size < this.#room();
  }

  /**
   * Trains a head and judges it, as soon as it is its turn.
   *
   * @throws as {@link doHeadJob}; HolotypeError('device-lost') when the thread ended twice in the middle of it
   */
  run(job: HeadJob, signal?: AbortSignal): Promise<HeadScore> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const waiting: Waiting = { job, signal, resolve, reject };
      const abort = (): void => {
        const at = this.#queue.indexOf(waiting);
        if (at < 0) return; // it runs, and hears of it itself
        this.#queue.splice(at, 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#queue.push(waiting);
      this.#goOn();
    });
  }

  /** Ends all threads, whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  #room(next?: Waiting): number {
    const all = next === undefined ? [...this.#running] : [...this.#running, next];
    return this.atOnce(Math.max(0, ...all.map(({ job }) => bytesOf(job))));
  }

  #goOn(): void {
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined || this.#running.size >= this.#room(next)) return;
      this.#queue.shift();
      this.#running.add(next);
      void this.#do(next).finally(() => {
        this.#running.delete(next);
        this.#goOn();
      });
    }
  }

  async #do(waiting: Waiting): Promise<void> {
    const { job, signal, resolve, reject } = waiting;
    try {
      for (let tries = 1; ; tries += 1) {
        const thread = this.#room(waiting) > 1 ? await this.#thread() : undefined;
        signal?.throwIfAborted();
        if (thread === undefined) return resolve(await doHeadJob(job, signal));
        const answer = await this.#ask(thread, job, signal).catch((cause: unknown) => {
          // A thread answers with what went wrong in a training; it does not answer when it has ended.
          this.#threads.delete(thread);
          if (this.#closed) throw new HolotypeError('cancelled', 'The search was ended.');
          if (tries < 2) return undefined;
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new HolotypeError('device-lost', `What trained a trial gave up twice: ${why}.`, {
            remedy:
              'Close other programs and search again: it goes on where it was. On the command line --at-once 1 takes the least memory.',
            cause,
          });
        });
        if (answer === undefined) continue;
        this.#idle.push(thread);
        signal?.throwIfAborted();
        if ('error' in answer) throw fromErrorShape(answer.error);
        return resolve(answer.score);
      }
    } catch (error) {
      reject(error);
    }
  }

  async #ask(thread: Thread, job: HeadJob, signal: AbortSignal | undefined): Promise<HeadAnswer> {
    const number = this.#number++;
    const stop = (): void => void thread.ask({ stop: number } satisfies HeadRequest).catch(() => undefined);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const answer = await thread.ask({ number, job } satisfies HeadRequest);
      return answer as HeadAnswer; // as head-thread.ts says
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** One that has nothing to do; undefined where none can be started. */
  async #thread(): Promise<Thread | undefined> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    try {
      const path = this.#module ?? (await builtScript('search-thread.mjs'));
      if (path === undefined) throw new Error('this build lacks search-thread.mjs');
      const program = 'async ({ module }) => (await import(module)).open()';
      const { thread } = await Thread.start(program, { module: pathToFileURL(path).href });
      this.#threads.add(thread);
      if (this.#closed) await thread.stop();
      return thread;
    } catch {
      // Works without threads, one at a time, or says what is wrong.
      if (this.#threads.size === 0) this.#most = 1;
      return undefined;
    }
  }
}
