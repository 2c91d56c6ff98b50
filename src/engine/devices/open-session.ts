import type { DeviceId } from '../../contract/devices.ts';
import { createPool } from './onnx-pool.ts';
import { createSession, type OnnxSession } from './onnx-session.ts';
import { isOnnxDevice } from './providers.ts';

/**
 * Compiles a model to be run on many photos: on a device of ONNX Runtime, or on every core of the processor. TensorFlow
 * on CUDA trains but runs no ONNX; the processor does that beside it.
 *
 * @throws as `createSession`
 */
export function openSession(onnx: Uint8Array, device: DeviceId): Promise<OnnxSession> {
  return device !== 'cpu' && isOnnxDevice(device) ? createSession(onnx, { device }) : createPool(onnx);
}
