/** Tensors made from nothing but attributes: filled on the host, as data the graph is fed. */
import { util, type DataType } from '@tensorflow/tfjs-core';
import { isGraphType } from '../graph/dtype.ts';
import { sizeOf } from '../graph/value.ts';
import type { Kernel, Table } from './kernel.ts';

/**
 * Like data that exists, a leaf rather than a constant of the graph: an optimizer's slots start as zeros like its
 * variables and are fed from the second step on, so the first step's graph is the same only if the zeros are fed too.
 * Like what's pending (the zeros that gradients choose from), one element that broadcasts.
 */
const filled =
  (value: number): Kernel =>
  (g, inputs, _, backend) => {
    const x = inputs.get('x');
    const dtype = x.type as 'float32' | 'int32' | 'bool';
    if (!x.isReady) return g.uniform(dtype, value, x.shape);
    return backend.leaf(util.getArrayFromDType(dtype, x.size).fill(value), x.shape, dtype);
  };

function range(start: number, stop: number, step: number): number[] {
  const count =
    start === stop || (start < stop && step < 0) || (stop < start && step > 1)
      ? 0
      : Math.abs(Math.ceil((stop - start) / step));
  const sign = stop < start && step === 1 ? -1 : step;
  return Array.from({ length: count }, (_, i) => start + i * sign);
}

export const createKernels: Table = {
  Fill: (_, __, attrs, backend) => {
    const shape = attrs.numbers('shape');
    const value = attrs.any('value') as number | string;
    const dtype = (attrs.any('dtype') as DataType | undefined) ?? util.inferDtype(value);
    if (!isGraphType(dtype)) return undefined;
    return backend.leaf(util.getArrayFromDType(dtype, sizeOf(shape)).fill(Number(value)), shape, dtype);
  },
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Range: (_, __, attrs, backend) => {
    const dtype = attrs.dtype('dtype');
    if (!isGraphType(dtype)) return undefined;
    const values = range(attrs.number('start'), attrs.number('stop'), attrs.number('step'));
    return backend.leaf(util.toTypedArray(values, dtype), [values.length], dtype);
  },
  LinSpace: (_, __, attrs, backend) => {
    const count = attrs.number('num');
    const start = attrs.number('start');
    const step = (attrs.number('stop') - start) / (count - 1);
    const values = Float32Array.from({ length: count }, (_, i) => (i === 0 ? start : start + i * step));
    return backend.leaf(values, [count], 'float32');
  },
};
