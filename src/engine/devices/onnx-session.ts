/** ONNX Runtime: a compiled session for one model. */
import { availableParallelism } from 'node:os';
import type * as OnnxRuntime from 'onnxruntime-node';
import { HolotypeError } from '../../contract/errors.ts';
import { deviceLost } from './device-lost.ts';
import { executionProviders, type OnnxDevice } from './providers.ts';

type Runtime = typeof OnnxRuntime;

export interface OnnxSession {
  readonly outputNames: readonly string[];
  /** How many runs go on at the same time; further ones wait. Absent: 1. */
  readonly lanes?: number;
  /**
   * Runs the model once.
   * @param input pixels or numbers, of the type the model was exported for; they are handed over, so that the
   *   array can't be used afterwards
   * @param shape the input's full shape, batch axis first
   * @returns one array per output, row-major; each is the caller's own
   * @throws HolotypeError('device-lost') when it is the device that fails
   */
  run(input: Uint8Array | Float32Array, shape: readonly number[]): Promise<Float32Array[]>;
  /** Frees the native session; using it afterwards is an error. */
  release(): Promise<void>;
}

let runtime: Promise<Runtime> | undefined;

/** onnxruntime-node, loaded at first use: its native library takes longer than the rest of a start-up. */
export function loadOnnxRuntime(): Promise<Runtime> {
  runtime ??= import('onnxruntime-node').then(
    // A CommonJS package: bundlers and Node differ in whether its exports are also named ones.
    (module) => ('InferenceSession' in module ? module : (module as { default: Runtime }).default),
    (cause: unknown) => {
      runtime = undefined;
      throw new HolotypeError(
        'not-supported',
        `ONNX Runtime can't be loaded on this machine (${process.platform} ${process.arch}): ${cause instanceof Error ? cause.message : String(cause)}.`,
        {
          remedy: 'Reinstall Holotype with "npm ci" on 64-bit Windows, macOS or Linux (glibc 2.28 or newer).',
          cause,
        },
      );
    },
  );
  return runtime;
}

/** How every session here computes. @param threads for one operation on the processor */
export function sessionOptions(
  threads: number,
  device: OnnxDevice = 'cpu',
): OnnxRuntime.InferenceSession.SessionOptions {
  return {
    executionProviders: executionProviders(device),
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    ...(device === 'dml' ? { enableMemPattern: false } : {}), // DirectML can't work with it
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Threads that wait by spinning would take the cores from decoding between batches.
        intra_op: { allow_spinning: '0' },
      },
    },
  };
}

/**
 * Compiles an ONNX model with all graph optimizations.
 * @param options.threads threads for one operation on the processor; default: as many as there are cores
 * @param options.device one that has passed its self-test; default: the processor
 * @throws HolotypeError `not-supported` when ONNX Runtime can't be loaded or the device can't run the model,
 *   `device-lost` when the device itself fails, `bad-input` when ONNX Runtime refuses the model
 */
export async function createSession(
  onnx: Uint8Array,
  options: { threads?: number; device?: OnnxDevice } = {},
): Promise<OnnxSession> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const { device = 'cpu' } = options;
  let session: OnnxRuntime.InferenceSession;
  try {
    session = await InferenceSession.create(
      onnx,
      sessionOptions(options.threads ?? availableParallelism(), device),
    );
  } catch (cause) {
    const lost = deviceLost(device, cause);
    if (lost !== undefined) throw lost;
    if (device !== 'cpu')
      throw new HolotypeError(
        'not-supported',
        `The model can't be run on the device "${device}": ${cause instanceof Error ? cause.message : String(cause)}.`,
        { remedy: 'Use --device cpu; `holotype devices` says what works here.', cause },
      );
    throw new HolotypeError(
      'bad-input',
      `ONNX Runtime refuses this model: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { remedy: 'Export or download the model again.', cause },
    );
  }
  const [inputName = 'input'] = session.inputNames;
  return {
    outputNames: session.outputNames,
    async run(input, shape) {
      const tensor =
        input instanceof Uint8Array
          ? new Tensor('uint8', input, [...shape])
          : new Tensor('float32', input, [...shape]);
      const results = await session.run({ [inputName]: tensor }).catch((cause: unknown) => {
        throw deviceLost(device, cause) ?? cause;
      });
      return session.outputNames.map((name) => {
        const data = results[name]?.data;
        if (!(data instanceof Float32Array))
          throw new HolotypeError('not-supported', `The model's output "${name}" is not float32.`, {
            remedy: 'Export the model with float32 outputs.',
          });
        return data;
      });
    },
    release: () => session.release(),
  };
}
