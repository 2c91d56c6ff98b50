/** Convolutions and pools of volumes [n, d, h, w, c], on [n, c, d, h, w]. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.ts';
import { int, ints, text } from '../graph/operations.ts';
import { internPerm } from '../graph/perm.ts';
import { sizeOf, Value } from '../graph/value.ts';
import { physical } from './conv/geometry.ts';
import type { Attrs, Kernel, Table } from './kernel.ts';
import { pad, reverse, slice } from './shape.ts';

type Sizes = readonly [depth: number, height: number, width: number];

/** The numbers that a convolution or pool is made of, along each axis of a volume. */
interface Volume {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: Sizes;
  readonly output: Sizes;
  readonly kernel: Sizes;
  readonly strides: Sizes;
  readonly dilations: Sizes;
  readonly padBefore: Sizes;
  /** After the end, what the last window reaches; negative where it stops short of the end. */
  readonly reach: Sizes;
}

function volumeOf(info: ReturnType<typeof backend_util.computeConv3DInfo>): Volume {
  const input: Sizes = [info.inDepth, info.inHeight, info.inWidth];
  const output: Sizes = [info.outDepth, info.outHeight, info.outWidth];
  const strides: Sizes = [info.strideDepth, info.strideHeight, info.strideWidth];
  const extent: Sizes = [info.effectiveFilterDepth, info.effectiveFilterHeight, info.effectiveFilterWidth];
  const padBefore: Sizes = [info.padInfo.front, info.padInfo.top, info.padInfo.left];
  const reach = (i: 0 | 1 | 2): number => (output[i] - 1) * strides[i] + extent[i] - input[i] - padBefore[i];
  return {
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    input,
    output,
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides,
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    padBefore,
    reach: [reach(0), reach(1), reach(2)],
  };
}

type Five = [number, number, number, number, number];

/** Of a convolution of x [n, d, h, w, in] with a filter [kd, kh, kw, in, out]. */
const convVolume = (x: readonly number[], filter: readonly number[], attrs: Attrs): Volume =>
  volumeOf(
    backend_util.computeConv3DInfo(
      [...x] as Five,
      [...filter] as Five,
      attrs.any('strides') as number,
      (attrs.any('dilations') as number | undefined) ?? 1,
      attrs.any('pad') as 'same' | 'valid',
    ),
  );

const poolVolume = (x: readonly number[], attrs: Attrs): Volume =>
  volumeOf(
    backend_util.computePool3DInfo(
      [...x] as Five,
      attrs.any('filterSize') as number,
      attrs.any('strides') as number,
      1,
      attrs.any('pad') as 'same' | 'valid' | number,
      attrs.any('dimRoundingMode') as 'floor' | 'round' | 'ceil' | undefined,
    ),
  );

/** Without elements, or with the padding below 0 that TensorFlow.js makes of 'same' where strides skip elements. */
const isUnusual = ({ batch, inChannels, outChannels, input, output, padBefore }: Volume): boolean =>
  [batch, inChannels, outChannels, ...input, ...output].some((size) => size <= 0) ||
  padBefore.some((size) => size < 0);

/** ONNX wants less padding than kernel. */
const isPaddedTooFar = ({ padBefore, reach, kernel }: Volume): boolean =>
  [0, 1, 2].some((i) => Math.max(padBefore[i] as number, reach[i] as number) >= (kernel[i] as number));

const window = ({ kernel, strides, padBefore, reach }: Volume) => ({
  kernel_shape: ints(kernel),
  strides: ints(strides),
  pads: ints([...padBefore, ...reach.map((size) => Math.max(size, 0))]),
});

const transposed = (volume: Volume) => ({
  ...window(volume),
  output_padding: ints(volume.reach.map((size) => Math.max(-size, 0))),
});

const channelsFirst = internPerm([0, 4, 1, 2, 3]);
const channelsThenPhotos = internPerm([4, 0, 1, 2, 3]);
const outputsFirst = internPerm([4, 3, 0, 1, 2]);
const inputsThenOutputs = internPerm([3, 4, 0, 1, 2]);

/** The elements as they lie in a layout. */
const laid = (g: Graph, x: Value, perm: typeof channelsFirst): Value =>
  physical(g.withPerm(g.dense(x), perm));

/** [n, d, h, w, c] over [n, c, d, h, w]. */
function fromChannelsFirst({ source, out, shape }: Value): Value {
  const [n, c, ...sizes] = shape as Five;
  return new Value(source, out, [n, ...sizes, c], channelsFirst);
}

const conv: Kernel = (g, inputs, attrs) => {
  const x = g.cast(inputs.get('x'), 'float32');
  const filter = g.cast(inputs.get('filter'), 'float32');
  const volume = convVolume(x.shape, filter.shape, attrs);
  if (isUnusual(volume)) return undefined;
  const operands = [laid(g, x, channelsFirst), laid(g, filter, outputsFirst)];
  const shape = [volume.batch, volume.outChannels, ...volume.output];
  const attributes = { ...window(volume), dilations: ints(volume.dilations) };
  return fromChannelsFirst(g.op('Conv', operands, { type: 'float32', shape }, attributes));
};

const convInputGradient: Kernel = (g, inputs, attrs) => {
  const dy = g.cast(inputs.get('dy'), 'float32');
  const filter = g.cast(inputs.get('filter'), 'float32');
  const volume = convVolume(attrs.numbers('inputShape'), filter.shape, attrs);
  if (isUnusual(volume)) return undefined;
  const operands = [laid(g, dy, channelsFirst), laid(g, filter, outputsFirst)];
  const shape = [volume.batch, volume.inChannels, ...volume.input];
  return fromChannelsFirst(g.op('ConvTranspose', operands, { type: 'float32', shape }, transposed(volume)));
};

