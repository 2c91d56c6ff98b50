/**
 * The lazy graph's building blocks for kernels: operations, layout changes, broadcasting.
 *
 * Kernels speak of logical shapes (as TensorFlow.js does); here they become physical ones. A transpose is
 * inserted only where an operation can't work in the layout its operand has, and at most once per value.
 */
import { elementTypeCode, type Attributes, type ElementType } from '../onnx/model.ts';
import { GraphNode, type Literal, type Source } from './node.ts';
import { int, ints, literal, operation } from './operations.ts';
import { convertLayout, reduceBlocked, withChannelVector } from './blocked.ts';
import { blockOf, channelsFirst, internPerm, invert, permute, physicalAxis, type Perm } from './perm.ts';
import { sameShape, sizeOf, Value } from './value.ts';

export type Operand = Value | Literal | null;

/** What an output of an operation will be. */
export interface Output {
  readonly type: ElementType;
  /** Logical shape. */
  readonly shape: readonly number[];
  /** Layout; default: the logical order. */
  readonly perm?: Perm;
}

export class Graph {
  /** Nodes made since the last flush. */
  nodes = 0;
  /** Nodes made in all. */
  totalNodes = 0;
  /** The kernel being traced, for messages. */
  kernel = '';
  /** Channels in a block of the blocked layout; 0: not to be used. */
  block = 0;

  /** One operation with one output; operands are taken as they physically are. */
  op(
    op: string,
    operands: readonly Operand[],
    output: Output,
    attributes?: Attributes,
    domain?: string,
  ): Value {
    return this.ops(op, operands, [output], attributes, domain)[0] as Value;
  }

