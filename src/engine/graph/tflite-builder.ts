/** Collects the nodes of the model graph while the operators of a TensorFlow Lite file are walked. */
import { HolotypeError } from '../../contract/errors.ts';
import type { ActivationKind, GraphNode, ModelGraph, Pads, Weight } from './graph.ts';
import { readTflite } from './tflite-schema.ts';
import type { TfliteModel, TfliteOperator, TfliteTensor } from './tflite-schema.ts';
import { constantValues, elementCount, impliedActivation, rawValues } from './tflite-values.ts';

/** A computed tensor: the node (or graph input) that makes it, and its shape for one photo. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A node without its name: the builder names it after the operator's output tensor. */
export type NodeDraft = GraphNode extends infer N ? (N extends GraphNode ? Omit<N, 'name'> : never) : never;

export interface Activation {
  readonly kind: ActivationKind;
  readonly min?: number;
  readonly max?: number;
}

export class TfliteBuilder {
  readonly model: TfliteModel;
  readonly #values = new Map<number, Value>();
  readonly #constants = new Map<number, Weight>();
  readonly #producers = new Map<number, TfliteOperator>();
  readonly #names = new Set<string>();
  readonly #nodes: GraphNode[] = [];
  readonly #weights = new Map<string, Weight>();
  readonly #input: ModelGraph['input'];

  constructor(bytes: Uint8Array) {
    this.model = readTflite(bytes);
    for (const operator of this.model.operators)
      for (const output of operator.outputs) this.#producers.set(output, operator);
    const [index, ...more] = this.model.inputs;
    if (index === undefined || more.length > 0)
      throw unsupported(`The model has ${this.model.inputs.length} inputs; one photo is one input.`);
    const tensor = this.tensor(index);
    const [batch, height, width, channels] = tensor.shape;
    if (tensor.shape.length !== 4 || !height || !width || !channels)
      throw unsupported(
        `The model's input "${tensor.name}" has the shape [${tensor.shape.join(', ')}], not a photo's.`,
      );
    if (batch !== 1) throw unsupported(`The model was exported for batches of ${batch} photos.`);
    this.#input = { name: this.#unique(tensor.name), shape: [height, width, channels] };
    elementCount(tensor.shape);
    this.#values.set(index, this.#input);
  }

  tensor(index: number): TfliteTensor {
    const tensor = this.model.tensors[index];
    if (tensor === undefined) throw new RangeError(`there is no tensor ${index}`);
    return tensor;
  }

  producer(index: number): TfliteOperator | undefined {
    return this.#producers.get(index);
  }

  output(operator: TfliteOperator): TfliteTensor {
    return this.tensor(operator.outputs[0] ?? -1);
  }

  /** The computed tensor that is the operator's input number `i`. */
  value(operator: TfliteOperator, i = 0): Value {
    const index = operator.inputs[i] ?? -1;
    const value = this.#values.get(index);
    if (value !== undefined) return value;
    if (this.constant(operator, i) !== undefined)
      throw this.refuse(operator, `reads a constant as input ${i}`);
    throw this.broken(operator, `reads "${this.tensor(index).name}" before it is computed`);
  }

  /** Whether the operator has an input number `i` (optional ones are -1 or left out). */
  hasInput(operator: TfliteOperator, i: number): boolean {
    return (operator.inputs[i] ?? -1) >= 0;
  }

  /** The constant that is the operator's input number `i`; undefined when that is computed. */
  constant(operator: TfliteOperator, i: number): Weight | undefined {
    return this.#constantAt(operator.inputs[i] ?? -1, 0);
  }

  /** Like {@link constant}, for operands the graph needs to know. */
  requireConstant(operator: TfliteOperator, i: number, what: string): Weight {
    const constant = this.constant(operator, i);
    if (constant === undefined) throw this.refuse(operator, `computes its ${what} instead of storing it`);
    return constant;
  }

  /** Whole numbers such as axes and paddings, never dequantized. */
  integers(operator: TfliteOperator, i: number, what: string): number[] {
    const tensor = this.tensor(operator.inputs[i] ?? -1);
    if (tensor.data === undefined) throw this.refuse(operator, `computes its ${what} instead of storing it`);
    return [...rawValues(tensor, tensor.data)];
  }

