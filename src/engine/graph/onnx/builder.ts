/** The graph under construction while an ONNX file is read, and the values its nodes exchange. */
import type { GraphNode, Weight } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import type { Constant } from './constants.ts';
import { broken, unsupported } from './errors.ts';
import {
  canonical,
  contiguous,
  freshView,
  isBatch,
  axisSize,
  logicalShape,
  type Axis,
  type View,
} from './view.ts';

export type Value =
  { readonly kind: 'view'; readonly view: View } | { readonly kind: 'constant'; readonly constant: Constant };

/** A graph node without its name. Distributes over the union, so that each op keeps its own fields. */
type Unnamed<T> = T extends unknown ? Omit<T, 'name'> : never;

/** ONNX axes (batch is axis 0) in the order of the graph tensor's dimensions. */
export type PhysicalOrder = readonly number[];
/** [n, c, h, w] lies as [h, w, c]. */
export const nchw: PhysicalOrder = [2, 3, 1];
export const nhwc: PhysicalOrder = [1, 2, 3];

const ordersByRank: Readonly<Record<number, readonly PhysicalOrder[]>> = {
  2: [[1]],
  3: [
    [2, 1],
    [1, 2],
  ],
  4: [nchw, nhwc],
};

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly weights = new Map<string, Weight>();
  readonly values = new Map<string, Value>();
  private readonly names = new Set<string>();

  /** @param batch the batch size the file is written for (1 where it is dynamic) */
  constructor(
    readonly opset: number,
    readonly batch: number,
  ) {}

  /** A name nobody has yet: `wanted`, or `wanted_2`, `wanted_3`, ... */
  unique(wanted: string): string {
    const base = wanted.replace(/^\/+/, '').trim() || 'node';
    let name = base;
    for (let i = 2; this.names.has(name); i++) name = `${base}_${i}`;
    this.names.add(name);
    return name;
  }

  /** What the graph nodes made for an ONNX node are called. */
  nameOf(node: OnnxNode): string {
    return node.name === '' ? (node.outputs[0] ?? node.opType) : node.name;
  }

  /** Adds a node and returns its name. */
  add(wanted: string, node: Unnamed<GraphNode>): string {
    const name = this.unique(wanted);
    this.nodes.push({ ...node, name });
    return name;
  }

  weight(key: string, shape: readonly number[], data: Float32Array): string {
    let unique = key;
    for (let i = 2; this.weights.has(unique); i++) unique = `${key}_${i}`;
    this.weights.set(unique, { shape, data });
    return unique;
  }

  /** Input `index` of a node, or undefined where it is left out. */
  optional(node: OnnxNode, index: number): Value | undefined {
    const name = node.inputs[index];
    if (name === undefined || name === '') return undefined;
    const value = this.values.get(name);
    if (value === undefined) throw broken(node, `its input "${name}" is made by no earlier node`);
    return value;
  }

  view(node: OnnxNode, index: number): View {
    const value = this.optional(node, index);
    if (value === undefined) throw broken(node, `input ${index} is missing`);
    if (value.kind === 'constant') throw unsupported(node, `input ${index} is a constant`);
    return value.view;
  }

  optionalConstant(node: OnnxNode, index: number): Constant | undefined {
    const value = this.optional(node, index);
    if (value === undefined) return undefined;
    if (value.kind === 'view')
      throw unsupported(node, `input ${index} is computed from the photo, a constant is needed`);
    return value.constant;
  }

  constant(node: OnnxNode, index: number): Constant {
    const constant = this.optionalConstant(node, index);
    if (constant === undefined) throw broken(node, `input ${index} is missing`);
    return constant;
  }

  /** The value of a fresh graph tensor whose dimensions are the ONNX axes in this order. */
  fresh(name: string, shape: readonly number[], order: PhysicalOrder): View {
    const axes = order.map((_, i) => order.indexOf(i + 1));
    return freshView(name, shape, this.batch, axes);
  }

  /**
   * The value laid out as a graph tensor of these ONNX axes, with a channel shuffle or reshape added where
   * needed; undefined where no graph operation can make it so.
   */
  tryArrange(view: View, order: PhysicalOrder, wanted: string): View | undefined {
    const [batch, ...rest] = view.axes;
    if (rest.length !== order.length || !isBatchAxis(batch)) return undefined;
    const ordered = order.map((axis) => view.axes[axis] ?? []);
    const shape = ordered.map(axisSize);
    if (contiguous(view, ordered.flat())) {
      const same = shape.length === view.shape.length && shape.every((d, i) => d === view.shape[i]);
      if (same) return this.fresh(view.node, shape, order);
      return this.fresh(
        this.add(`${wanted}/reshape`, { op: 'reshape', inputs: [view.node], shape }),
        shape,
        order,
      );
    }
    return this.shuffled(view, ordered, shape, order, wanted);
  }

  /** Channels read as [k, g] where they lie as [g, k]: a channel shuffle. */
  private shuffled(
    view: View,
    ordered: readonly Axis[],
    shape: number[],
    order: PhysicalOrder,
    wanted: string,
  ): View | undefined {
    const [slow, fast, ...more] = canonical(ordered.at(-1) ?? []);
    if (slow === undefined || fast === undefined || more.length > 0) return undefined;
    if (slow.stride !== 1 || fast.stride !== slow.size) return undefined;
    const straight = [...ordered.slice(0, -1).flat(), fast, slow];
    const same = shape.length === view.shape.length && shape.every((d, i) => d === view.shape[i]);
    if (!same || !contiguous(view, straight)) return undefined;
    const name = this.add(`${wanted}/shuffle`, {
      op: 'channel-shuffle',
      inputs: [view.node],
      groups: fast.size,
    });
    return this.fresh(name, shape, order);
  }

  arrange(node: OnnxNode, view: View, order: PhysicalOrder): View {
    if (view.axes.length !== order.length + 1)
      throw unsupported(
        node,
        `its input [${logicalShape(view).join(', ')}] has ${view.axes.length} axes, not ${order.length + 1}`,
      );
    const arranged = this.tryArrange(view, order, this.nameOf(node));
    if (arranged === undefined)
      throw unsupported(node, 'its input is rearranged in a way that has no counterpart here');
    return arranged;
  }

  /** All values in one common layout, and which one; tries NCHW first. */
  arrangeAll(node: OnnxNode, views: readonly View[]): { views: View[]; order: PhysicalOrder } {
    const rank = views[0]?.axes.length ?? 0;
    if (views.some((v) => v.axes.length !== rank))
      throw unsupported(node, 'its inputs have different numbers of axes');
    for (const order of ordersByRank[rank] ?? []) {
      // A dry run first: arranging may add nodes, and those of a failed attempt would stay.
      if (!views.every((v) => this.canArrange(v, order))) continue;
      const arranged = views.map((v) => this.tryArrange(v, order, this.nameOf(node)));
      return { views: arranged.filter((v) => v !== undefined), order };
    }
    throw unsupported(node, 'its inputs are laid out differently');
  }

  canArrange(view: View, order: PhysicalOrder): boolean {
    const probe = new GraphBuilder(this.opset, this.batch);
    return probe.tryArrange(view, order, 'probe') !== undefined;
  }

  /** The layout this value has already, if it is one of the usual ones. */
  orderOf(view: View): PhysicalOrder | undefined {
    return (ordersByRank[view.axes.length] ?? []).find((order) => this.canArrange(view, order));
  }
}

const isBatchAxis = (axis: Axis | undefined): boolean =>
  axis !== undefined && axis.length === 1 && axis[0] !== undefined && isBatch(axis[0]);
