/** One GraphDef node being converted, and what every operation reads of it: tensors, constants, windows, padding. */
import { HolotypeError } from '../../../contract/errors.ts';
import type { ActivationKind, Pads, Pair, Weight } from '../graph.ts';
import { noPads, samePads, type TfjsGraphBuilder } from './graph-builder.ts';
import type { GraphDefNode } from './graphdef.ts';

/** What a GraphDef node turned into: a tensor of the model graph (by name), or numbers known now. */
export type Value = { readonly tensor: string } | { readonly constant: Weight };

/** One node to convert, with what it reads already converted. */
export interface OpCall {
  readonly node: GraphDefNode;
  readonly inputs: readonly Value[];
  readonly builder: TfjsGraphBuilder;
}

/** How one operation becomes nodes, or numbers. */
export type Convert = (call: OpCall) => Value;

export function refuse(call: OpCall, why: string): HolotypeError {
  return new HolotypeError('not-supported', `The node "${call.node.name}" (${call.node.op}) ${why}.`);
}

export function broken(call: OpCall, why: string): HolotypeError {
  return new HolotypeError(
    'bad-input',
    `The model is broken at node "${call.node.name}" (${call.node.op}): ${why}.`,
  );
}

export function value(call: OpCall, index: number): Value {
  const input = call.inputs[index];
  if (input === undefined) throw broken(call, `its input ${index} is missing`);
  return input;
}

export function tensor(call: OpCall, index: number): string {
  const input = value(call, index);
  if ('constant' in input) throw refuse(call, `reads a constant as its input ${index}`);
  return input.tensor;
}

export function constant(call: OpCall, index: number): Weight {
  const input = value(call, index);
  if ('tensor' in input)
    throw refuse(call, `needs a constant as its input ${index}, but gets "${input.tensor}"`);
  return input.constant;
}

export function constants(call: OpCall, index: number): number[] {
  return [...constant(call, index).data];
}

/** A constant with one number for each channel (TensorFlow also writes it as [1, 1, 1, c]). */
export function vector(call: OpCall, index: number, key: string): string {
  const { data } = constant(call, index);
  return call.builder.weight(`${call.node.name}/${key}`, { shape: [data.length], data });
}

export function requireNhwc(call: OpCall): void {
  const format = call.node.text('data_format') ?? 'NHWC';
  if (format !== 'NHWC') throw refuse(call, `keeps its data in ${format} order; only NHWC is supported`);
}

/** The two spatial numbers of a list [1, height, width, 1]. */
export function spatial(call: OpCall, key: string): Pair {
  const [, height = 1, width = 1] = call.node.numbers(key) ?? [];
  return [height, width];
}

export function padsOf(call: OpCall, input: string, window: Pair, strides: Pair, dilations: Pair): Pads {
  const padding = call.node.text('padding') ?? 'VALID';
  switch (padding) {
    case 'VALID':
      return noPads;
    case 'SAME':
      return samePads(call.builder.size(input, call.node.name), window, strides, dilations);
    case 'EXPLICIT': {
      // [batch before, batch after, top, bottom, left, right, channels before, channels after]
      const [, , top = 0, bottom = 0, left = 0, right = 0] = call.node.numbers('explicit_paddings') ?? [];
      return [top, left, bottom, right];
    }
    default:
      throw refuse(call, `has the padding "${padding}"`);
  }
}

export const activationOps = new Map<string, ActivationKind>(
  Object.entries({
    Relu: 'relu',
    Relu6: 'relu6',
    Elu: 'elu',
    Selu: 'selu',
    Sigmoid: 'sigmoid',
    Tanh: 'tanh',
    Softplus: 'softplus',
    Softmax: 'softmax',
    LeakyRelu: 'leaky-relu',
  }),
);

export function addActivation(call: OpCall, name: string, input: string, op: string): string {
  const kind = activationOps.get(op);
  if (kind === undefined) throw refuse(call, `uses the activation "${op}", which Holotype does not know`);
  // TensorFlow's defaults: LeakyRelu 0.2, Elu 1.
  const slope = call.node.number('alpha') ?? call.node.number('leakyrelu_alpha') ?? 0.2;
  const parameters = kind === 'leaky-relu' ? { alpha: slope } : kind === 'elu' ? { alpha: 1 } : {};
  return call.builder.activation(name, input, kind, parameters);
}