  #constantAt(index: number, depth: number): Weight | undefined {
    const known = this.#constants.get(index);
    if (known !== undefined) return known;
    const tensor = this.tensor(index);
    let weight: Weight | undefined;
    if (tensor.data !== undefined) weight = constantValues(tensor, tensor.data);
    else {
      // float16 weights are stored behind a DEQUANTIZE; the same numbers come out of it.
      const producer = this.#producers.get(index);
      const source = producer?.inputs[0] ?? -1;
      if (producer?.op === 'DEQUANTIZE' && source >= 0 && depth < 8)
        weight = this.#constantAt(source, depth + 1);
    }
    if (weight !== undefined) this.#constants.set(index, weight);
    return weight;
  }

  /** Stores a weight under the operator's name. */
  weight(operator: TfliteOperator, role: string, weight: Weight): string {
    let key = `${this.output(operator).name}/${role}`;
    while (this.#weights.has(key)) key += '_';
    this.#weights.set(key, weight);
    return key;
  }

  /**
   * Adds the operator's node, followed by its activation if it has one.
   *
   * @param shape of the result for one photo, compared with what the file says
   * @param activation see {@link activation}
   */
  emit(operator: TfliteOperator, draft: NodeDraft, shape: readonly number[], activation?: Activation): void {
    const tensor = this.output(operator);
    const declared = tensor.shape;
    const count = elementCount(shape);
    // A squeezed result may have lost its batch axis; only the number of elements is sure then.
    if (declared.length > 0 && elementCount(declared) !== count)
      throw this.broken(
        operator,
        `should give [${shape.join(', ')}] but is said to give [${declared.join(', ')}]`,
      );
    const name = this.#unique(tensor.name);
    if (activation === undefined) this.#push({ ...draft, name });
    else {
      const linear = this.#unique(`${tensor.name}/linear`);
      this.#push({ ...draft, name: linear });
      this.#push({ op: 'activation', ...activation, name, inputs: [linear] });
    }
    this.#values.set(tensor.index, { name, shape });
  }

  /** A node in front of the operator's own, such as a reshape. */
  before(operator: TfliteOperator, role: string, draft: NodeDraft): string {
    const name = this.#unique(`${this.output(operator).name}/${role}`);
    this.#push({ ...draft, name });
    return name;
  }

  /** The operator changes how numbers are stored, not what they are. */
  alias(operator: TfliteOperator, value: Value): void {
    this.#values.set(this.output(operator).index, value);
  }

  /** The fused activation, or the one the output's 8-bit range stands for. */
  activation(operator: TfliteOperator, fused: number): Activation | undefined {
    switch (fused) {
      case 0: {
        const kind = impliedActivation(this.output(operator));
        return kind && { kind };
      }
      case 1:
        return { kind: 'relu' };
      case 2:
        return { kind: 'clip', min: -1, max: 1 };
      case 3:
        return { kind: 'relu6' };
      case 4:
        return { kind: 'tanh' };
      default:
        throw this.refuse(operator, `has the fused activation ${fused}`);
    }
  }

  finish(): ModelGraph {
    const outputs = this.model.outputs.map((index) => {
      const value = this.#values.get(index);
      if (value === undefined || value.name === this.#input.name)
        throw new HolotypeError(
          'bad-input',
          `The model's output "${this.tensor(index).name}" is never computed.`,
        );
      return value.name;
    });
    if (outputs.length === 0) throw new HolotypeError('bad-input', 'The model has no output.');
    return { input: this.#input, nodes: this.#nodes, outputs, weights: this.#weights };
  }

  refuse(operator: TfliteOperator, why: string): HolotypeError {
    return unsupported(`${this.describe(operator)} ${why}.`);
  }

  broken(operator: TfliteOperator, problem: string): HolotypeError {
    return new HolotypeError(
      'bad-input',
      `The model file is damaged: ${this.describe(operator)} ${problem}.`,
      {
        remedy: 'Get the model file again.',
      },
    );
  }

  /** `CONV_2D "MobilenetV1/Conv2d_0" (operator 3)` */
  describe(operator: TfliteOperator): string {
    const index = operator.outputs[0];
    const name = index === undefined ? undefined : this.model.tensors[index]?.name;
    return `${operator.op} "${name ?? '?'}" (operator ${operator.index})`;
  }

  #push(node: GraphNode): void {
    this.#nodes.push(node);
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }
}

/** Output size and padding of one axis; SAME padding puts the odd pixel at the end. */
export function slide(
  size: number,
  window: number,
  stride: number,
  dilation: number,
  same: boolean,
): { size: number; before: number; after: number } {
  const reach = (window - 1) * dilation + 1;
  if (!same) return { size: Math.floor((size - reach) / stride) + 1, before: 0, after: 0 };
  const out = Math.ceil(size / stride);
  const total = Math.max((out - 1) * stride + reach - size, 0);
  const before = Math.floor(total / 2);
  return { size: out, before, after: total - before };
}

export function padsOf(
  vertical: { before: number; after: number },
  horizontal: { before: number; after: number },
): Pads {
  return [vertical.before, horizontal.before, vertical.after, horizontal.after];
}

function unsupported(message: string): HolotypeError {
  return new HolotypeError('not-supported', message, {
    remedy: 'Choose an image classification network, or export this one as ONNX.',
  });
}
