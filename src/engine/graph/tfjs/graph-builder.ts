/**
 * What both TF.js importers do while they walk a foreign network: collect nodes under unique names,
 * collect weights, ask for shapes so far, and turn TensorFlow's 'same' padding into numbers.
 */
import { HolotypeError } from '../../../contract/errors.ts';
import type { ActivationKind, GraphInput, GraphNode, ModelGraph, Pads, Pair, Weight } from '../graph.ts';
import { inferShapes } from '../shapes.ts';

/** A node without the two fields the builder fills in. */
type Without<T> = T extends GraphNode ? Omit<T, 'name' | 'inputs'> : never;
export type NodeBody = Without<GraphNode>;

/** TensorFlow's padding for one axis: `total` is split with the odd pixel at the end. */
function samePadsOfAxis(size: number, window: number, stride: number, dilation: number): [number, number] {
  const reach = (window - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * 'same' as TensorFlow defines it (output = ceil(input / stride)), asymmetric where the total is odd.
 *
 * @param size height and width of the input
 */
export function samePads(size: Pair, window: Pair, strides: Pair, dilations: Pair = [1, 1]): Pads {
  const [top, bottom] = samePadsOfAxis(size[0], window[0], strides[0], dilations[0]);
  const [left, right] = samePadsOfAxis(size[1], window[1], strides[1], dilations[1]);
  return [top, left, bottom, right];
}

export const noPads: Pads = [0, 0, 0, 0];

export class TfjsGraphBuilder {
  readonly input: GraphInput;
  private readonly nodes: GraphNode[] = [];
  private readonly names = new Set<string>();
  private readonly weights = new Map<string, Weight>();
  private shapes: Map<string, readonly number[]> | undefined;

  constructor(input: GraphInput) {
    this.input = input;
    this.names.add(input.name);
  }

  /** Adds a node; its name gets a number when it is taken. @returns the name it got */
  add(name: string, inputs: readonly string[], body: NodeBody): string {
    let unique = name;
    for (let i = 1; this.names.has(unique); i++) unique = `${name}_${i}`;
    this.names.add(unique);
    this.nodes.push({ ...body, name: unique, inputs });
    this.shapes = undefined;
    return unique;
  }

  activation(name: string, input: string, kind: ActivationKind, parameters: { alpha?: number } = {}): string {
    return this.add(name, [input], { op: 'activation', kind, ...parameters });
  }

  /** x * scale + offset, numbers or one per channel. */
  affine(name: string, input: string, scale: ArrayLike<number>, offset: ArrayLike<number>): string {
    const channels = this.channels(input);
    return this.add(name, [input], {
      op: 'affine',
      scale: this.weight(`${name}/scale`, perChannel(scale, channels, name)),
      offset: this.weight(`${name}/offset`, perChannel(offset, channels, name)),
    });
  }

  /** Keeps a weight; its key gets a number when another weight has it. @returns the key it got */
  weight(key: string, weight: Weight): string {
    let unique = key;
    for (let i = 1; this.weights.has(unique) && this.weights.get(unique) !== weight; i++)
      unique = `${key}_${i}`;
    this.weights.set(unique, weight);
    return unique;
  }

  /** Shape of a tensor without the batch axis. */
  shape(tensor: string): readonly number[] {
    const last = this.nodes.at(-1)?.name ?? this.input.name;
    const shapes = (this.shapes ??= inferShapes(this.finish([last])));
    const shape = shapes.get(tensor);
    if (shape === undefined) throw new Error(`The model graph has no tensor "${tensor}".`);
    return shape;
  }

  channels(tensor: string): number {
    return this.shape(tensor).at(-1) ?? 1;
  }

  /** [height, width] of a tensor. @throws HolotypeError('bad-input') when it isn't an image; `what` names the reader */
  size(tensor: string, what: string): Pair {
    const [height, width, channels] = this.shape(tensor);
    if (height === undefined || width === undefined || channels === undefined)
      throw new HolotypeError(
        'bad-input',
        `${what} needs an image [height, width, channels], but gets [${this.shape(tensor).join(', ')}].`,
      );
    return [height, width];
  }

  /** @throws HolotypeError('bad-input') naming the node whose inputs or weights don't fit */
  finishChecked(outputs: readonly string[]): ModelGraph {
    const graph = this.finish(outputs);
    inferShapes(graph);
    return graph;
  }

  private finish(outputs: readonly string[]): ModelGraph {
    return { input: this.input, nodes: [...this.nodes], outputs, weights: new Map(this.weights) };
  }
}

function perChannel(values: ArrayLike<number>, channels: number, name: string): Weight {
  if (values.length !== 1 && values.length !== channels)
    throw new HolotypeError('bad-input', `"${name}" has ${values.length} numbers for ${channels} channels.`);
  const data = new Float32Array(channels);
  for (let i = 0; i < channels; i++) data[i] = values[values.length === 1 ? 0 : i] ?? 0;
  return { shape: [channels], data };
}
