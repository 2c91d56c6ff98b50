/** ONNX operations that move or select numbers: Reshape and its relatives, Concat, Split, Slice, Pad, means. */
import type { Pads } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import { intsOf, numberOf, stringOf } from './attributes.ts';
import { nchw, type GraphBuilder } from './builder.ts';
import {
  axesOf,
  axisIndex,
  listOf,
  resolveReshape,
  sliceRanges,
  squeezedDims,
  unsqueezedDims,
  type Constant,
} from './constants.ts';
import { broken, unsupported } from './errors.ts';
import {
  axisSize,
  canonical,
  contiguous,
  isBatch,
  logicalShape,
  product,
  reshaped,
  type Axis,
  type View,
} from './view.ts';

/** Sizes after Reshape, Flatten, Squeeze or Unsqueeze. */
function targetSizes(builder: GraphBuilder, node: OnnxNode, view: View): number[] {
  const from = logicalShape(view);
  switch (node.opType) {
    case 'Reshape': {
      const shape = builder.optionalConstant(node, 1);
      const target = shape === undefined ? (intsOf(node, 'shape') ?? []) : listOf(shape);
      return resolveReshape(from, target, numberOf(node, 'allowzero', 0) !== 0);
    }
    case 'Flatten': {
      const axis = axisIndex(numberOf(node, 'axis', 1), from.length);
      return [product(from.slice(0, axis)), product(from.slice(axis))];
    }
    case 'Squeeze': {
      // Without axes every single element goes, but never the batch, even where it is one photo.
      const axes = axesOf(node, builder.optionalConstant(node, 1));
      const kept = axes ?? from.flatMap((d, i) => (d === 1 && !view.axes[i]?.some(isBatch) ? [i] : []));
      return squeezedDims(from, kept);
    }
    default:
      return unsqueezedDims(from, axesOf(node, builder.optionalConstant(node, 1)) ?? []);
  }
}

/** Reshape, Flatten, Squeeze, Unsqueeze: another view of the same numbers. */
export function reshape(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const sizes = targetSizes(builder, node, view);
  if (!sizes.every((d) => Number.isInteger(d) && d >= 1) || product(sizes) !== product(logicalShape(view)))
    throw broken(node, `[${logicalShape(view).join(', ')}] can not become [${sizes.join(', ')}]`);
  const axes = reshaped(view.axes, sizes);
  if (axes === undefined)
    throw unsupported(node, `it turns [${logicalShape(view).join(', ')}] into [${sizes.join(', ')}]`);
  // A vector is what heads read: give it a node, so that it can be found under the file's own name.
  if (axes.length === 2 && view.shape.length > 1) {
    const shape = [product(view.shape)];
    const made = builder.add(builder.nameOf(node), { op: 'reshape', inputs: [view.node], shape });
    return { node: made, shape, axes };
  }
  return { ...view, axes };
}

export function transpose(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const rank = view.axes.length;
  const permutation = intsOf(node, 'perm') ?? view.axes.map((_, i) => rank - 1 - i);
  if (permutation.length !== rank || new Set(permutation).size !== rank)
    throw broken(node, `perm [${permutation.join(', ')}] does not fit ${rank} axes`);
  return {
    ...view,
    axes: permutation.map((p) => {
      const axis = view.axes[p];
      if (axis === undefined)
        throw broken(node, `perm [${permutation.join(', ')}] does not fit ${rank} axes`);
      return axis;
    }),
  };
}

export function concat(builder: GraphBuilder, node: OnnxNode): View {
  const views = node.inputs.map((_, i) => builder.view(node, i));
  const rank = views[0]?.axes.length ?? 0;
  const axis = axisIndex(numberOf(node, 'axis', 1), rank);
  const orders =
    rank === 4
      ? [axis === 3 ? [1, 2, 3] : nchw]
      : rank === 2
        ? [[1]]
        : rank === 3
          ? [
              [2, 1],
              [1, 2],
            ]
          : [];
  const order = orders.find((o) => o.at(-1) === axis && views.every((v) => builder.canArrange(v, o)));
  if (order === undefined) throw unsupported(node, `joining along axis ${axis} of ${rank}`);
  const arranged = views.map((v) => builder.arrange(node, v, order));
  const [first] = arranged;
  if (first === undefined) throw broken(node, 'it has no inputs');
  if (arranged.length === 1) return first;
  const channels = arranged.reduce((n, v) => n + (v.shape.at(-1) ?? 0), 0);
  const shape = [...first.shape.slice(0, -1), channels];
  const made = builder.add(builder.nameOf(node), { op: 'concat', inputs: arranged.map((v) => v.node) });
  return builder.fresh(made, shape, order);
}

/** The value laid out with this ONNX axis as the channels. */
function withChannels(
  builder: GraphBuilder,
  node: OnnxNode,
  view: View,
  axis: number,
): { view: View; order: readonly number[] } {
  const rank = view.axes.length;
  const order = rank === 2 ? [1] : rank === 4 ? (axis === 3 ? [1, 2, 3] : nchw) : [];
  if (order.at(-1) !== axis) throw unsupported(node, `cutting along axis ${axis} of ${rank}`);
  return { view: builder.arrange(node, view, order), order };
}