  /** One operation with several outputs. */
  ops(
    op: string,
    operands: readonly Operand[],
    outputs: readonly Output[],
    attributes?: Attributes,
    domain?: string,
  ): Value[] {
    const dims = outputs.map(({ shape, perm }) => permute(shape, perm ?? null));
    const node = this.#node(
      op,
      operands,
      dims,
      outputs.map(({ type }) => type),
      attributes,
      domain,
    );
    return outputs.map(({ shape, perm }, i) => new Value(node, i, shape, perm ?? null));
  }

  #node(
    op: string,
    operands: readonly Operand[],
    dims: readonly (readonly number[])[],
    types: readonly ElementType[],
    attributes?: Attributes,
    domain?: string,
  ): GraphNode {
    const sources: Source[] = [];
    const outs: number[] = [];
    const slots = operands.map((operand) => {
      if (operand === null) return 'none';
      if (!(operand instanceof Value)) return operand;
      sources.push(operand.source);
      outs.push(operand.out);
      return 'operand';
    });
    this.nodes++;
    this.totalNodes++;
    return new GraphNode(operation(op, slots, attributes, domain), sources, outs, dims, types, this.kernel);
  }

  // ---- literals

  f32(value: number): Literal {
    return literal('float32', [value], []);
  }

  /** A scalar of the type that other operands have. */
  scalar(type: ElementType, value: number): Literal {
    return literal(type, [value], []);
  }

  /** A vector of int64: axes, shapes, starts. */
  int64s(values: readonly number[]): Literal {
    return literal('int64', values, [values.length]);
  }

  /** A value that is the same number everywhere, held as one element. */
  uniform(type: ElementType, value: number, shape: readonly number[]): Value {
    const dims = shape.map(() => 1);
    const node = this.#node('Identity', [literal(type, [value], dims)], [dims], [type]);
    return new Value(node, 0, shape, null);
  }

  // ---- forms of a value

  /** In logical order, fully expanded: as it must be for operations that know nothing of layouts. */
  plain(value: Value): Value {
    return this.withPerm(this.dense(value), null);
  }

  /** Fully expanded, in the layout it has. */
  dense(value: Value): Value {
    if (!value.isBroadcast) return value;
    return this.#form(value, 'dense', () =>
      this.op('Expand', [value, this.int64s(permute(value.shape, value.perm))], {
        type: value.type,
        shape: value.shape,
        perm: value.perm,
      }),
    );
  }

  /** In a given layout. A broadcast value stays one. */
  withPerm(value: Value, perm: Perm): Value {
    if (value.perm === perm) return value;
    return this.#form(value, perm, () => {
      if (blockOf(value.perm) + blockOf(perm) > 0) return convertLayout(this, value, perm);
      const from = value.perm ?? identity(value.rank);
      const order = (perm ?? identity(value.rank)).map((axis) => from.indexOf(axis));
      const dims = permute(value.dims, order);
      const moved = order.filter((axis) => value.dims[axis] !== 1);
      const onlyOnesMove = moved.every((axis, i) => i === 0 || (moved[i - 1] as number) < axis);
      const node = onlyOnesMove
        ? this.#node('Reshape', [value, this.int64s(dims)], [dims], [value.type], allowZero)
        : this.#node('Transpose', [value], [dims], [value.type], { perm: ints(order) });
      return new Value(node, 0, value.shape, perm);
    });
  }

  /** For operations that can't work on the blocked layout: channels first instead. */
  unblocked(value: Value): Value {
    return blockOf(value.perm) > 0 ? this.withPerm(value, channelsFirst) : value;
  }

  /** The same elements in logical order under another shape. */
  reshape(value: Value, shape: readonly number[]): Value {
    if (sameShape(value.shape, shape)) return value;
    return this.#form(value, `reshape ${shape.join()}`, () => {
      if (value.isBroadcast && sizeOf(value.dims) === 1) {
        const dims = shape.map(() => 1);
        const node = this.#node('Reshape', [value, this.int64s(dims)], [dims], [value.type], allowZero);
        return new Value(node, 0, shape, null);
      }
      return this.op(
        'Reshape',
        [this.plain(value), this.int64s(shape)],
        { type: value.type, shape },
        allowZero,
      );
    });
  }

  /** The elements as they lie, seen with other physical dimensions: nothing moves. */
  view(value: Value, shape: readonly number[], perm: Perm = null): Value {
    const dims = permute(shape, perm);
    if (sameShape(dims, value.dims)) return new Value(value.source, value.out, shape, perm);
    const node = this.#node('Reshape', [value, this.int64s(dims)], [dims], [value.type], allowZero);
    return new Value(node, 0, shape, perm);
  }

  /** Logical axis j of the result is axis `order[j]` of the value: nothing moves. */
  relabel(given: Value, order: readonly number[]): Value {
    const value = this.unblocked(given);
    const inverse = invert(order);
    const perm = internPerm((value.perm ?? identity(value.rank)).map((axis) => inverse[axis] as number));
    return new Value(value.source, value.out, permute(value.shape, order), perm);
  }

  /**
   * A value as another type. Conversions are ONNX's: see kernels/cast.ts for those of TensorFlow.js.
   */
  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.#form(value, `cast ${type}`, () =>
      this.map('Cast', value, { type, attributes: { to: int(elementTypeCode(type)) } }),
    );
  }

  #form(value: Value, key: unknown, make: () => Value): Value {
    value.forms ??= new Map();
    let form = value.forms.get(key);
    if (form === undefined) {
      form = make();
      value.forms.set(key, form);
    }
    return form;
  }

  // ---- element by element

  /** One operand, any layout, further literals. */
  map(
    op: string,
    value: Value,
    options: { type?: ElementType; attributes?: Attributes; literals?: readonly (Literal | null)[] } = {},
  ): Value {
    const node = this.#node(
      op,
      [value, ...(options.literals ?? [])],
      [value.dims],
      [options.type ?? value.type],
      options.attributes,
    );
    return new Value(node, 0, value.shape, value.perm);
  }

  /**
   * Several operands under NumPy broadcasting. The layout is that of the largest; smaller ones are brought to it.
   * @param type of the result; default: that of the first value
   */
  zip(
    op: string,
    operands: readonly (Value | Literal)[],
    type?: ElementType,
    attributes?: Attributes,
  ): Value {
    let shape: readonly number[] = [];
    let leader: Value | undefined;
    for (const operand of operands) {
      if (!(operand instanceof Value)) continue;
      shape = leader === undefined ? operand.shape : broadcastShapes(shape, operand.shape, op);
      if (leader === undefined || leads(operand, leader)) leader = operand;
    }
    if (leader === undefined) throw new Error(`${op} has only literals as operands`);
    const perm = leader.rank === shape.length ? layoutFor(leader, shape) : null;
    let dims: readonly number[] | undefined;
    const aligned = operands.map((operand) => {
      const form = operand instanceof Value ? this.#aligned(operand, shape.length, perm) : operand;
      dims = dims === undefined ? form.dims : broadcastShapes(dims, form.dims, op);
      return form;
    });
    const channelwise = blockOf(perm) > 0 ? withChannelVector(this, op, aligned) : undefined;
    if (channelwise !== undefined) return channelwise;
    const node = this.#node(op, aligned, [dims ?? []], [type ?? leader.type], attributes);
    return new Value(node, 0, shape, perm);
  }

  /** A value such that its dimensions broadcast right against others of this rank in this layout. */
  #aligned(value: Value, rank: number, perm: Perm): Value {
    if (sizeOf(value.dims) === 1 && value.rank <= rank) return value;
    if (perm === null) return this.withPerm(value, null);
    if (value.rank === rank) return this.withPerm(value, perm);
    const padding = Array.from<number>({ length: rank - value.rank }).fill(1);
    return this.withPerm(this.#prefixOnes(value, padding), perm);
  }

  #prefixOnes(value: Value, ones: readonly number[]): Value {
    return this.#form(value, `prefix ${String(ones.length)}`, () => {
      const inOrder = this.withPerm(value, null);
      const dims = [...ones, ...inOrder.dims];
      const node = this.#node('Reshape', [inOrder, this.int64s(dims)], [dims], [value.type], allowZero);
      return new Value(node, 0, [...ones, ...value.shape], null);
    });
  }

  // ---- along axes

  /**
   * Reduces logical axes away (`keepDims`: to 1), in whatever layout the value has.
   * @param op an ONNX reduction that takes its axes as second operand
   */
  reduce(op: string, value: Value, axes: readonly number[], keepDims = false, type = value.type): Value {
    const dense = this.dense(value);
    if (blockOf(dense.perm) > 0) return reduceBlocked(this, op, dense, axes, keepDims, type);
    const gone = new Set(axes);
    const perm = dense.perm ?? identity(dense.rank);
    const operands = [
      dense,
      this.int64s(axes.map((axis) => physicalAxis(axis, dense.perm)).sort((a, b) => a - b)),
    ];
    const attributes = { keepdims: int(keepDims ? 1 : 0), noop_with_empty_axes: int(1) };
    if (keepDims) {
      const shape = dense.shape.map((dim, axis) => (gone.has(axis) ? 1 : dim));
      return this.op(op, operands, { type, shape, perm: dense.perm }, attributes);
    }
    const kept = dense.shape.map((_, axis) => axis).filter((axis) => !gone.has(axis));
    const shape = kept.map((axis) => dense.shape[axis] as number);
    const outPerm = internPerm(perm.filter((axis) => !gone.has(axis)).map((axis) => kept.indexOf(axis)));
    return this.op(op, operands, { type, shape, perm: outPerm }, attributes);
  }

  matMul(a: Value, b: Value, shape: readonly number[]): Value {
    return this.op('MatMul', [a, b], { type: a.type, shape });
  }
}

