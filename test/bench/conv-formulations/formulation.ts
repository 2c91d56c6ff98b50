import type { GraphWriter, Value } from './graph-writer.ts';
import { outH, outW, type ConvCase, type Layout } from './layouts.ts';

export type Piece = 'forward' | 'dx' | 'dw';

export interface Operands {
  readonly x: Value;
  readonly w: Value;
  readonly dy: Value;
}

/** One way to write a piece of a convolution's training step in ONNX. */
export interface Formulation {
  readonly name: string;
  readonly piece: Piece;
  /** Layout of x, y, dx and dy; filters are TF.js's [k, k, ci, co] (depthwise [k, k, c, 1]) in and out. */
  readonly layout: Layout;
  applies(c: ConvCase, block: number): boolean;
  build(g: GraphWriter, c: ConvCase, operands: Operands, block: number): Value;
}

export const pads = (c: ConvCase): number[] => [c.padBefore, c.padBefore, c.padAfter, c.padAfter];

/** Zeros before and after a stride-spread dy (with trailing zeros, length ho * stride) for a full correlation. */
export function gradientPads(c: ConvCase): number[] {
  const before = c.k - 1 - c.padBefore;
  const after = (size: number, out: number): number => size - out * c.stride - before + c.k - 1;
  return [before, before, after(c.h, outH(c)), after(c.w, outW(c))];
}

/** Pads with which x, correlated with dy spread by the stride, gives exactly k x k numbers. */
export function filterGradientPads(c: ConvCase): number[] {
  const after = (size: number, out: number): number =>
    c.k - 1 + c.stride * (out - 1) + 1 - size - c.padBefore;
  return [c.padBefore, c.padBefore, after(c.h, outH(c)), after(c.w, outW(c))];
}

export const same = (size: number): number[] => [size, size];
