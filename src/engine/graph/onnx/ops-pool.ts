/** ONNX pooling, with a window or over the whole map. */
import type { Pads } from '../graph.ts';
import type { OnnxNode } from '../onnx-proto.ts';
import { numberOf } from './attributes.ts';
import { nchw, type GraphBuilder } from './builder.ts';
import { broken, unsupported } from './errors.ts';
import type { View } from './view.ts';
import { pair, spatialOutput, windowOf, type Window } from './window.ts';

/**
 * ceil_mode as padding after the last row and column, so that rounding down gives the same number of
 * windows. As ONNX and PyTorch have it, a window that would start in that padding is left out.
 */
function ceilPads(input: readonly number[], window: Window): Pads {
  const { kernel, strides, pads } = window;
  const after = (axis: 0 | 1): number => {
    const size = input[axis] ?? 1;
    const before = pads[axis];
    const declared = pads[axis + 2] ?? 0;
    let out = Math.ceil((size + before + declared - kernel[axis]) / strides[axis]) + 1;
    if ((out - 1) * strides[axis] >= size + before) out--;
    return Math.max(declared, (out - 1) * strides[axis] + kernel[axis] - size - before);
  };
  return [pads[0], pads[1], after(0), after(1)];
}

export function pool(builder: GraphBuilder, node: OnnxNode): View {
  const max = node.opType === 'MaxPool';
  if (node.outputs.length > 1 && node.outputs[1] !== '') throw unsupported(node, 'it also returns indices');
  const x = builder.arrange(node, builder.view(node, 0), nchw);
  const kernel = pair(node, 'kernel_shape', [0, 0]);
  if (kernel[0] === 0) throw broken(node, 'it states no kernel_shape');
  const declared = windowOf(node, kernel, x.shape);
  if (declared.dilations.some((d) => d !== 1)) throw unsupported(node, 'a dilated window');
  const name = builder.nameOf(node);
  const [h = 1, w = 1, c = 1] = x.shape;
  const unpadded = declared.pads.every((p) => p === 0);
  if (!max && unpadded && kernel[0] === h && kernel[1] === w) {
    const made = builder.add(name, { op: 'global-average-pool', inputs: [x.node], keepDims: true });
    return builder.fresh(made, [1, 1, c], nchw);
  }
  const countPadding = !max && numberOf(node, 'count_include_pad', 0) !== 0;
  let window = declared;
  let from = x.node;
  let shape: readonly number[] = x.shape;
  if (numberOf(node, 'ceil_mode', 0) !== 0) {
    const pads = ceilPads(shape, window);
    const overhangs = pads.some((p, i) => p !== declared.pads[i]);
    if (countPadding && overhangs && !unpadded) {
      // Declared padding counts in the mean, the overhang of the last window does not.
      from = builder.add(`${name}/pad`, { op: 'pad', inputs: [from], pads: declared.pads, value: 0 });
      const [t, l, b, r] = declared.pads;
      shape = [h + t + b, w + l + r, c];
      const rest: Pads = [0, 0, pads[2] - b, pads[3] - r];
      window = { ...window, pads: rest };
      return finishPool(builder, name, from, shape, window, max, false);
    }
    window = { ...window, pads };
    if (overhangs) return finishPool(builder, name, from, shape, window, max, false);
  }
  return finishPool(builder, name, from, shape, window, max, countPadding);
}

function finishPool(
  builder: GraphBuilder,
  name: string,
  from: string,
  shape: readonly number[],
  window: Window,
  max: boolean,
  countPadding: boolean,
): View {
  const made = builder.add(name, {
    op: max ? 'max-pool' : 'average-pool',
    inputs: [from],
    window: window.kernel,
    strides: window.strides,
    pads: window.pads,
    countPadding,
  });
  return builder.fresh(made, [...spatialOutput(shape, window), shape[2] ?? 1], nchw);
}

export function globalPool(builder: GraphBuilder, node: OnnxNode): View {
  const x = builder.arrange(node, builder.view(node, 0), nchw);
  const made = builder.add(builder.nameOf(node), {
    op: node.opType === 'GlobalMaxPool' ? 'global-max-pool' : 'global-average-pool',
    inputs: [x.node],
    keepDims: true,
  });
  return builder.fresh(made, [1, 1, x.shape[2] ?? 1], nchw);
}
