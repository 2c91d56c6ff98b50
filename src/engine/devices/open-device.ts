import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { backendName, registerOnnxRuntimeBackend } from '../../backend/index.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { createSession, loadOnnxRuntime, type OnnxSession } from './onnx-session.ts';
import { executionProviders, isOnnxDevice, type OnnxDevice } from './providers.ts';
import { loadTfjsNodeGpu } from './tfjs-node-gpu.ts';

/** A device as the self-test and the measurement use it. */
export interface OpenDevice {
  /** Compiles an ONNX model for it; absent where only TensorFlow.js runs on the device. */
  readonly compile?: (onnx: Uint8Array) => Promise<OnnxSession>;
  /** Name of the TensorFlow.js backend that trains on it. */
  readonly backend: string;
}

/**
 * Opens a device in this process, for good: a driver may take the process down with it, so this belongs into a
 * process of its own.
 *
 * @throws HolotypeError('not-supported') or ONNX Runtime's own Error when it isn't there
 */
export async function openDevice(device: DeviceId): Promise<OpenDevice> {
  if (!isOnnxDevice(device)) {
    const backend = await loadTfjsNodeGpu();
    // Without a card, TensorFlow would compute on the processor and not say so.
    await tf.setBackend(backend);
    if (!usesCuda(tf.backend()))
      throw new HolotypeError('not-supported', 'TensorFlow is installed, but it finds no NVIDIA card.', {
        remedy:
          'It needs an NVIDIA driver, CUDA 11.8 and cuDNN 8.6 where the system finds them; `npm run setup:cuda` checks.',
      });
    return { backend };
  }
  await requireProvider(device);
  registerOnnxRuntimeBackend({
    executionProviders: executionProviders(device),
    threads: availableParallelism(),
  });
  return {
    backend: backendName,
    compile: (onnx) => createSession(onnx, { device }),
  };
}

/** Its backend says whether it found a card; see `NodeJSKernelBackend.isUsingGpuDevice` of tfjs-node. */
function usesCuda(backend: object): boolean {
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

/** A provider that this build of ONNX Runtime doesn't have would be passed over for the processor. */
async function requireProvider(device: OnnxDevice): Promise<void> {
  const { listSupportedBackends } = await loadOnnxRuntime();
  if (!listSupportedBackends().some(({ name }) => name === device))
    throw new HolotypeError(
      'not-supported',
      `ONNX Runtime has no "${device}" on this system (${process.platform} ${process.arch}).`,
    );
}
