/** Kernels that pick, place, rank or accumulate elements. */
import { int, literal, text } from '../graph/operations.ts';
import { physicalAxis } from '../graph/perm.ts';
import type { Value } from '../graph/value.ts';
import { backend_util } from '@tensorflow/tfjs-core';
import { asNchw, fromNchw, fromChannelsLast, toChannelsLast } from './conv/geometry.ts';
import { castLikeJs } from './cast.ts';
import type { Kernel, Table } from './kernel.ts';
import { slice } from './shape.ts';

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
  const positions = g.plain(castLikeJs(g, indices, 'int32'));
  return g.op('Gather', [g.plain(x), positions], { type: x.type, shape: outputShape }, { axis: int(axis) });
};

/** The gradient of GatherV2: rows of x added up where they came from; an id out of range is none's. */
const unsortedSegmentSum: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('x');
  const segments = attrs.number('numSegments');
  const ids = castLikeJs(g, inputs.get('segmentIds'), 'int32');
  const [rows] = x.shape as [number];
  if (ids.rank !== 1 || x.type !== 'float32' || x.size === 0 || segments === 0) return undefined;
  const width = x.size / rows;
  const wide = [segments + 1, width];
  const zeros = g.op('ConstantOfShape', [g.int64s(wide)], { type: 'float32', shape: wide });
  const isOne = g.zip('And', [
    g.zip('GreaterOrEqual', [ids, g.scalar('int32', 0)], 'bool'),
    g.zip('Less', [ids, g.scalar('int32', segments)], 'bool'),
  ]);
  // A row more for what belongs nowhere.
  const segment = g.zip('Where', [isOne, ids, g.scalar('int32', segments)], 'int32');
  const where = g.dense(g.reshape(segment, [rows, 1]).withShape([rows, width]));
  const sums = g.op(
    'ScatterElements',
    [zeros, where, g.plain(g.reshape(x, [rows, width]))],
    { type: 'float32', shape: wide },
    { axis: int(0), reduction: text('add') },
  );
  const kept = slice(g, sums, [segments, width], [{ axis: 0, start: 0, end: segments, step: 1 }]);
  return g.reshape(kept, [segments, ...x.shape.slice(1)]);
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

/** How often each number from 0 to `size` occurs, or how much weight it has: what is beyond counts for nothing. */
const denseBincount: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('x');
  const weights = inputs.get('weights');
  const size = attrs.number('size');
  // Numbers below 0 are an error that only the host can tell of.
  const { source, isReady } = x;
  if (!isReady || !source.isLeaf || source.data.some((value) => value < 0)) return undefined;
  if (x.size === 0 || size === 0) return undefined;
  const numbers = literal(
    'int32',
    Array.from({ length: size }, (_, i) => i),
    [size],
  );
  const column = g.reshape(castLikeJs(g, x, 'int32'), [...x.shape, 1]);
  const hit = g.op('Equal', [column, numbers], { type: 'bool', shape: [...x.shape, size] });
  const axis = x.rank - 1;
  if (attrs.flag('binaryOutput') && x.rank === 2)
    return g.cast(g.reduce('ReduceMax', hit, [axis]), weights.type);
  const counted = g.cast(hit, 'float32');
  const weighted =
    weights.size === 0
      ? counted
      : g.zip('Mul', [counted, g.reshape(g.cast(weights, 'float32'), [...x.shape, 1])]);
  return castLikeJs(g, g.reduce('ReduceSum', weighted, [axis]), weights.type);
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
  UnsortedSegmentSum: unsortedSegmentSum,
  OneHot: oneHot,
  DenseBincount: denseBincount,
  TopK: topK,
  Cumsum: cumsum,
  DepthToSpace: depthToSpace,
};
