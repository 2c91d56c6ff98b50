/** ONNX Runtime, called synchronously through the package's binding so that a measurement holds nothing else. */
import { createRequire } from 'node:module';
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import type { GraphWriter } from './graph-writer.ts';

interface NativeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, OrtTensor>;
  endProfiling(): void;
  dispose(): void;
}

const require = createRequire(`${process.cwd()}/package.json`);
const { Tensor } = require('onnxruntime-node') as {
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
};
const { binding, initOrt } = require('onnxruntime-node/dist/binding.js') as {
  binding: { InferenceSession: new () => NativeSession };
  initOrt: (this: void) => void;
};

export interface CompileOptions {
  readonly threads?: number;
  readonly level?: 'disabled' | 'basic' | 'extended' | 'all';
  /** Path prefix of a profile to write. */
  readonly profile?: string;
  /** Further entries under `session.`, as ONNX Runtime's config keys. */
  readonly session?: object;
  readonly memoryPattern?: boolean;
  readonly arena?: boolean;
}

export interface Compiled {
  /** Milliseconds the compilation took. */
  readonly compileMs: number;
  run(): Float32Array[];
  endProfiling(): void;
  dispose(): void;
}

export function compile(graph: GraphWriter, options: CompileOptions = {}): Compiled {
  initOrt();
  const bytes = graph.encode();
  const session = new binding.InferenceSession();
  const started = performance.now();
  session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? 2,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: options.level ?? 'all',
    logSeverityLevel: 3,
    enableMemPattern: options.memoryPattern ?? true,
    enableCpuMemArena: options.arena ?? true,
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    // Threads that spin while they wait would count as work.
    extra: { session: { intra_op: { allow_spinning: '0' }, ...options.session } },
  });
  const compileMs = performance.now() - started;
  const feeds = Object.fromEntries(
    graph.feeds.map(({ name, dims, data }) => [name, new Tensor('float32', data, dims)]),
  );
  const fetches = Object.fromEntries(graph.outputs.map(({ name }) => [name, null]));
  return {
    compileMs,
    run: () => {
      const results = session.run(feeds, fetches, {});
      return graph.outputs.map(({ name }) => results[name]?.data as Float32Array);
    },
    endProfiling: () => session.endProfiling(),
    dispose: () => session.dispose(),
  };
}

export interface Timing {
  /** Least wall milliseconds of a run. */
  readonly wall: number;
  /** Least processor milliseconds of a run, all threads together: what other programs disturb least. */
  readonly cpu: number;
}

/** Times of several sessions, run in turns; the least of each counts, because other programs use the cores too. */
export function race(sessions: readonly Compiled[], budgetMs: number, least = 4): Timing[] {
  const best = sessions.map(() => ({ wall: Infinity, cpu: Infinity }));
  for (const session of sessions) session.run();
  const end = performance.now() + budgetMs * sessions.length;
  for (let round = 0; round < least || performance.now() < end; round++)
    sessions.forEach((session, i) => {
      const before = process.cpuUsage();
      const started = performance.now();
      session.run();
      const wall = performance.now() - started;
      const { user, system } = process.cpuUsage(before);
      const known = best[i];
      best[i] = {
        wall: Math.min(known?.wall ?? Infinity, wall),
        cpu: Math.min(known?.cpu ?? Infinity, (user + system) / 1000),
      };
    });
  return best;
}