/** The layout of an operation's result of this shape, led by a value. */
function layoutFor(leader: Value, shape: readonly number[]): Perm {
  return blockOf(leader.perm) > 0 && leader.shape[3] !== shape[3] ? channelsFirst : leader.perm;
}

const allowZero: Attributes = { allowzero: int(1) };
const identities: (readonly number[])[] = [];

function identity(rank: number): readonly number[] {
  return (identities[rank] ??= Array.from({ length: rank }, (_, axis) => axis));
}

/** Whether a value's layout should win over another's: the larger one, then the one that isn't in logical order. */
function leads(a: Value, b: Value): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank;
  const sizeA = sizeOf(a.dims);
  const sizeB = sizeOf(b.dims);
  if (sizeA !== sizeB) return sizeA > sizeB;
  return a.perm !== null && b.perm === null;
}

/** @throws Error naming both shapes when they don't broadcast */
export function broadcastShapes(a: readonly number[], b: readonly number[], op: string): readonly number[] {
  if (b.length === 0 || sameShape(a, b)) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const shape = Array.from<number>({ length: rank });
  for (let i = 0; i < rank; i++) {
    const dimA = a[a.length - rank + i] ?? 1;
    const dimB = b[b.length - rank + i] ?? 1;
    if (dimA !== dimB && dimA !== 1 && dimB !== 1) {
      throw new Error(`${op}: shapes [${a.join()}] and [${b.join()}] can't be broadcast together`);
    }
    shape[i] = dimA === 1 ? dimB : dimA;
  }
  return shape;
}
