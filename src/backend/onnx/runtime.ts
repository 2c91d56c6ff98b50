/**
 * ONNX Runtime, called synchronously.
 *
 * The public API of onnxruntime-node returns promises around a call that blocks anyway; TensorFlow.js needs the
 * answer at once (`dataSync`). So this file goes to the package's own binding module, which is not public: the
 * version is pinned and test/backend/onnx/runtime.test.ts checks this access.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { blockSize } from './block-size.ts';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';

export type { OrtTensor };

export interface NativeSession {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  run(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor | null>,
    options: object,
  ): Record<string, OrtTensor>;
  dispose(): void;
}

interface BindingModule {
  binding: {
    InferenceSession: new () => NativeSession;
    listSupportedBackends(): readonly { name: string; bundled: boolean }[];
  };
  initOrt(): void;
}

export type TensorConstructor = new (
  type: 'float32' | 'int32' | 'bool' | 'int64' | 'uint8',
  data: Float32Array | Int32Array | Uint8Array,
  dims: readonly number[],
) => OrtTensor;

export interface Runtime {
  readonly Tensor: TensorConstructor;
  /** Whether graphs run on something else than the processor, which can fail by itself. */
  readonly onDevice: boolean;
  /** Channels in a block of the CPU provider's blocked layout, 8 or 16; 0 where it has none or isn't used. */
  readonly block: number;
  /**
   * Compiles a model.
   * @param small whether it computes so little that threads would only cost
   * @throws Error with ONNX Runtime's message when it refuses the model
   */
  createSession(model: Uint8Array, small?: boolean): NativeSession;
  /** Names of the execution providers this build of ONNX Runtime has. */
  readonly providers: readonly string[];
}

export interface RuntimeOptions {
  /** In order of preference; what one can't run goes to the next. Default: `['cpu']`. */
  readonly executionProviders?: readonly InferenceSession.ExecutionProviderConfig[] | undefined;
  /** Threads one operation may use. Default: as many as there are cores. */
  readonly threads?: number | undefined;
  /** How hard ONNX Runtime optimizes a graph. Default: `all`. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/** The version of onnxruntime-node whose binding this file was written for. */
export const pinnedVersion = '1.30.0';

const require = createRequire(import.meta.url);

/**
 * Loads ONNX Runtime's native library.
 * @throws Error when the package isn't installed, isn't the pinned version or has no binary for this machine
 */
export function loadRuntime(options: RuntimeOptions = {}): Runtime {
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  if (version !== pinnedVersion) {
    throw new Error(
      `The onnxruntime backend calls internals of onnxruntime-node ${pinnedVersion}, but ${version} is installed. Install onnxruntime-node@${pinnedVersion}.`,
    );
  }
  const { Tensor } = require('onnxruntime-node') as { Tensor: TensorConstructor };
  const internals = require('onnxruntime-node/dist/binding.js') as BindingModule;
  internals.initOrt();
  const { binding } = internals;
  const sessionOptions = {
    executionProviders: [...(options.executionProviders ?? ['cpu'])],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: options.optimization ?? 'all',
    // A plan of all memory is allocated beside what the first run took: without it, a step needs a quarter less in
    // the same time. (Without the arena it would need half, but a tenth longer.)
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
  const isCpu = sessionOptions.executionProviders.every(
    (provider) => (typeof provider === 'string' ? provider : provider.name) === 'cpu',
  );
  const runtime = {
    Tensor,
    onDevice: !isCpu,
    block: 0,
    providers: binding.listSupportedBackends().map((provider) => provider.name),
    createSession(model: Uint8Array, small = false): NativeSession {
      const session = new binding.InferenceSession();
      session.loadModel(
        model.buffer,
        model.byteOffset,
        model.byteLength,
        small ? { ...sessionOptions, intraOpNumThreads: 1 } : sessionOptions,
      );
      return session;
    },
  };
  return isCpu ? { ...runtime, block: blockSize(runtime) } : runtime;
}