/** A convolution over photos, with dy as the filter, whose taps are a stride apart. */
const convFilterGradient: Kernel = (g, inputs, attrs) => {
  const x = g.cast(inputs.get('x'), 'float32');
  const dy = g.cast(inputs.get('dy'), 'float32');
  const filterShape = attrs.numbers('filterShape');
  const volume = convVolume(x.shape, filterShape, attrs);
  if (isUnusual(volume)) return undefined;
  const { inChannels, outChannels, kernel, output, strides, padBefore, reach } = volume;
  const after = reach.map((size) => Math.max(size, 0));
  // Where windows stop short of the end, there are places for more taps than the filter has.
  const taps = kernel.map((size, i) => size + Math.max(-(reach[i] as number), 0));
  const wide = g.op(
    'Conv',
    [laid(g, x, channelsThenPhotos), laid(g, dy, channelsThenPhotos)],
    { type: 'float32', shape: [inChannels, outChannels, ...taps] },
    { kernel_shape: ints(output), dilations: ints(strides), pads: ints([...padBefore, ...after]) },
  );
  const surplus = kernel.flatMap((end, i) =>
    end === taps[i] ? [] : [{ axis: i + 2, start: 0, end, step: 1 }],
  );
  const { source, out } = slice(g, wide, [inChannels, outChannels, ...kernel], surplus);
  return new Value(source, out, filterShape, inputsThenOutputs);
};

const pool =
  (op: 'MaxPool' | 'AveragePool'): Kernel =>
  (g, inputs, attrs) => {
    const x = g.cast(inputs.get('x'), 'float32');
    const volume = poolVolume(x.shape, attrs);
    if (isUnusual(volume) || isPaddedTooFar(volume)) return undefined;
    const shape = [volume.batch, volume.inChannels, ...volume.output];
    return fromChannelsFirst(
      g.op(op, [laid(g, x, channelsFirst)], { type: 'float32', shape }, window(volume)),
    );
  };

/**
 * Scattered to where the greatest elements are: of several, tfjs-backend-cpu takes the last one and ONNX Runtime the
 * first, so volumes are turned around.
 */
const maxPoolGradient: Kernel = (g, inputs, attrs) => {
  const x = g.cast(inputs.get('input'), 'float32');
  const volume = poolVolume(x.shape, attrs);
  // Only the CPU has the positions of the greatest elements.
  if (isUnusual(volume) || isPaddedTooFar(volume) || g.block === 0) return undefined;
  const { batch, inChannels, input, output, padBefore, reach } = volume;
  // Turned around, windows would begin at an end that they don't reach.
  const unread = reach.map((size) => Math.max(-size, 0));
  const read = [batch, inChannels, ...input.map((size, i) => size - (unread[i] as number))];
  const cuts = unread.flatMap((size, i) =>
    size === 0 ? [] : [{ axis: i + 2, start: 0, end: read[i + 2] as number, step: 1 }],
  );
  const spatial = [2, 3, 4];
  const shape = [batch, inChannels, ...output];
  const [, where] = g.ops(
    'MaxPool',
    [reverse(g, slice(g, laid(g, x, channelsFirst), read, cuts), spatial)],
    [
      { type: 'float32', shape },
      { type: 'int64', shape },
    ],
    { ...window(volume), pads: ints([...reach.map((size) => Math.max(size, 0)), ...padBefore]) },
  );
  const dy = reverse(g, laid(g, inputs.get('dy'), channelsFirst), spatial);
  const zeros = g.op('ConstantOfShape', [g.int64s([sizeOf(read)])], {
    type: 'float32',
    shape: [sizeOf(read)],
  });
  const scattered = g.op(
    'ScatterElements',
    [zeros, g.reshape(where as Value, [sizeOf(shape)]), g.reshape(dy, [sizeOf(shape)])],
    { type: 'float32', shape: [sizeOf(read)] },
    { axis: int(0), reduction: text('add') },
  );
  const dx = reverse(g, g.reshape(scattered, read), spatial);
  return fromChannelsFirst(
    pad(
      g,
      dx,
      [0, 0, ...unread].map((size) => [0, size] as const),
    ),
  );
};

/** Every element's gradient spread over its window; by the window's size even at the borders, as in two dimensions. */
const averagePoolGradient: Kernel = (g, inputs, attrs) => {
  const volume = poolVolume(inputs.get('input').shape, attrs);
  if (isUnusual(volume)) return undefined;
  const { batch, inChannels, input, output, kernel } = volume;
  const planes = batch * inChannels;
  const dy = g.reshape(laid(g, inputs.get('dy'), channelsFirst), [planes, 1, ...output]);
  const share = g.dense(g.uniform('float32', 1 / (kernel[0] * kernel[1] * kernel[2]), [1, 1, ...kernel]));
  const spread = g.op(
    'ConvTranspose',
    [dy, share],
    { type: 'float32', shape: [planes, 1, ...input] },
    transposed(volume),
  );
  return fromChannelsFirst(g.reshape(spread, [batch, inChannels, ...input]));
};

export const volumeKernels: Table = {
  Conv3D: conv,
  Conv3DBackpropInputV2: convInputGradient,
  Conv3DBackpropFilterV2: convFilterGradient,
  MaxPool3D: pool('MaxPool'),
  MaxPool3DGrad: maxPoolGradient,
  AvgPool3D: pool('AveragePool'),
  AvgPool3DGrad: averagePoolGradient,
};
