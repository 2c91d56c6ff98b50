/**
 * One call of a Keras layer, and what every layer class reads of it: typed settings, padding, weights that fit, the
 * fused activation.
 */
import { HolotypeError } from '../../../contract/errors.ts';
import type { ActivationKind, Pads, Pair, Weight } from '../graph.ts';
import { isJsonObject, malformed, numberAt, stringAt, type JsonObject } from '../json-reader.ts';
import { noPads, samePads, type TfjsGraphBuilder } from './graph-builder.ts';

/** One call of one layer: its configuration, what it reads, where its weights are. */
export interface LayerCall {
  readonly className: string;
  readonly name: string;
  readonly config: JsonObject;
  readonly inputs: readonly string[];
  readonly builder: TfjsGraphBuilder;
  /** Keras 3 changed what some names mean (hard_sigmoid). */
  readonly kerasMajor: number;
  /** The weight `${layer}/${name}`. @throws HolotypeError('bad-input') when it isn't there */
  readonly weight: (name: string) => Weight;
}

export function unsupported(call: LayerCall, what: string): HolotypeError {
  return new HolotypeError('not-supported', `The layer "${call.name}" (${call.className}) ${what}.`);
}

export function only(call: LayerCall): string {
  const [input, ...rest] = call.inputs;
  if (input === undefined || rest.length > 0)
    throw malformed(`layer "${call.name}"`, 'connected to one input', call.inputs);
  return input;
}

export function at(call: LayerCall, key: string): string {
  return `${key} of layer "${call.name}"`;
}

export function flag(call: LayerCall, key: string, fallback: boolean): boolean {
  const value = call.config[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean') throw malformed(at(call, key), 'true or false', value);
  return value;
}

export function number(call: LayerCall, key: string, fallback: number): number {
  const value = call.config[key];
  return value === undefined || value === null ? fallback : numberAt(value, at(call, key));
}

/** A whole number >= 1 or a pair of them. */
export function pair(call: LayerCall, key: string, fallback?: Pair): Pair {
  const value = call.config[key];
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  const [height, width] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  const whole = (size: unknown): size is number =>
    typeof size === 'number' && Number.isInteger(size) && size >= 1;
  if (!whole(height) || !whole(width)) throw malformed(at(call, key), 'a size or a pair of sizes', value);
  return [height, width];
}

export function requireChannelsLast(call: LayerCall): void {
  const format = call.config['data_format'];
  if (format !== undefined && format !== null && format !== 'channels_last')
    throw unsupported(call, `keeps its channels ${JSON.stringify(format)}; only channels_last is supported`);
}

export function padsOf(call: LayerCall, input: string, window: Pair, strides: Pair, dilations: Pair): Pads {
  const padding = call.config['padding'] ?? 'valid';
  if (padding === 'valid') return noPads;
  if (padding !== 'same') throw unsupported(call, `has the padding ${JSON.stringify(padding)}`);
  return samePads(call.builder.size(input, `The layer "${call.name}"`), window, strides, dilations);
}

const plainActivations = new Map<string, ActivationKind>(
  Object.entries({
    relu: 'relu',
    relu6: 'relu6',
    elu: 'elu',
    selu: 'selu',
    sigmoid: 'sigmoid',
    tanh: 'tanh',
    softmax: 'softmax',
    softplus: 'softplus',
    swish: 'swish',
    silu: 'swish',
    gelu: 'gelu',
    hard_swish: 'hard-swish',
    hard_silu: 'hard-swish',
  }),
);

/** Adds the activation that a layer's `activation` field names; `linear` and nothing add nothing. */
export function activation(call: LayerCall, input: string, nodeName?: string): string {
  const field = call.config['activation'];
  // Custom activations are serialized as {class_name, config}; older exports call relu6 a plain text.
  const label = isJsonObject(field) ? field['class_name'] : (field ?? 'linear');
  const kind = stringAt(label, at(call, 'activation'));
  if (kind === 'linear') return input;
  const name = nodeName ?? `${call.name}_${kind}`;
  if (kind === 'hard_sigmoid' || kind === 'hardSigmoid') {
    const [alpha, beta] = call.kerasMajor >= 3 ? [1 / 6, 0.5] : [0.2, 0.5];
    return call.builder.add(name, [input], { op: 'activation', kind: 'hard-sigmoid', alpha, beta });
  }
  const plain = plainActivations.get(kind);
  if (plain === undefined) throw unsupported(call, `uses the activation "${kind}", which is unknown here`);
  return call.builder.activation(name, input, plain, plain === 'elu' ? { alpha: 1 } : {});
}

/** A kernel whose third axis must match the channels that arrive. */
export function checkedKernel(call: LayerCall, weightName: string, rank: number, channels: number): Weight {
  const weight = call.weight(weightName);
  const incoming = weight.shape[rank - 2];
  if (weight.shape.length !== rank || incoming !== channels)
    throw new HolotypeError(
      'bad-input',
      `The weight "${call.name}/${weightName}" has the shape [${weight.shape.join(', ')}], which does not fit the ${channels} channels that reach it.`,
      { remedy: 'The weights belong to another model: take model.json and weights from one export.' },
    );
  return weight;
}

export function bias(call: LayerCall, channels: number): { bias?: string } {
  if (!flag(call, 'use_bias', true)) return {};
  return { bias: call.builder.weight(`${call.name}/bias`, vector(call, 'bias', channels)) };
}

export function vector(call: LayerCall, name: string, length: number): Weight {
  const weight = call.weight(name);
  if (weight.data.length !== length)
    throw new HolotypeError(
      'bad-input',
      `The weight "${call.name}/${name}" has ${weight.data.length} numbers instead of ${length}.`,
    );
  return weight;
}
