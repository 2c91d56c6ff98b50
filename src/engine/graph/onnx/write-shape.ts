/** Operations that move or select numbers, written as ONNX nodes. */
import type { GraphNode } from '../graph.ts';
import { onnxAttribute } from '../onnx-proto.ts';
import type { OnnxWriter, Tensor } from './writer.ts';

function reshape(writer: OnnxWriter, node: GraphNode & { op: 'reshape' }, input: Tensor): Tensor {
  const { shape } = node;
  const toMap = shape.length === 3;
  const [h = 1, w = 1, c = 1] = shape;
  if (input.shape.length === 3 && shape.length === 1) {
    const [ih = 1, iw = 1] = input.shape;
    // Flattened as it lies where that is the same, or where the dense layer behind can reorder its rows.
    if (ih * iw === 1) return { name: flat(writer, input, node), shape, chw: false };
    if (writer.onlyFeedsDense(node.name))
      return { name: flat(writer, input, node), shape, chw: true, flattened: input.shape };
  }
  const from = writer.rowMajor(input);
  if (!toMap) return { name: writer.reshape(from.name, shape, node.name), shape, chw: false };
  if (h * w === 1) return { name: writer.reshape(from.name, [c, 1, 1], node.name), shape, chw: true };
  const rows = writer.reshape(from.name, shape, `${node.name}/nhwc`);
  const name = writer.emit('Transpose', [rows], node.name, [onnxAttribute('perm', [0, 3, 1, 2])]);
  return { name, shape, chw: true };
}

const flat = (writer: OnnxWriter, input: Tensor, node: GraphNode): string =>
  writer.emit('Flatten', [input.name], node.name, [onnxAttribute('axis', 1)]);

function shuffle(writer: OnnxWriter, node: GraphNode & { op: 'channel-shuffle' }, input: Tensor): Tensor {
  const channels = input.shape.at(-1) ?? 1;
  const { groups } = node;
  const lead = input.chw ? [] : input.shape.slice(0, -1);
  const trail = input.chw ? input.shape.slice(0, -1) : [];
  const split = writer.reshape(
    input.name,
    [...lead, groups, channels / groups, ...trail],
    `${node.name}/groups`,
  );
  const axes = Array.from({ length: lead.length + trail.length + 3 }, (_, i) => i);
  const at = lead.length + 1;
  [axes[at], axes[at + 1]] = [at + 1, at];
  const turned = writer.emit('Transpose', [split], `${node.name}/turned`, [onnxAttribute('perm', axes)]);
  return { ...input, name: writer.reshape(turned, [...lead, channels, ...trail], node.name) };
}

/** The operations of this file, or undefined for a node of another kind. */
export function writeShape(
  writer: OnnxWriter,
  node: GraphNode,
  inputs: readonly Tensor[],
): Tensor | undefined {
  const [input] = inputs;
  if (input === undefined) return undefined;
  const shape = writer.shape(node.name);
  const channelAxis = input.chw ? 1 : input.shape.length;
  switch (node.op) {
    case 'pad': {
      const [top, left, bottom, right] = node.pads;
      const pads = writer.integers([0, 0, top, left, 0, 0, bottom, right]);
      const name = writer.emit('Pad', [input.name, pads, writer.number(node.value)], node.name, [
        onnxAttribute('mode', 'constant'),
      ]);
      return { name, shape, chw: true };
    }
    case 'global-average-pool':
    case 'global-max-pool': {
      const op = node.op === 'global-max-pool' ? 'GlobalMaxPool' : 'GlobalAveragePool';
      if (node.keepDims) return { name: writer.emit(op, [input.name], node.name), shape, chw: true };
      const pooled = { ...input, name: writer.emit(op, [input.name], `${node.name}/pooled`) };
      return { name: flat(writer, pooled, node), shape, chw: false };
    }
    case 'reshape':
      return reshape(writer, node, input);
    case 'concat': {
      const names = inputs.map((tensor) => tensor.name);
      const name = writer.emit('Concat', names, node.name, [onnxAttribute('axis', channelAxis)]);
      return { name, shape, chw: input.chw };
    }
    case 'channel-slice': {
      const range = [[node.start], [node.end], [channelAxis]].map((list) => writer.integers(list));
      return { name: writer.emit('Slice', [input.name, ...range], node.name), shape, chw: input.chw };
    }
    case 'channel-shuffle':
      return shuffle(writer, node, input);
    default:
      return undefined;
  }
}
