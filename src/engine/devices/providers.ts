/** ONNX Runtime's execution providers, with the options that training needs. */
import type { InferenceSession } from 'onnxruntime-node';
import type { DeviceId } from '../../contract/devices.ts';

/** Devices that ONNX Runtime computes on. */
export type OnnxDevice = Exclude<DeviceId, 'cuda-tfjs'>;

/**
 * The MLProgram format (0x10), which computes in single precision, on processor and graphics only (0x20): the
 * Neural Engine would compute in half precision.
 */
const coreMlFlags = 0x30;

/** Whether ONNX Runtime is what computes on the device. */
export const isOnnxDevice = (device: DeviceId): device is OnnxDevice => device !== 'cuda-tfjs';

/** In order of preference: what the device can't compute, the processor does. */
export function executionProviders(device: OnnxDevice): InferenceSession.ExecutionProviderConfig[] {
  switch (device) {
    case 'cpu':
      return ['cpu'];
    case 'coreml':
      return [{ name: 'coreml', coreMlFlags }, 'cpu'];
    default:
      return [device, 'cpu'];
  }
}
