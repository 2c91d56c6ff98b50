/** Kernels that have no ONNX form run on tfjs-backend-cpu: counted, so that nobody pays for it unknowingly. */
import {
  backend_util,
  getKernel,
  type BackendValues,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { OnnxRuntimeBackend } from './backend.ts';

const hosts = new WeakMap<OnnxRuntimeBackend, MathBackendCPU>();

/**
 * Runs one kernel of tfjs-backend-cpu on this backend's tensors.
 * @throws Error when tfjs-backend-cpu hasn't got the kernel either
 */
export function runOnHost(
  name: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap | undefined,
  backend: OnnxRuntimeBackend,
): TensorInfo | TensorInfo[] {
  const kernel = getKernel(name, 'cpu');
  if (kernel === undefined || kernel === null) {
    throw new Error(`Neither the onnxruntime backend nor tfjs-backend-cpu has the kernel ${name}`);
  }
  const { fallbacks } = backend.counters;
  fallbacks.set(name, (fallbacks.get(name) ?? 0) + 1);
  let host = hosts.get(backend);
  if (host === undefined) {
    host = new QuietHost();
    hosts.set(backend, host);
  }
  const cpu = host;
  const copied = new Map<object, TensorInfo>();
  // What kernels get are tensors, and some of tfjs-backend-cpu's ask for their rank.
  const onHost = (info: TensorInfo): TensorInfo & { rank: number } => {
    let copy = copied.get(info.dataId);
    if (copy === undefined || copy.dtype !== info.dtype) {
      copy = toHost(cpu, info, backend.readSync(info.dataId));
      copied.set(info.dataId, copy);
    }
    return { ...copy, shape: info.shape, rank: info.shape.length };
  };
  const isList = Array.isArray(inputs);
  const hostInputs = (isList ? [] : {}) as Record<string, TensorInfo | TensorInfo[]>;
  // The ragged kernels have lists of tensors among their operands.
  const entries = Object.entries(inputs) as [string, TensorInfo | TensorInfo[] | null | undefined][];
  for (const [key, info] of entries) {
    if (info === undefined || info === null) continue;
    hostInputs[key] = Array.isArray(info) ? info.map(onHost) : onHost(info);
  }
  const result = kernel.kernelFunc({
    inputs: hostInputs as NamedTensorInfoMap,
    attrs: attrs ?? {},
    backend: cpu,
  });
  const results = Array.isArray(result) ? result : [result];
  const outputs = results.map((info): TensorInfo => {
    const values = cpu.readSync(info.dataId);
    return { dataId: backend.write(values, info.shape, info.dtype), shape: info.shape, dtype: info.dtype };
  });
  for (const info of [...results, ...copied.values()]) {
    if (cpu.refCount(info.dataId) > 0) cpu.disposeData(info.dataId, true);
  }
  return Array.isArray(result) ? outputs : (outputs[0] as TensorInfo);
}

/** Complex numbers are one interleaved array here and two tensors there. */
function toHost(cpu: MathBackendCPU, info: TensorInfo, values: BackendValues): TensorInfo {
  if (info.dtype !== 'complex64') {
    return { dataId: cpu.write(values, info.shape, info.dtype), shape: info.shape, dtype: info.dtype };
  }
  const { real, imag } = backend_util.splitRealAndImagArrays(values as Float32Array);
  const dataId = cpu.write(undefined as unknown as BackendValues, info.shape, 'complex64');
  cpu.data.get(dataId).complexTensorInfos = {
    real: cpu.makeTensorInfo(info.shape, 'float32', real),
    imag: cpu.makeTensorInfo(info.shape, 'float32', imag),
  };
  return { dataId, shape: info.shape, dtype: 'complex64' };
}

/** tfjs-backend-cpu without its advice, on first use, to install tfjs-node. */
class QuietHost extends MathBackendCPU {
  constructor() {
    super();
    Object.assign(this, { firstUse: false });
  }
}
