/**
 * TF.js layers models (and so Teachable Machine exports and converted Keras models) into the model graph,
 * without building a TF.js model: the topology is walked, every layer class is translated by tfjs/keras-layers.ts.
 */
import { HolotypeError } from '../../contract/errors.ts';
import type { ModelGraph, Weight } from './graph.ts';
import {
  arrayAt,
  isJsonObject,
  malformed,
  numberAt,
  objectAt,
  stringAt,
  type JsonObject,
} from './json-reader.ts';
import { convertKerasLayer } from './tfjs/keras-layers.ts';
import { isKerasMobileNetV1, kerasMobileNetV1Topology } from './tfjs/keras-mobilenet.ts';
import { TfjsGraphBuilder } from './tfjs/graph-builder.ts';
import { decodeWeights } from './tfjs-weights.ts';

export interface ImportTfjsOptions {
  /** Used where the model leaves its input's height and width open. */
  readonly inputSize?: readonly [height: number, width: number];
}

/** A layer of a topology: Sequential and Functional models are layers too. */
interface Layer {
  readonly className: string;
  readonly name: string;
  /** Whole, or for old Sequential models the bare list of layers. */
  readonly config: unknown;
  readonly inboundNodes: unknown;
}

const functionalClasses = new Set(['Model', 'Functional']);

