/**
 * The topology of a Keras or TF.js layers model as files write it: layers, how they are wired, what the model takes.
 * The forms of Keras 2, TF.js and Keras 3 are read alike.
 */
import { HolotypeError } from '../../../contract/errors.ts';
import {
  arrayAt,
  isJsonObject,
  malformed,
  numberAt,
  objectAt,
  stringAt,
  type JsonObject,
} from '../json-reader.ts';

/** A layer of a topology: Sequential and Functional models are layers too. */
export interface Layer {
  readonly className: string;
  readonly name: string;
  /** Whole, or for old Sequential models the bare list of layers. */
  readonly config: unknown;
  readonly inboundNodes: unknown;
}

const functionalClasses = new Set(['Model', 'Functional']);

export function layerAt(value: unknown, where: string): Layer {
  const json = objectAt(value, where);
  const className = stringAt(json['class_name'], `class_name of ${where}`);
  const config = json['config'];
  const named = json['name'] ?? (isJsonObject(config) ? config['name'] : undefined) ?? className;
  return {
    className,
    name: stringAt(named, `the name of ${where}`),
    config,
    inboundNodes: json['inbound_nodes'],
  };
}

export function configOf(layer: Layer): JsonObject {
  return objectAt(layer.config, `config of layer "${layer.name}"`);
}

/** The layers inside a Sequential or Functional model. */
export function layersOf(model: Layer): Layer[] {
  const list = Array.isArray(model.config) ? model.config : configOf(model)['layers'];
  return arrayAt(list, `layers of "${model.name}"`).map((layer, i) =>
    layerAt(layer, `layer ${i} of "${model.name}"`),
  );
}

export function isModel(layer: Layer): boolean {
  return layer.className === 'Sequential' || functionalClasses.has(layer.className);
}

/** The one photo-shaped input of the model, however deep its declaration is nested. */
export function findInput(
  model: Layer,
  inputSize: readonly [height: number, width: number] | undefined,
): { name: string; shape: [number, number, number] } {
  const declared = declaredInput(model);
  if (declared === undefined)
    throw new HolotypeError('bad-input', `The model "${model.name}" does not say which input it takes.`);
  const [, height, width, channels] = declared.shape;
  if (declared.shape.length !== 4 || typeof channels !== 'number')
    throw new HolotypeError(
      'not-supported',
      `The model's input "${declared.name}" has the shape ${JSON.stringify(declared.shape)}; an image model takes [null, height, width, channels].`,
    );
  const [h, w] = [height ?? inputSize?.[0], width ?? inputSize?.[1]];
  if (h === undefined || w === undefined)
    throw new HolotypeError(
      'not-supported',
      `The model's input "${declared.name}" takes images of any size; Holotype needs a fixed one.`,
      { remedy: 'Export the model with a fixed input size, or state the size when importing it.' },
    );
  const size = (value: unknown): number => {
    const number = numberAt(value, `the shape of input "${declared.name}"`);
    if (Number.isInteger(number) && number >= 1 && number <= 65535) return number;
    throw malformed(`the shape of input "${declared.name}"`, 'made of sizes', declared.shape);
  };
  return { name: declared.name, shape: [size(h), size(w), size(channels)] };
}

function declaredInput(layer: Layer): { name: string; shape: readonly unknown[] } | undefined {
  const config = isJsonObject(layer.config) ? layer.config : {};
  if (functionalClasses.has(layer.className)) {
    const inputs = endpoints(config['input_layers'], `input_layers of "${layer.name}"`);
    const [input] = inputs;
    if (input === undefined || inputs.length > 1)
      throw new HolotypeError(
        'not-supported',
        `The model "${layer.name}" has ${inputs.length} inputs; an image classifier takes one.`,
      );
    const inner = layersOf(layer).find((candidate) => candidate.name === input.layer);
    return inner === undefined ? undefined : declaredInput(inner);
  }
  const shape = config['batch_input_shape'] ?? config['batch_shape'];
  if (shape !== undefined && shape !== null)
    return {
      name: layer.className === 'InputLayer' ? layer.name : `${layer.name}_input`,
      shape: arrayAt(shape, `the input shape of layer "${layer.name}"`),
    };
  if (layer.className !== 'Sequential') return undefined;
  const [first] = layersOf(layer);
  return first === undefined ? undefined : declaredInput(first);
}

/** Where a tensor comes from: the n-th call of a layer, and which of its outputs. */
export interface Endpoint {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

function endpoint(value: readonly unknown[], where: string): Endpoint {
  const [layer, call, output] = value;
  return {
    layer: stringAt(layer, where),
    call: numberAt(call, where),
    output: numberAt(output, where),
  };
}

/** [["a", 0, 0], ...], or Keras 3's bare ["a", 0, 0] for a single one. */
export function endpoints(value: unknown, where: string): Endpoint[] {
  const list = arrayAt(value, where);
  if (typeof list[0] === 'string') return [endpoint(list, where)];
  return list.map((one) => endpoint(arrayAt(one, where), where));
}

/** What one call of a layer reads, in Keras 2's nested lists or Keras 3's tensors with a history. */
export function endpointsOfCall(call: unknown, where: string): Endpoint[] {
  if (Array.isArray(call)) return endpoints(call, where);
  const found: Endpoint[] = [];
  const search = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) search(one);
    else if (isJsonObject(value) && value['class_name'] === '__keras_tensor__')
      found.push(endpoint(arrayAt(objectAt(value['config'], where)['keras_history'], where), where));
  };
  search(objectAt(call, where)['args']);
  return found;
}

/** What each call of a layer reads, first call first; an InputLayer has none. */
export function callsOf(layer: Layer): readonly unknown[] {
  return Array.isArray(layer.inboundNodes) ? layer.inboundNodes : [];
}

/**
 * Where the counting of calls starts. Nested models mostly count their own making as call 0, so that the first
 * real call is 1; whether they do depends on the version that wrote the file. It shows in references to a call
 * that would otherwise not exist.
 */
export function skippedCalls(model: Layer, layers: ReadonlyMap<string, Layer>): Map<string, number> {
  const references = [...layers.values()].flatMap((layer) =>
    callsOf(layer).flatMap((call) => endpointsOfCall(call, `inbound_nodes of layer "${layer.name}"`)),
  );
  references.push(...endpoints(configOf(model)['output_layers'], `output_layers of "${model.name}"`));
  const skipped = new Map<string, number>();
  for (const { layer: name, call } of references) {
    const layer = layers.get(name);
    if (layer !== undefined && isModel(layer) && call === callsOf(layer).length) skipped.set(name, 1);
  }
  return skipped;
}
