/** ONNX Runtime on every core: the same model several times, each copy in a thread of its own. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { HolotypeError } from '../../contract/errors.ts';
import { createSession, sessionOptions } from './onnx-session.ts';
import type { OnnxSession } from './onnx-session.ts';

/** Copies of a model's weights together take no more than this (bytes). */
const bytesOfCopies = 384 * 1024 ** 2;

/**
 * What a thread runs. It is a text because a thread starts from a file, and where that file would lie differs
 * between a checkout, the command line's bundle, the desktop app's and the tests.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { runtime, onnx, options } = workerData;
const say = (error) => (error instanceof Error ? error.message : String(error));
import(runtime)
  .then(async (module) => {
    const { InferenceSession, Tensor } = module.default ?? module;
    const session = await InferenceSession.create(Uint8Array.from(new Uint8Array(onnx)), options);
    const [inputName] = session.inputNames;
    parentPort.on('message', async ({ id, input, shape }) => {
      try {
        const type = input instanceof Uint8Array ? 'uint8' : 'float32';
        const results = await session.run({ [inputName]: new Tensor(type, input, shape) });
        const outputs = session.outputNames.map((name) => results[name].data.slice());
        parentPort.postMessage({ id, outputs }, outputs.map(({ buffer }) => buffer));
      } catch (error) {
        parentPort.postMessage({ id, error: say(error) });
      }
    });
    parentPort.postMessage({ outputNames: [...session.outputNames] });
  })
  .catch((error) => parentPort.postMessage({ error: say(error) }));
`;

interface Started {
  readonly outputNames?: readonly string[];
  readonly error?: string;
}

interface Answer {
  readonly id: number;
  readonly outputs?: unknown[];
  readonly error?: string;
}

interface Waiting {
  resolve(outputs: Float32Array[]): void;
  reject(error: Error): void;
}

/** One thread with its copy of the model. */
class Lane {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('its thread ended')));
  }

  /** @throws whatever kept the thread or the model from starting */
  static async start(workerData: object): Promise<{ lane: Lane; outputNames: readonly string[] }> {
    // Without the process's own flags: --input-type=module, for one, would make another language of the program.
    const worker = new Worker(program, { eval: true, workerData, execArgv: [] });
    try {
      const { outputNames, error } = await new Promise<Started>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
      });
      if (outputNames === undefined) throw new Error(error);
      return { lane: new Lane(worker), outputNames };
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  get load(): number {
    return this.#waiting.size;
  }

  run(input: Uint8Array | Float32Array, shape: readonly number[]): Promise<Float32Array[]> {
    const id = this.#next++;
    // Moved to the thread, not copied; a part of something larger can't be.
    const own = input.byteLength === input.buffer.byteLength ? input : input.slice();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, input: own, shape: [...shape] }, [own.buffer as ArrayBuffer]);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, outputs = [], error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined)
      waiting?.reject(new HolotypeError('failed', `The model could not be run: ${error}.`));
    else if (outputs.every((data) => data instanceof Float32Array)) waiting?.resolve(outputs);
    else
      waiting?.reject(
        new HolotypeError('not-supported', 'An output of the model is not float32.', {
          remedy: 'Export the model with float32 outputs.',
        }),
      );
  }

  #fail(cause: Error): void {
    const error = new HolotypeError('failed', `The model could not be run: ${cause.message}.`, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/**
 * Compiles a model once per core, each copy with a thread of its own: small batches stay in a core's cache, no core
 * waits for another after every operation, and the caller's thread is free. Answers are the same bits as one
 * session's. test/bench/README.md has the measurements. A model whose copies would take too much memory gets
 * fewer, which then use several threads each.
 *
 * @param options.lanes copies of the model; default: as many as there are cores, and memory allows
 * @throws as {@link createSession}
 */
export async function createPool(onnx: Uint8Array, options: { lanes?: number } = {}): Promise<OnnxSession> {
  const cores = availableParallelism();
  const affordable = Math.max(1, Math.floor(bytesOfCopies / onnx.length));
  const count = options.lanes ?? Math.min(cores, affordable);
  const shared = new SharedArrayBuffer(onnx.length);
  new Uint8Array(shared).set(onnx);
  const data = {
    runtime: import.meta.resolve('onnxruntime-node'),
    onnx: shared,
    options: sessionOptions(Math.max(1, Math.floor(cores / count))),
  };
  const starts = await Promise.allSettled(Array.from({ length: count }, () => Lane.start(data)));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const [first] = started;
  if (first === undefined) return createSession(onnx); // works without threads, or says what is wrong
  const lanes = started.map(({ lane }) => lane);
  return {
    outputNames: first.outputNames,
    lanes: lanes.length,
    run: (input, shape) => lanes.reduce((a, b) => (b.load < a.load ? b : a)).run(input, shape),
    async release() {
      await Promise.all(lanes.map((lane) => lane.stop()));
    },
  };
}
