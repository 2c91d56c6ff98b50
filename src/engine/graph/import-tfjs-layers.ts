/**
 * TF.js layers models (and so Teachable Machine exports and converted Keras models) into the model graph,
 * without building a TF.js model: the topology is walked, every layer class is translated by tfjs/keras-layers.ts.
 */
import { HolotypeError } from '../../contract/errors.ts';
import type { ModelGraph, Weight } from './graph.ts';
import { malformed, objectAt } from './json-reader.ts';
import { TfjsGraphBuilder } from './tfjs/graph-builder.ts';
import { convertKerasLayer } from './tfjs/keras-layers.ts';
import { isKerasMobileNetV1, kerasMobileNetV1Topology } from './tfjs/keras-mobilenet.ts';
import {
  callsOf,
  configOf,
  endpoints,
  endpointsOfCall,
  findInput,
  isModel,
  layerAt,
  layersOf,
  skippedCalls,
  type Endpoint,
  type Layer,
} from './tfjs/keras-topology.ts';
import { decodeWeights } from './tfjs-weights.ts';

export interface ImportTfjsOptions {
  /** Used where the model leaves its input's height and width open. */
  readonly inputSize?: readonly [height: number, width: number];
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
  const { name, shape } = findInput(root, options.inputSize);
  const walk = new Walk(new TfjsGraphBuilder({ name, shape }), named, kerasMajor);
  return walk.builder.finishChecked(walk.model(root, [name]));
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