function layerAt(value: unknown, where: string): Layer {
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

function configOf(layer: Layer): JsonObject {
  return objectAt(layer.config, `config of layer "${layer.name}"`);
}

/** The layers inside a Sequential or Functional model. */
function layersOf(model: Layer): Layer[] {
  const list = Array.isArray(model.config) ? model.config : configOf(model)['layers'];
  return arrayAt(list, `layers of "${model.name}"`).map((layer, i) =>
    layerAt(layer, `layer ${i} of "${model.name}"`),
  );
}

function isModel(layer: Layer): boolean {
  return layer.className === 'Sequential' || functionalClasses.has(layer.className);
}

/**
 * @param modelJson the parsed model.json
 * @param weights all weight files, concatenated in the manifest's order
 * @returns the network in evaluation mode (dropout and the like are gone); the input is named as in the file
 * @throws HolotypeError('not-supported') naming a layer class this importer doesn't know, and the layer
 * @throws HolotypeError('bad-input') for damaged or mismatched files, naming what is wrong
 */
export function importTfjsLayers(
  modelJson: unknown,
  weights: Uint8Array,
  options: ImportTfjsOptions = {},
): ModelGraph {
  const file = objectAt(modelJson, 'model.json');
  if (file['format'] === 'graph-model')
    throw new HolotypeError('bad-input', 'This model.json holds a graph model, not a layers model.');
  const named = decodeWeights(file['weightsManifest'], weights);
  const { root, kerasMajor } = rootOf(file['modelTopology'], named);
  const { name, shape } = findInput(root, options);
  const walk = new Walk(new TfjsGraphBuilder({ name, shape }), named, kerasMajor);
  return walk.builder.finish(walk.model(root, [name]));
}

function rootOf(
  topology: unknown,
  weights: ReadonlyMap<string, Weight>,
): { root: Layer; kerasMajor: number } {
  if (topology === undefined || topology === null) {
    if (isKerasMobileNetV1(weights))
      return { root: layerAt(kerasMobileNetV1Topology(weights), 'the MobileNet topology'), kerasMajor: 2 };
    throw new HolotypeError('bad-input', 'This model.json has weights but no "modelTopology".', {
      remedy: 'Export the model again with its topology (only Keras MobileNet v1 is known without one).',
    });
  }
  const outer = objectAt(topology, 'modelTopology');
  // Converted Keras files wrap the model, next to its training configuration.
  const inner = outer['model_config'] ?? outer;
  const root = layerAt(inner, 'modelTopology');
  if (!isModel(root))
    throw malformed('class_name of modelTopology', '"Sequential", "Model" or "Functional"', root.className);
  const version = outer['keras_version'];
  return { root, kerasMajor: typeof version === 'string' && version.startsWith('3.') ? 3 : 2 };
}

/** The one photo-shaped input of the model, however deep its declaration is nested. */
function findInput(
  model: Layer,
  options: ImportTfjsOptions,
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
  const [h, w] = [height ?? options.inputSize?.[0], width ?? options.inputSize?.[1]];
  if (h === undefined || w === undefined)
    throw new HolotypeError(
      'not-supported',
      `The model's input "${declared.name}" takes images of any size; Holotype needs a fixed one.`,
      { remedy: 'Export the model with a fixed input size, or state the size when importing it.' },
    );
  const size = (value: unknown): number => numberAt(value, `the shape of input "${declared.name}"`);
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
interface Endpoint {
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
function endpoints(value: unknown, where: string): Endpoint[] {
  const list = arrayAt(value, where);
  if (typeof list[0] === 'string') return [endpoint(list, where)];
  return list.map((one) => endpoint(arrayAt(one, where), where));
}

/** What one call of a layer reads, in Keras 2's nested lists or Keras 3's tensors with a history. */
function endpointsOfCall(call: unknown, where: string): Endpoint[] {
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
function callsOf(layer: Layer): readonly unknown[] {
  return Array.isArray(layer.inboundNodes) ? layer.inboundNodes : [];
}

/**
 * Where the counting of calls starts. Nested models mostly count their own making as call 0, so that the first
 * real call is 1; whether they do depends on the version that wrote the file. It shows in references to a call
 * that would otherwise not exist.
 */
function skippedCalls(model: Layer, layers: ReadonlyMap<string, Layer>): Map<string, number> {
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

class Walk {
  readonly builder: TfjsGraphBuilder;
  private readonly weights: ReadonlyMap<string, Weight>;
  private readonly kerasMajor: number;

  constructor(builder: TfjsGraphBuilder, weights: ReadonlyMap<string, Weight>, kerasMajor: number) {
    this.builder = builder;
    this.weights = weights;
    this.kerasMajor = kerasMajor;
  }

  /** Adds a whole (nested) model. @returns its output tensors */
  model(model: Layer, inputs: readonly string[]): string[] {
    return model.className === 'Sequential' ? this.sequential(model, inputs) : this.functional(model, inputs);
  }

  private sequential(model: Layer, inputs: readonly string[]): string[] {
    let tensors = [...inputs];
    for (const layer of layersOf(model)) {
      if (layer.className !== 'InputLayer') tensors = this.layer(layer, tensors);
    }
    return tensors;
  }

  private functional(model: Layer, inputs: readonly string[]): string[] {
    const where = `"${model.name}"`;
    const config = configOf(model);
    const layers = new Map(layersOf(model).map((layer) => [layer.name, layer]));
    const results = new Map<string, string[]>();
    for (const [i, input] of endpoints(config['input_layers'], `input_layers of ${where}`).entries()) {
      const tensor = inputs[i];
      if (tensor === undefined) throw malformed(`the inputs of ${where}`, 'connected', inputs);
      results.set(`${input.layer}:0`, [tensor]);
    }
    const skipped = skippedCalls(model, layers);
    const open = new Set<string>();
    const tensorsOf = ({ layer: name, call: index, output }: Endpoint): string => {
      const call = index - (skipped.get(name) ?? 0);
      const key = `${name}:${call}`;
      if (!results.has(key)) {
        const layer = layers.get(name);
        if (layer === undefined)
          throw new HolotypeError(
            'bad-input',
            `The model ${where} refers to a layer "${name}" it does not have.`,
          );
        if (open.has(key))
          throw new HolotypeError('bad-input', `The layer "${name}" of model ${where} feeds itself.`);
        open.add(key);
        const reads = endpointsOfCall(callsOf(layer)[call], `inbound_nodes of layer "${name}"`);
        results.set(key, this.layer(layer, reads.map(tensorsOf)));
      }
      const tensor = results.get(key)?.[output];
      if (tensor === undefined)
        throw malformed(`output ${output} of layer "${name}"`, 'an output that the layer has', output);
      return tensor;
    };
    // In file order first: it is topological in every exporter known, so recursion stays shallow.
    for (const layer of layers.values()) {
      const calls = callsOf(layer).length;
      const first = skipped.get(layer.name) ?? 0;
      for (let call = first; call < first + calls; call++) tensorsOf({ layer: layer.name, call, output: 0 });
    }
    return endpoints(config['output_layers'], `output_layers of ${where}`).map(tensorsOf);
  }

  private layer(layer: Layer, inputs: readonly string[]): string[] {
    if (isModel(layer)) return this.model(layer, inputs);
    return [
      convertKerasLayer({
        className: layer.className,
        name: layer.name,
        config: configOf(layer),
        inputs,
        builder: this.builder,
        kerasMajor: this.kerasMajor,
        weight: (name) => this.weight(layer.name, name),
      }),
    ];
  }

  /**
   * A layer's weight. Files name it `layer/weight`; Keras adds the names of enclosing models in front and TF 2.2
   * that of an inner cell between; Keras 3 calls a depthwise kernel plainly `kernel`.
   */
  private weight(layer: string, name: string): Weight {
    const spellings = name === 'depthwise_kernel' ? [name, 'kernel'] : [name];
    for (const spelling of spellings) {
      const exact = this.weights.get(`${layer}/${spelling}`);
      if (exact !== undefined) return exact;
      const matching = [...this.weights].filter(([key]) => {
        const parts = key.split('/');
        return parts.at(-1) === spelling && (parts.at(-2) === layer || parts.at(-3) === layer);
      });
      const [only] = matching;
      if (only !== undefined && matching.length === 1) return only[1];
    }
    throw new HolotypeError('bad-input', `The model file has no weight "${layer}/${name}".`, {
      remedy: 'The weights belong to another model, or the export was cut short: export it again.',
    });
  }
}
