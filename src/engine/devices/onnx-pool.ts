/** ONNX Runtime on every core: the same model several times, each copy in a thread of its own. */
import { availableParallelism } from 'node:os';
import { HolotypeError } from '../../contract/errors.ts';
import { Thread } from '../threads/thread.ts';
import { createSession, sessionOptions } from './onnx-session.ts';
import type { OnnxSession } from './onnx-session.ts';

/** Copies of a model's weights together take no more than this (bytes). */
const bytesOfCopies = 384 * 1024 ** 2;

/** What a thread runs: one session, which answers with all its outputs. */
const program = `async ({ runtime, onnx, options }) => {
  const module = await import(runtime);
  const { InferenceSession, Tensor } = module.default ?? module;
  const session = await InferenceSession.create(Uint8Array.from(new Uint8Array(onnx)), options);
  const [inputName] = session.inputNames;
  return {
    ready: [...session.outputNames],
    answer: async ({ input, shape }) => {
      const type = input instanceof Uint8Array ? 'uint8' : 'float32';
      const results = await session.run({ [inputName]: new Tensor(type, input, shape) });
      const value = session.outputNames.map((name) => results[name].data.slice());
      return { value, moved: value.map(({ buffer }) => buffer) };
    },
  };
}`;

/** @throws HolotypeError when the model can't be run, or does not answer with float32 */
async function ask(
  thread: Thread,
  input: Uint8Array | Float32Array,
  shape: readonly number[],
): Promise<Float32Array[]> {
  // Moved to the thread, not copied; a part of something larger can't be.
  const own = input.byteLength === input.buffer.byteLength ? input : input.slice();
  const request = { input: own, shape: [...shape] };
  const outputs = await thread.ask(request, [own.buffer as ArrayBuffer]).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HolotypeError('failed', `The model could not be run: ${why}.`, { cause });
  });
  if (Array.isArray(outputs) && outputs.every((data) => data instanceof Float32Array)) return outputs;
  throw new HolotypeError('not-supported', 'An output of the model is not float32.', {
    remedy: 'Export the model with float32 outputs.',
  });
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
  const starts = await Promise.allSettled(Array.from({ length: count }, () => Thread.start(program, data)));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const [first] = started;
  if (first === undefined) return createSession(onnx); // works without threads, or says what is wrong
  const lanes = started.map(({ thread }) => thread);
  return {
    outputNames: first.ready as readonly string[], // as the program above says
    lanes: lanes.length,
    run: (input, shape) =>
      ask(
        lanes.reduce((a, b) => (b.load < a.load ? b : a)),
        input,
        shape,
      ),
    async release() {
      await Promise.all(lanes.map((lane) => lane.stop()));
    },
  };
}
