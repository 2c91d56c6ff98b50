/** The numbers a convolution or a pool is made of, one way round for both data formats. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { Graph } from '../../graph/graph.ts';
import { channelsFirst } from '../../graph/perm.ts';
import { Value } from '../../graph/value.ts';
import type { Attrs } from '../kernel.ts';

export type Pair = readonly [height: number, width: number];

export interface Geometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: Pair;
  readonly output: Pair;
  readonly kernel: Pair;
  /** The kernel's extent with its holes. */
  readonly extent: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padBefore: Pair;
  /** After the end, exactly what the last window reaches; negative where it stops short of the end. */
  readonly reach: Pair;
  /** TensorFlow.js' `dataFormat` is NCHW: the tensors' logical order is [n, c, h, w]. */
  readonly isChannelsFirst: boolean;
}

type Info = ReturnType<typeof backend_util.computeConv2DInfo>;

/** Of a convolution whose input has shape `x` (in the attributes' data format) and filter [kh, kw, in, out]. */
export function convGeometry(
  x: readonly number[],
  filter: readonly number[],
  attrs: Attrs,
  isDepthwise: boolean,
): Geometry {
  const format = (attrs.any('dataFormat') as 'NHWC' | 'NCHW' | undefined) ?? 'NHWC';
  return fromInfo(
    backend_util.computeConv2DInfo(
      [...x] as [number, number, number, number],
      [...filter] as [number, number, number, number],
      attrs.any('strides') as never,
      (attrs.any('dilations') as number | undefined) ?? 1,
      attrs.any('pad') as never,
      attrs.any('dimRoundingMode') as 'floor' | 'round' | 'ceil' | undefined,
      isDepthwise,
      isDepthwise ? 'channelsLast' : backend_util.convertConv2DDataFormat(format),
    ),
  );
}

/** Of a pool over [n, h, w, c]. */
export function poolGeometry(x: readonly number[], attrs: Attrs): Geometry {
  return fromInfo(
    backend_util.computePool2DInfo(
      [...x] as [number, number, number, number],
      attrs.any('filterSize') as never,
      attrs.any('strides') as never,
      (attrs.any('dilations') as number | undefined) ?? 1,
      attrs.any('pad') as never,
      attrs.any('dimRoundingMode') as 'floor' | 'round' | 'ceil' | undefined,
    ),
  );
}

function fromInfo(info: Info): Geometry {
  const { padInfo } = info;
  const reach = (out: number, stride: number, extent: number, size: number, before: number): number =>
    (out - 1) * stride + extent - size - before;
  return {
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    kernel: [info.filterHeight, info.filterWidth],
    extent: [info.effectiveFilterHeight, info.effectiveFilterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padBefore: [padInfo.top, padInfo.left],
    reach: [
      reach(info.outHeight, info.strideHeight, info.effectiveFilterHeight, info.inHeight, padInfo.top),
      reach(info.outWidth, info.strideWidth, info.effectiveFilterWidth, info.inWidth, padInfo.left),
    ],
    isChannelsFirst: info.dataFormat === 'channelsFirst',
  };
}

/** ONNX's `pads`: what comes before each spatial axis, then what comes after. */
export const pads = ({ padBefore, reach }: Geometry): number[] => [
  ...padBefore,
  Math.max(reach[0], 0),
  Math.max(reach[1], 0),
];

export const isPointwise = ({ kernel, strides, padBefore, reach }: Geometry): boolean =>
  [...kernel, ...strides].every((n) => n === 1) && [...padBefore, ...reach].every((n) => n === 0);

export const isEmpty = ({ batch, inChannels, outChannels, input, output }: Geometry): boolean =>
  batch * inChannels * outChannels * input[0] * input[1] * output[0] * output[1] <= 0;

/** [n, h, w, c] as TensorFlow.js' data format has it. */
export const toChannelsLast = (g: Graph, x: Value, isChannelsFirst: boolean): Value =>
  isChannelsFirst ? g.relabel(x, [0, 2, 3, 1]) : x;

export const fromChannelsLast = (g: Graph, x: Value, isChannelsFirst: boolean): Value =>
  isChannelsFirst ? g.relabel(x, [0, 3, 1, 2]) : x;

/** The elements as they lie, [n, c, h, w], of a logical [n, h, w, c]. */
export const asNchw = (g: Graph, x: Value): Value => physical(g.withPerm(g.dense(x), channelsFirst));

/** A logical [n, h, w, c] over a physical [n, c, h, w]. */
export const fromNchw = ({ source, out, shape }: Value): Value => {
  const [n, c, h, w] = shape as [number, number, number, number];
  return new Value(source, out, [n, h, w, c], channelsFirst);
};

/** What a value physically is, as a value in logical order. */
export const physical = ({ source, out, dims }: Value): Value => new Value(source, out, dims, null);
