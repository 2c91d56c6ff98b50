/**
 * The blocked layout [n, c / b, h, w, b] (see perm.ts): ways into it and out of it, and reductions within it.
 *
 * ONNX Runtime declares blocked values as [n, c, h, w] to its own operators; here they have the five dimensions that
 * elementwise operations and reductions understand. A Reshape between the two moves nothing.
 */
import type { ElementType } from '../onnx/model.ts';
import type { Graph } from './graph.ts';
import type { GraphNode, Literal } from './node.ts';
import { int, ints } from './operations.ts';
import { blockOf, channelsFirst, type Perm } from './perm.ts';
import { sizeOf, Value } from './value.ts';

/** Domain of ONNX Runtime's operators on the blocked layout. */
export const blockedDomain = 'com.microsoft.nchwc';

/** A value in another layout, where one of the two is blocked. */
export function convertLayout(g: Graph, value: Value, perm: Perm): Value {
  return blockOf(perm) > 0 ? block(g, value, perm) : g.withPerm(unblock(g, value, perm), perm);
}

const isReorderable = (value: Value): boolean => value.type === 'float32' && !value.isBroadcast;

function unblock(g: Graph, value: Value, wanted: Perm): Value {
  const [n, h, w, c] = value.shape as [number, number, number, number];
  if (isReorderable(value)) {
    const isLast = wanted === null;
    return g.op(
      'ReorderOutput',
      [g.view(value, [n, c, h, w])],
      { type: 'float32', shape: value.shape, perm: isLast ? null : channelsFirst },
      { channels: int(c), channels_last: int(isLast ? 1 : 0) },
      blockedDomain,
    );
  }
  const [dn, outer, dh, dw, inner] = value.dims as [number, number, number, number, number];
  const channelsLast = g.op(
    'Transpose',
    [value],
    { type: value.type, shape: [dn, dh, dw, outer, inner] },
    { perm: ints([0, 2, 3, 1, 4]) },
  );
  return broadcastTo(g.view(channelsLast, [dn, dh, dw, outer * inner]), value.shape);
}

function block(g: Graph, value: Value, perm: Perm): Value {
  const size = blockOf(perm);
  const [n, h, w, c] = value.shape as [number, number, number, number];
  const isFull = isReorderable(value) && c % size === 0;
  if (isFull && (value.perm === null || value.perm === channelsFirst)) {
    const reordered = g.op(
      'ReorderInput',
      [value],
      { type: 'float32', shape: [n, c, h, w] },
      { channels_last: int(value.perm === null ? 1 : 0) },
      blockedDomain,
    );
    return g.view(reordered, value.shape, perm);
  }
  const last = g.withPerm(value, null);
  const [dn, dh, dw, dc] = last.dims as [number, number, number, number];
  const split = dc === 1 ? [1, 1] : [dc / size, size];
  const [outer, inner] = split as [number, number];
  const dims = [dn, outer, dh, dw, inner];
  const moves = dh * dw > 1 && outer > 1;
  const moved = moves
    ? g.op(
        'Transpose',
        [g.view(last, [dn, dh, dw, outer, inner])],
        { type: value.type, shape: dims },
        { perm: ints([0, 3, 1, 2, 4]) },
      )
    : g.view(last, dims);
  return broadcastTo(moved, value.shape, perm);
}

const broadcastTo = (value: Value, shape: readonly number[], perm: Perm = null): Value =>
  value.withShape(shape, perm);

/**
 * Reduces logical axes of a blocked value. Those of one channel, and those of one channel of one photo, stay where
 * they are; others leave the layout.
 */
export function reduceBlocked(
  g: Graph,
  op: string,
  value: Value,
  axes: readonly number[],
  keepDims: boolean,
  type: ElementType,
): Value {
  const [n, h, w, c] = value.shape as [number, number, number, number];
  const gone = new Set(axes);
  const overPhotos = gone.has(0);
  if (gone.has(3) || !gone.has(1) || !gone.has(2)) {
    return g.reduce(op, g.unblocked(value), axes, keepDims, type);
  }
  const size = blockOf(value.perm);
  // In two steps: ONNX Runtime is slow at reducing axes that aren't neighbours.
  let result = g.reduce(op, g.view(value, [(n * c) / size, h * w, size]), [1], false, type);
  result = g.view(result, [n, c]);
  if (overPhotos) result = g.reduce(op, result, [0], false, type);
  const kept = value.shape.filter((_, axis) => !gone.has(axis));
  const shape = keepDims ? value.shape.map((dim, axis) => (gone.has(axis) ? 1 : dim)) : kept;
  return g.view(result, shape);
}

/**
 * A blocked value times, plus or minus a vector of its channels: a bias of the blocked convolution that made it, or a
 * depthwise 1x1 convolution. ONNX Runtime broadcasts blocks of 16 numbers three times slower.
 * @param operands brought to one layout, as an operation element by element would take them
 * @returns undefined where this isn't such an operation
 */
export function withChannelVector(
  g: Graph,
  op: string,
  operands: readonly (Value | Literal)[],
): Value | undefined {
  const [a, b] = operands;
  if (a instanceof Value && b instanceof Value && a.type === 'float32' && operands.length === 2) {
    if (op === 'Mul' || op === 'Add') {
      if (isChannelVector(b, a)) return applyVector(g, op, a, b);
      if (isChannelVector(a, b)) return applyVector(g, op, b, a);
    } else if (op === 'Sub' && isChannelVector(b, a)) {
      return applyVector(g, 'Add', a, g.map('Neg', b));
    }
  }
  return undefined;
}

function isChannelVector(vector: Value, of: Value): boolean {
  const size = blockOf(of.perm);
  if (size === 0 || of.isBroadcast || of.type !== 'float32') return false;
  const { dims } = vector;
  const c = of.shape[3] as number;
  return dims.length === 5 && dims[1] === c / size && dims[4] === size && sizeOf(dims) === c;
}

function applyVector(g: Graph, op: 'Mul' | 'Add', x: Value, vector: Value): Value {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const shape = [n, c, h, w];
  const flat = g.view(vector, [c]);
  const made = op === 'Add' ? convWithoutBias(x) : undefined;
  if (made !== undefined) {
    const { operation, sources, outs } = made;
    const operands = sources.map((source, i) => {
      const out = outs[i] as number;
      return new Value(source, out, source.dims[out] as readonly number[], null);
    });
    const y = g.op(
      'Conv',
      [...operands, flat],
      { type: 'float32', shape },
      operation.attributes,
      blockedDomain,
    );
    return g.view(y, x.shape, x.perm);
  }
  const ones = (): Value => g.dense(g.uniform('float32', 1, [c, 1, 1, 1]));
  const operands = [g.view(x, shape), op === 'Mul' ? g.view(flat, [c, 1, 1, 1]) : ones()];
  if (op === 'Add') operands.push(flat);
  const attributes = { kernel_shape: ints([1, 1]), group: int(c) };
  return g.view(
    g.op('Conv', operands, { type: 'float32', shape }, attributes, blockedDomain),
    x.shape,
    x.perm,
  );
}

/** The pending blocked convolution that a value is a view of, where it has no bias yet. */
function convWithoutBias({ source }: Value): GraphNode | undefined {
  if (source.isLeaf || source.operation.op !== 'Reshape') return undefined;
  const [made] = source.sources;
  if (made === undefined || made.isLeaf || made.operation.op !== 'Conv') return undefined;
  return made.operation.domain === blockedDomain && made.sources.length === 2 ? made : undefined;
}
