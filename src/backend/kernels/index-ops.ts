/** Kernels that pick, place, rank or accumulate elements. */
import type { Graph } from '../graph/graph.ts';
import { int, literal, text } from '../graph/operations.ts';
import { physicalAxis } from '../graph/perm.ts';
import type { Value } from '../graph/value.ts';
import { backend_util } from '@tensorflow/tfjs-core';
import { asNchw, fromNchw, fromChannelsLast, toChannelsLast } from './conv/geometry.ts';
import { castLikeJs } from './cast.ts';
import type { Kernel, Table } from './kernel.ts';

/** x at these positions along one axis. */
export function gather(
  g: Graph,
  x: Value,
  indices: Value | ReturnType<typeof literal>,
  axis: number,
  shape: readonly number[],
): Value {
  return g.op('Gather', [g.plain(x), indices], { type: x.type, shape }, { axis: int(axis) });
}

/**
 * Positions that are known already are checked at once, as TensorFlow.js promises; others by ONNX Runtime when it
 * gets to them.
 * @throws Error naming the position and the range
 */
function checkRange(indices: Value, length: number): void {
  const { source, out, isReady } = indices;
  if (!isReady || !source.isLeaf || out !== 0) return;
  for (const index of source.data) {
    if (index < 0 || index >= length) {
      throw new Error(`GatherV2: the index value ${String(index)} is not in [0, ${String(length - 1)}]`);
    }
  }
}

const gatherV2: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('x');
  const indices = inputs.get('indices');
  const batchDims = attrs.number('batchDims', 0);
  const given = attrs.number('axis', 0);
  const axis = given < 0 ? given + x.rank : given;
  checkRange(indices, x.shape[axis] as number);
  if (batchDims !== 0 || x.size === 0 || indices.size === 0) return undefined;
  const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
    { shape: [...x.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[0],
    { shape: [...indices.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[1],
    axis,
    0,
  );
  return gather(g, x, g.plain(castLikeJs(g, indices, 'int32')), axis, outputShape);
};

const oneHot: Kernel = (g, inputs, attrs) => {
  const indices = inputs.get('indices');
  const depth = attrs.number('depth');
  const dtype = (attrs.any('dtype') as 'float32' | 'int32' | 'bool' | undefined) ?? 'int32';
  const on = attrs.number('onValue', 1);
  const off = attrs.number('offValue', 0);
  if (indices.size === 0 || depth === 0) return undefined;
  const classes = literal(
    'int32',
    Array.from({ length: depth }, (_, i) => i),
    [depth],
  );
  const shape = [...indices.shape, depth];
  // Not ONNX's OneHot, in which -1 is the last class.
  const column = g.plain(g.reshape(castLikeJs(g, indices, 'int32'), [...indices.shape, 1]));
  const hit = g.op('Equal', [column, classes], { type: 'bool', shape });
  if (on === 1 && off === 0) return g.cast(hit, dtype);
  return castLikeJs(g, g.zip('Where', [hit, g.f32(on), g.f32(off)], 'float32'), dtype);
};

const topK: Kernel = (g, inputs, attrs) => {
  const given = inputs.get('x');
  const k = attrs.number('k');
  if (given.size === 0 || k === 0 || given.type === 'bool') return undefined;
  const x = g.plain(given);
  const shape = [...x.shape.slice(0, -1), k];
  const [values, indices] = g.ops(
    'TopK',
    [x, g.int64s([k])],
    [
      { type: x.type, shape },
      { type: 'int64', shape },
    ],
    { axis: int(-1), largest: int(1), sorted: int(1) },
  ) as [Value, Value];
  return [values, g.cast(indices, 'int32')];
};

const cumsum: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('x');
  if (x.size === 0 || x.rank === 0) return undefined;
  const numeric = g.unblocked(g.dense(x.type === 'bool' ? g.cast(x, 'int32') : x));
  const given = attrs.number('axis', 0);
  const axis = physicalAxis(given < 0 ? given + x.rank : given, numeric.perm);
  return g.op(
    'CumSum',
    [numeric, g.scalar('int64', axis)],
    { type: numeric.type, shape: x.shape, perm: numeric.perm },
    { exclusive: int(attrs.flag('exclusive') ? 1 : 0), reverse: int(attrs.flag('reverse') ? 1 : 0) },
  );
};

const resizeBilinear: Kernel = (g, inputs, attrs) => {
  const given = inputs.get('images');
  const [height, width] = attrs.numbers('size') as [number, number];
  const alignCorners = attrs.flag('alignCorners');
  const halfPixels = attrs.flag('halfPixelCenters');
  if (given.size === 0 || (alignCorners && (halfPixels || height === 1 || width === 1))) return undefined;
  const x = asNchw(g, g.cast(given, 'float32'));
  const [n, c] = x.shape as [number, number];
  return fromNchw(
    g.op(
      'Resize',
      [x, null, null, g.int64s([n, c, height, width])],
      { type: 'float32', shape: [n, c, height, width] },
      {
        mode: text('linear'),
        coordinate_transformation_mode: text(
          alignCorners ? 'align_corners' : halfPixels ? 'half_pixel' : 'asymmetric',
        ),
      },
    ),
  );
};

/** Which row (or column) each output's nearest one is: the formula of tfjs-backend-cpu. */
function nearest(from: number, to: number, alignCorners: boolean, halfPixels: boolean): number[] {
  const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => {
    const place = halfPixels ? ratio * (i + 0.5) : ratio * i;
    const index = Math.min(from - 1, alignCorners ? Math.round(place) : Math.floor(place));
    return halfPixels ? Math.max(0, index) : index;
  });
}

const resizeNearest: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('images');
  const [height, width] = attrs.numbers('size') as [number, number];
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (x.size === 0) return undefined;
  const pick = (from: number, to: number): ReturnType<typeof literal> =>
    g.int64s(nearest(from, to, attrs.flag('alignCorners'), attrs.flag('halfPixelCenters')));
  const rows = gather(g, x, pick(h, height), 1, [n, height, w, c]);
  return gather(g, rows, pick(w, width), 2, [n, height, width, c]);
};

const depthToSpace: Kernel = (g, inputs, attrs) => {
  const isChannelsFirst = (attrs.any('dataFormat') as string) === 'NCHW';
  const block = attrs.number('blockSize');
  const x = asNchw(g, toChannelsLast(g, inputs.get('x'), isChannelsFirst));
  const [n, c, h, w] = x.shape as [number, number, number, number];
  if (x.type !== 'float32') return undefined;
  const shape = [n, c / block ** 2, h * block, w * block];
  const y = g.op('DepthToSpace', [x], { type: x.type, shape }, { blocksize: int(block), mode: text('DCR') });
  return fromChannelsLast(g, fromNchw(y), isChannelsFirst);
};

export const indexKernels: Table = {
  GatherV2: gatherV2,
  OneHot: oneHot,
  TopK: topK,
  Cumsum: cumsum,
  ResizeBilinear: resizeBilinear,
  ResizeNearestNeighbor: resizeNearest,
  DepthToSpace: depthToSpace,
};
