/** Shapes of every tensor of a model graph, and the checks that come with computing them. */
import { HolotypeError } from '../../contract/errors.ts';
import { weightKeys, type GraphNode, type ModelGraph, type Pads, type Pair, type Weight } from './graph.ts';

export type Shape = readonly number[];

const show = (shape: Shape): string => `[${shape.join(', ')}]`;
const product = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

function invalid(node: GraphNode, why: string): HolotypeError {
  return new HolotypeError('bad-input', `The model is broken at ${node.op} "${node.name}": ${why}.`, {
    remedy: 'Download or export the model again.',
    details: { op: node.op, node: node.name },
  });
}

const whole = (values: readonly number[], least: number): boolean =>
  values.every((v) => Number.isSafeInteger(v) && v >= least);

/** Height and width after a sliding window; see {@link https://onnx.ai/onnx/operators/onnx__Conv.html}. */
function slide(
  node: GraphNode,
  input: Shape,
  window: Pair,
  strides: Pair,
  dilations: Pair,
  pads: Pads,
): [number, number] {
  if (!whole(window, 1) || !whole(strides, 1) || !whole(dilations, 1) || !whole(pads, 0))
    throw invalid(node, `impossible window ${show(window)}, strides ${show(strides)} or pads ${show(pads)}`);
  const along = (axis: 0 | 1): number => {
    const size = (input[axis] ?? 0) + pads[axis] + (pads[axis + 2] ?? 0);
    const out = Math.floor((size - (window[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1;
    if (out < 1) throw invalid(node, `its window ${show(window)} is larger than its input ${show(input)}`);
    return out;
  };
  return [along(0), along(1)];
}

function map(node: GraphNode, shape: Shape): [number, number, number] {
  const [h, w, c] = shape;
  if (shape.length !== 3 || h === undefined || w === undefined || c === undefined)
    throw invalid(node, `it needs [height, width, channels] but gets ${show(shape)}`);
  return [h, w, c];
}

class Weights {
  constructor(
    private readonly node: GraphNode,
    private readonly weights: ReadonlyMap<string, Weight>,
  ) {}

  shape(key: string): Shape {
    const weight = this.weights.get(key);
    if (weight === undefined) throw invalid(this.node, `its weight "${key}" is missing`);
    if (weight.data.length !== product(weight.shape))
      throw invalid(
        this.node,
        `its weight "${key}" has ${weight.data.length} numbers for shape ${show(weight.shape)}`,
      );
    return weight.shape;
  }

  vector(key: string | undefined, channels: number): void {
    if (key === undefined) return;
    const shape = this.shape(key);
    if (shape.length !== 1 || shape[0] !== channels)
      throw invalid(this.node, `its weight "${key}" is ${show(shape)} for ${channels} channels`);
  }
}

/** add and mul: equal shapes, or [c] and [1, 1, c] next to [h, w, c]. */
function elementwise(node: GraphNode, inputs: readonly Shape[]): Shape {
  const largest = inputs.reduce((a, b) =>
    product(b) > product(a) || (product(b) === product(a) && b.length > a.length) ? b : a,
  );
  const channels = largest.at(-1);
  const fits = (shape: Shape): boolean =>
    (shape.length === largest.length && shape.every((d, i) => d === largest[i])) ||
    (product(shape) === channels &&
      shape.at(-1) === channels &&
      (shape.length === 1 || shape.length === largest.length));
  if (!inputs.every(fits)) throw invalid(node, `shapes ${inputs.map(show).join(' and ')} do not go together`);
  return largest;
}

function concatenated(node: GraphNode, inputs: readonly Shape[]): Shape {
  const [first = []] = inputs;
  const lead = first.slice(0, -1);
  if (!inputs.every((s) => s.length === first.length && lead.every((d, i) => d === s[i])))
    throw invalid(node, `shapes ${inputs.map(show).join(' and ')} can not be joined`);
  return [...lead, inputs.reduce((n, s) => n + (s.at(-1) ?? 0), 0)];
}

function nodeShape(node: GraphNode, inputs: readonly Shape[], weights: Weights): Shape {
  const [input = []] = inputs;
  const channels = input.at(-1) ?? 0;
  switch (node.op) {
    case 'conv2d': {
      const [, , cin] = map(node, input);
      const [kh = 0, kw = 0, perGroup = 0, cout = 0, ...more] = weights.shape(node.kernel);
      if (more.length > 0 || perGroup * node.groups !== cin || cout % node.groups !== 0 || cout < 1)
        throw invalid(
          node,
          `kernel ${show(weights.shape(node.kernel))} with ${node.groups} groups does not fit ${cin} channels`,
        );
      weights.vector(node.bias, cout);
      return [...slide(node, input, [kh, kw], node.strides, node.dilations, node.pads), cout];
    }
    case 'depthwise-conv2d': {
      const [, , cin] = map(node, input);
      const [kh = 0, kw = 0, c = 0, multiplier = 0, ...more] = weights.shape(node.kernel);
      if (more.length > 0 || c !== cin || multiplier < 1)
        throw invalid(node, `kernel ${show(weights.shape(node.kernel))} does not fit ${cin} channels`);
      weights.vector(node.bias, c * multiplier);
      return [...slide(node, input, [kh, kw], node.strides, node.dilations, node.pads), c * multiplier];
    }
    case 'dense': {
      const [from = 0, to = 0, ...more] = weights.shape(node.kernel);
      if (more.length > 0 || input.length !== 1 || from !== channels || to < 1)
        throw invalid(
          node,
          `kernel ${show(weights.shape(node.kernel))} does not fit its input ${show(input)}`,
        );
      weights.vector(node.bias, to);
      return [to];
    }
    case 'batch-norm':
    case 'affine':
      for (const key of weightKeys(node)) weights.vector(key, channels);
      return input;
    case 'activation':
      return input;
    case 'local-response-norm':
      return map(node, input);
    case 'max-pool':
    case 'average-pool': {
      const [, , c] = map(node, input);
      return [...slide(node, input, node.window, node.strides, [1, 1], node.pads), c];
    }
    case 'global-average-pool':
    case 'global-max-pool': {
      const [, , c] = map(node, input);
      return node.keepDims ? [1, 1, c] : [c];
    }
    case 'pad': {
      const [h, w, c] = map(node, input);
      if (!whole(node.pads, 0)) throw invalid(node, `impossible pads ${show(node.pads)}`);
      const [top, left, bottom, right] = node.pads;
      return [h + top + bottom, w + left + right, c];
    }
    case 'add':
    case 'mul':
      return elementwise(node, inputs);
    case 'concat':
      return concatenated(node, inputs);
    case 'reshape':
      if (!whole(node.shape, 1) || product(node.shape) !== product(input))
        throw invalid(node, `${show(input)} can not become ${show(node.shape)}`);
      return node.shape;
    case 'channel-slice':
      if (!whole([node.start, node.end], 0) || node.start >= node.end || node.end > channels)
        throw invalid(node, `channels ${node.start} to ${node.end} of ${channels}`);
      return [...input.slice(0, -1), node.end - node.start];
    default:
      // channel-shuffle, the only one left
      if (!whole([node.groups], 1) || channels % node.groups !== 0)
        throw invalid(node, `${channels} channels in ${node.groups} groups`);
      return input;
  }
}

/**
 * The shape of every tensor of the graph, without the batch axis, by node name; the input is included.
 * @throws HolotypeError `bad-input` naming the node, when a node reads something that no earlier node
 *   makes, two nodes share a name, or shapes and weights do not fit together
 */
export function inferShapes(graph: ModelGraph): Map<string, Shape> {
  const shapes = new Map<string, Shape>([[graph.input.name, graph.input.shape]]);
  for (const node of graph.nodes) {
    if (shapes.has(node.name)) throw invalid(node, 'its name is used twice');
    const inputs = node.inputs.map((name) => {
      const shape = shapes.get(name);
      if (shape === undefined) throw invalid(node, `it reads "${name}", which no earlier node makes`);
      return shape;
    });
    const variadic = node.op === 'add' || node.op === 'mul' || node.op === 'concat';
    if (variadic ? inputs.length < 1 : inputs.length !== 1)
      throw invalid(node, `it has ${inputs.length} inputs`);
    shapes.set(node.name, nodeShape(node, inputs, new Weights(node, graph.weights)));
  }
  for (const output of graph.outputs)
    if (!shapes.has(output))
      throw new HolotypeError('bad-input', `The model's output "${output}" is made by no node.`, {
        remedy: 'Download or export the model again.',
      });
  return shapes;
}
