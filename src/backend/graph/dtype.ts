import type { DataType } from '@tensorflow/tfjs-core';

/** The dtypes that ONNX graphs compute with; string and complex64 stay on the host. */
export type GraphType = 'float32' | 'int32' | 'bool';

export const isGraphType = (dtype: DataType): dtype is GraphType =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
