/** Every kernel of the backend, registered with TensorFlow.js. */
import {
  getKernelsForBackend,
  registerKernel,
  util,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { OnnxRuntimeBackend } from './backend.ts';
import { isGraphType } from './graph/dtype.ts';
import { runOnHost } from './fallback.ts';
import { binaryKernels } from './kernels/binary.ts';
import { castKernels } from './kernels/cast.ts';
import { convKernels } from './kernels/conv/kernels.ts';
import { createKernels } from './kernels/create.ts';
import { indexKernels } from './kernels/index-ops.ts';
import { Attrs, Inputs, type Kernel, type Table } from './kernels/kernel.ts';
import { matMulKernels } from './kernels/matmul.ts';
import { normalizeKernels } from './kernels/normalize.ts';
import { poolKernels } from './kernels/pool.ts';
import { reduceKernels } from './kernels/reduce.ts';
import { resizeKernels } from './kernels/resize.ts';
import { shapeKernels } from './kernels/shape.ts';
import { unaryKernels } from './kernels/unary.ts';
import { volumeKernels } from './kernels/volume.ts';

export const backendName = 'onnxruntime';

const tables: readonly Table[] = [
  unaryKernels,
  binaryKernels,
  castKernels,
  reduceKernels,
  matMulKernels,
  shapeKernels,
  createKernels,
  convKernels,
  poolKernels,
  normalizeKernels,
  indexKernels,
  resizeKernels,
  volumeKernels,
];

interface Call {
  readonly inputs: NamedTensorInfoMap;
  readonly attrs?: NamedAttrMap;
  readonly backend: OnnxRuntimeBackend;
}

/** Kernels that give the same data another shape: no new data id, as in TensorFlow.js' own backends. */
const sharing: Record<string, (call: Call) => TensorInfo> = {
  Identity: ({ inputs, backend }) => {
    const x = inputs['x'] as TensorInfo;
    return backend.share(x, x.shape);
  },
  Reshape: ({ inputs, attrs, backend }) => {
    const x = inputs['x'] as TensorInfo;
    const size = util.sizeFromShape(x.shape);
    const shape = util.inferFromImplicitShape(attrs?.['shape'] as number[], size);
    util.assert(
      util.sizeFromShape(shape) === size,
      () =>
        `Reshape: a tensor of shape [${x.shape.join()}] has ${String(size)} elements and can't take the shape [${shape.join()}]`,
    );
    return backend.share(x, shape);
  },
  ExpandDims: ({ inputs, attrs, backend }) => {
    const x = inputs['input'] as TensorInfo;
    const dim = attrs?.['dim'] as number;
    const axis = dim < 0 ? x.shape.length + dim + 1 : dim;
    util.assert(
      axis >= 0 && axis <= x.shape.length,
      () => `ExpandDims: a tensor of shape [${x.shape.join()}] has no place for an axis ${String(dim)}`,
    );
    return backend.share(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
  },
};

/** Every kernel with an ONNX form, and those that need none. */
export const nativeKernels: readonly string[] = [
  ...tables.flatMap(Object.keys),
  ...Object.keys(sharing),
].sort();

let registered = false;

/** Registers the kernels once, and for all that tfjs-backend-cpu has beyond them a fallback. */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
  const names = new Set<string>();
  for (const table of tables) {
    for (const [name, kernel] of Object.entries(table)) {
      names.add(name);
      registerKernel({ kernelName: name, backendName, kernelFunc: traced(name, kernel) });
    }
  }
  for (const [name, kernel] of Object.entries(sharing)) {
    names.add(name);
    registerKernel({ kernelName: name, backendName, kernelFunc: kernel as unknown as KernelFunc });
  }
  for (const { kernelName } of getKernelsForBackend('cpu')) {
    if (names.has(kernelName)) continue;
    const onHost = ({ inputs, attrs, backend }: Call): TensorInfo | TensorInfo[] =>
      runOnHost(kernelName, inputs, attrs, backend);
    registerKernel({ kernelName, backendName, kernelFunc: onHost as unknown as KernelFunc });
  }
}

function traced(name: string, kernel: Kernel): KernelFunc {
  const call = ({ inputs, attrs, backend }: Call): TensorInfo | TensorInfo[] => {
    backend.beforeKernel(name);
    const started = performance.now();
    for (const key in inputs) {
      const dtype = inputs[key]?.dtype;
      if (dtype !== undefined && !isGraphType(dtype)) return runOnHost(name, inputs, attrs, backend);
    }
    const result = kernel(backend.graph, new Inputs(backend, inputs), new Attrs(attrs), backend);
    if (result === undefined) return runOnHost(name, inputs, attrs, backend);
    const tensors = Array.isArray(result)
      ? (result as readonly Parameters<OnnxRuntimeBackend['tensor']>[0][]).map((value) =>
          backend.tensor(value),
        )
      : backend.tensor(result as Parameters<OnnxRuntimeBackend['tensor']>[0]);
    backend.counters.tracingMs += performance.now() - started;
    return tensors;
  };
  return call as unknown as KernelFunc;
}
