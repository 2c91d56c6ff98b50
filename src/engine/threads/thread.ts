import { Worker } from 'node:worker_threads';

/**
 * What a thread runs around the program it is given. It is a text because a thread starts from a file, and where that
 * file would lie differs between a checkout, the command line's bundle, the desktop app's archive and the tests.
 */
const around = (program: string): string => `
const { parentPort, workerData } = require('node:worker_threads');
const say = (error) => (error instanceof Error ? error.message : String(error));
(${program})(workerData)
  .then(({ ready, answer }) => {
    parentPort.on('message', async ({ id, request }) => {
      try {
        const { value, moved } = await answer(request);
        parentPort.postMessage({ id, value }, moved);
      } catch (error) {
        parentPort.postMessage({ id, error: say(error) });
      }
    });
    parentPort.postMessage({ ready });
  })
  .catch((error) => parentPort.postMessage({ error: say(error) }));
`;

/** What the program of a thread makes: the thread's side of {@link Thread}. */
export interface ThreadSide<Request, Value> {
  /** Handed to who starts the thread; not undefined. */
  readonly ready: unknown;
  /** @returns the answer, and buffers in it that can be moved instead of copied */
  answer(request: Request): Answered<Value> | Promise<Answered<Value>>;
}

export interface Answered<Value> {
  readonly value: Value;
  readonly moved?: readonly ArrayBuffer[];
}

interface Said {
  readonly id?: number;
  readonly ready?: unknown;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A thread of this process that answers requests, each on its own. */
export class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (said: Said) => this.#settle(said));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('its thread ended')));
  }

  /**
   * @param program text of a function `async (data) => ThreadSide`; of the house's own code it has only what it imports
   * @param data given to the program; shared memory stays shared
   * @throws whatever kept the thread or its program from starting
   */
  static async start(program: string, data: object): Promise<{ thread: Thread; ready: unknown }> {
    // Without the process's own flags: --input-type=module, for one, would make another language of the program.
    const worker = new Worker(around(program), { eval: true, workerData: data, execArgv: [] });
    try {
      const { ready, error } = await new Promise<Said>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
      });
      if (ready === undefined) throw new Error(error);
      return { thread: new Thread(worker), ready };
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Requests that are not answered yet. */
  get load(): number {
    return this.#waiting.size;
  }

  /**
   * @param moved buffers of the request that the thread may have; who asks can't use them any more
   * @throws Error with what the program said, or that the thread has ended
   */
  ask(request: unknown, moved: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request }, moved);
    });
  }

  /** Ends the thread, whatever it does. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id = -1, value, error }: Said): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
