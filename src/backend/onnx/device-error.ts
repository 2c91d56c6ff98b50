/**
 * A graph could not be compiled or run on something else than the processor. The graph may be at fault, or the device
 * or its driver: ONNX Runtime's own error, which is the cause, tells in its words only.
 */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}
