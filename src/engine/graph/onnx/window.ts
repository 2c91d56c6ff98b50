/** The sliding window of an ONNX convolution or pool. */
import type { Pads, Pair } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import { intsOf, stringOf } from './attributes.ts';
import { broken, unsupported } from './errors.ts';

export function pair(node: OnnxNode, name: string, fallback: Pair): Pair {
  const list = intsOf(node, name);
  if (list === undefined || list.length === 0) return fallback;
  const [h, w] = list;
  if (list.length !== 2 || h === undefined || w === undefined)
    throw unsupported(node, `${name} [${list.join(', ')}] is not two-dimensional`);
  if (!(h >= 1 && w >= 1 && h < 65536 && w < 65536)) throw broken(node, `${name} is [${h}, ${w}]`);
  return [h, w];
}

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
}

/** Explicit padding, whatever way the file states it. */
export function windowOf(node: OnnxNode, kernel: Pair, input: readonly number[]): Window {
  const strides = pair(node, 'strides', [1, 1]);
  const dilations = pair(node, 'dilations', [1, 1]);
  const auto = stringOf(node, 'auto_pad', 'NOTSET');
  if (auto === 'VALID') return { kernel, strides, dilations, pads: [0, 0, 0, 0] };
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const split = (axis: 0 | 1): [number, number] => {
      const size = input[axis] ?? 1;
      const reach = (kernel[axis] - 1) * dilations[axis] + 1;
      const total = Math.max(0, (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size);
      const less = Math.floor(total / 2);
      return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    };
    const [top, bottom] = split(0);
    const [left, right] = split(1);
    return { kernel, strides, dilations, pads: [top, left, bottom, right] };
  }
  const [top = 0, left = 0, bottom = 0, right = 0] = intsOf(node, 'pads') ?? [];
  const pads: Pads = [top, left, bottom, right];
  if (pads.some((p) => p < 0)) throw unsupported(node, `negative padding [${pads.join(', ')}]`);
  return { kernel, strides, dilations, pads };
}

function slidingOutput(size: number, before: number, after: number, reach: number, stride: number): number {
  return Math.floor((size + before + after - reach) / stride) + 1;
}

export function spatialOutput(input: readonly number[], window: Window): [number, number] {
  const { kernel, strides, dilations, pads } = window;
  const out = (axis: 0 | 1) =>
    slidingOutput(
      input[axis] ?? 1,
      pads[axis],
      pads[axis + 2] ?? 0,
      (kernel[axis] - 1) * dilations[axis] + 1,
      strides[axis],
    );
  return [out(0), out(1)];
}
