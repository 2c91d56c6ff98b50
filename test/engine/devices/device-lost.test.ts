import { afterEach, describe, expect, it, test } from 'vitest';
import { DeviceError } from '../../../src/backend/onnx/device-error.ts';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { whyLost } from '../../../src/engine/devices/device-lost.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { onnxNode as n } from '../../../src/engine/graph/onnx-proto.ts';
import { leaveDevice, startTfOnOnnxRuntime, tf } from '../../../src/engine/train/tf.ts';
import { onnxFile } from '../graph/onnx-fixtures.ts';
import { fakeDevice, installFakeDevice, lostMessage } from './fake-device.ts';

const onBackend = (message: string): Error =>
  new DeviceError('The onnxruntime backend could not run it', { cause: new Error(message) });

describe('a device is lost', () => {
  test.each([
    [
      lostMessage,
      'Failed to create a WebGPU compute pipeline: A valid external Instance reference no longer exists',
    ],
    ['CUDA failure 700: an illegal memory access was encountered ; GPU=0 ;', undefined],
    ['Failed to allocate memory for requested buffer of size 822083584', undefined],
    ['887A0005 The GPU device instance has been suspended.\nUse GetDeviceRemovedReason.', undefined],
  ])('when ONNX Runtime says "%s"', (message, reason) => {
    const said = whyLost('webgpu', onBackend(message));
    expect(said).toBe(reason ?? message.replaceAll('\n', ' ').replace(/\.$/, ''));
  });

  test.each([
    'Got invalid dimensions for input: x for the following indices\n index: 1 Got: 4 Expected: 3',
    'Unexpected input data type. Actual: (tensor(float)) , expected: (tensor(uint8))',
    "Non-zero status code returned while running Add node. Name:'a' Status Message: Attempting to broadcast an axis by a dimension other than 1. 3 by 4",
    "Non-zero status code returned while running Reshape node. Name:'r' Status Message: The input tensor cannot be reshaped to the requested shape.",
    'Node (n) Op (MatMul) [ShapeInferenceError] Incompatible dimensions',
  ])('not when it objects to the graph: "%s"', (message) => {
    expect(whyLost('webgpu', onBackend(message))).toBeUndefined();
  });

  test.each([
    ['Invalid TF_Status: 13\nMessage: Blas GEMM launch failed', 'Blas GEMM launch failed'],
    ['Invalid TF_Status: 8\nMessage: OOM when allocating tensor', 'OOM when allocating tensor'],
    ['Invalid TF_Status: 3\nMessage: Incompatible shapes: [2] vs. [3]', undefined],
    ['The loss is not a number.', undefined],
  ])('as TensorFlow on CUDA says it: "%s"', (message, reason) => {
    expect(whyLost('cuda-tfjs', new Error(message))).toBe(reason);
  });

  it('never when it is the processor, or when something else fails beside it', () => {
    expect(whyLost('cpu', onBackend(lostMessage))).toBeUndefined();
    expect(whyLost('webgpu', new Error(lostMessage))).toBeUndefined();
    expect(whyLost('webgpu', new HolotypeError('storage', 'The disk is full.'))).toBeUndefined();
  });
});

describe('on a device that is lost', () => {
  installFakeDevice();
  afterEach(() => fakeDevice.works());
  const model = onnxFile(['n', 1, 2, 2], [n('Relu', ['x'], ['y'])], [], { outputs: ['y'] });

  it('a session says so, when it runs and when it is compiled; a wrong input is another error', async () => {
    const session = await createSession(model, { device: 'webgpu' });
    const wrong = await session.run(new Float32Array(6), [1, 1, 2, 3]).catch((error: unknown) => error);
    expect(wrong).not.toBeInstanceOf(HolotypeError);
    fakeDevice.works(0);
    const lost = { code: 'device-lost', details: { device: 'webgpu' }, remedy: expect.any(String) };
    await expect(session.run(new Float32Array(4), [1, 1, 2, 2])).rejects.toMatchObject(lost);
    await session.release();
    await expect(createSession(model, { device: 'webgpu' })).rejects.toMatchObject(lost);
    expect(fakeDevice.sessions).toBe(0);
  });

  it('the backend says so, and training can go on with the processor', async () => {
    await startTfOnOnnxRuntime('webgpu');
    const before = tf.memory().numTensors;
    const twice = (): number[] => tf.tidy(() => [...tf.mul(tf.tensor1d([1, 2]), 2).dataSync()]);
    expect(twice()).toEqual([2, 4]);
    fakeDevice.works(0);
    let error: unknown;
    try {
      twice();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DeviceError);
    expect(whyLost('webgpu', error)).toMatch(/compute pipeline/);
    await leaveDevice('webgpu');
    expect(fakeDevice.sessions).toBe(0);
    expect(twice()).toEqual([2, 4]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