export function split(builder: GraphBuilder, node: OnnxNode): View[] {
  const x = builder.view(node, 0);
  const axis = axisIndex(numberOf(node, 'axis', 0), x.axes.length);
  const { view, order } = withChannels(builder, node, x, axis);
  const channels = view.shape.at(-1) ?? 0;
  const stated = builder.optionalConstant(node, 1);
  const parts = node.outputs.length;
  const even = Math.ceil(channels / parts);
  const sizes =
    (stated === undefined ? undefined : listOf(stated)) ??
    intsOf(node, 'split') ??
    node.outputs.map((_, i) => Math.min(even, channels - i * even));
  if (sizes.length !== parts || sizes.reduce((a, b) => a + b, 0) !== channels || sizes.some((d) => d < 1))
    throw broken(node, `parts of [${sizes.join(', ')}] do not make ${channels} channels`);
  let start = 0;
  return sizes.map((size, i) => {
    const end = start + size;
    const name = builder.add(`${builder.nameOf(node)}/${i}`, {
      op: 'channel-slice',
      inputs: [view.node],
      start,
      end,
    });
    start = end;
    return builder.fresh(name, [...view.shape.slice(0, -1), size], order);
  });
}

export function slice(builder: GraphBuilder, node: OnnxNode): View {
  const x = builder.view(node, 0);
  const list = (index: number, name: string): number[] | undefined => {
    const constant = builder.optionalConstant(node, index);
    return constant === undefined ? intsOf(node, name) : listOf(constant);
  };
  const from = logicalShape(x);
  const ranges = sliceRanges(
    from,
    list(1, 'starts') ?? [],
    list(2, 'ends') ?? [],
    list(3, 'axes'),
    builder.optionalConstant(node, 4) === undefined ? undefined : list(4, 'steps'),
  ).filter(({ axis, start, end, step }) => step !== 1 || start !== 0 || end !== from[axis]);
  const [only, ...more] = ranges;
  if (only === undefined) return x;
  if (more.length > 0 || only.step !== 1) throw unsupported(node, 'a cut along anything but channels');
  if (only.end <= only.start) throw broken(node, 'an empty cut');
  const { view, order } = withChannels(builder, node, x, only.axis);
  const { start, end } = only;
  const made = builder.add(builder.nameOf(node), { op: 'channel-slice', inputs: [view.node], start, end });
  return builder.fresh(made, [...view.shape.slice(0, -1), end - start], order);
}

export function pad(builder: GraphBuilder, node: OnnxNode): View {
  const mode = stringOf(node, 'mode', 'constant') || 'constant';
  if (mode !== 'constant') throw unsupported(node, `mode "${mode}"`);
  const view = builder.view(node, 0);
  const rank = view.axes.length;
  const stated = builder.optionalConstant(node, 1);
  const list = stated === undefined ? (intsOf(node, 'pads') ?? []) : listOf(stated);
  const axesInput = builder.optionalConstant(node, 3);
  const axes =
    axesInput === undefined ? view.axes.map((_, i) => i) : listOf(axesInput).map((a) => axisIndex(a, rank));
  if (list.length !== axes.length * 2) throw broken(node, `${list.length} pads for ${axes.length} axes`);
  const around = (axis: number): [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [list[at] ?? 0, list[at + axes.length] ?? 0];
  };
  if (list.every((p) => p === 0)) return view;
  const order = builder.orderOf(view);
  if (rank !== 4 || order === undefined) throw unsupported(node, 'padding something that is not a map');
  const [heightAxis = 2, widthAxis = 3, channelAxis = 1] = order;
  if ([0, channelAxis].some((axis) => around(axis).some((p) => p !== 0)))
    throw unsupported(node, 'padding of channels');
  const [top, bottom] = around(heightAxis);
  const [left, right] = around(widthAxis);
  const pads: Pads = [top, left, bottom, right];
  if (pads.some((p) => p < 0)) throw unsupported(node, `negative padding [${pads.join(', ')}]`);
  const value: Constant | undefined = builder.optionalConstant(node, 2);
  const x = builder.arrange(node, view, order);
  const [h = 1, w = 1, c = 1] = x.shape;
  const made = builder.add(builder.nameOf(node), {
    op: 'pad',
    inputs: [x.node],
    pads,
    value: value?.data[0] ?? numberOf(node, 'value', 0),
  });
  return builder.fresh(made, [h + top + bottom, w + left + right, c], order);
}

/** ReduceMean and ReduceMax over height and width. */
export function reduce(builder: GraphBuilder, node: OnnxNode): View {
  const view = builder.view(node, 0);
  const rank = view.axes.length;
  const stated = axesOf(node, builder.optionalConstant(node, 1));
  if (stated === undefined || stated.length === 0) throw unsupported(node, 'a mean over the whole batch');
  const over = new Set(stated.map((a) => axisIndex(a, rank)));
  const keep = numberOf(node, 'keepdims', 1) !== 0;
  const gone = view.axes.filter((_, i) => over.has(i)).flat();
  const rest = (axes: readonly Axis[]): Axis[] =>
    axes.flatMap((axis, i) => (over.has(i) ? (keep ? [[]] : []) : [axis]));
  const remaining = rest(view.axes);
  if (canonical(gone).length === 0) return { ...view, axes: remaining };
  const [, , channels = 0] = view.shape;
  // What stays must be the batch and all channels, in order or not; what goes must be all pixels.
  const channelAtoms = remaining.flat().filter((atom) => !isBatch(atom));
  const pixels =
    view.shape.length === 3 && product(gone.map((a) => a.size)) * channels === product(view.shape);
  if (!pixels || channelAtoms.some((a) => a.stride >= channels) || axisSize(channelAtoms) !== channels)
    throw unsupported(
      node,
      `axes [${stated.join(', ')}] of [${logicalShape(view).join(', ')}], which are not height and width`,
    );
  const flat = contiguous({ ...view, shape: [channels] }, channelAtoms) && remaining.length === 2;
  const made = builder.add(builder.nameOf(node), {
    op: node.opType === 'ReduceMax' ? 'global-max-pool' : 'global-average-pool',
    inputs: [view.node],
    keepDims: !flat,
  });
  return { node: made, shape: flat ? [channels] : [1, 1, channels], axes: remaining };
}
