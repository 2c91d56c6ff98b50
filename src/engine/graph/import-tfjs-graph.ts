/**
 * TF.js graph models (a frozen TensorFlow graph beside its weights) into the model graph: those of the MobileNet
 * family, as `@tensorflow-models/mobilenet` loads them from TF Hub.
 */
import { HolotypeError } from '../../contract/errors.ts';
import type { GraphInput, ModelGraph } from './graph.ts';
import type { Value } from './tfjs/graphdef-call.ts';
import { convertGraphDefNode } from './tfjs/graphdef-ops.ts';
import type { ImportTfjsOptions } from './import-tfjs-layers.ts';
import { objectAt } from './json-reader.ts';
import { TfjsGraphBuilder } from './tfjs/graph-builder.ts';
import { readGraphDef, type GraphDef, type GraphDefNode } from './tfjs/graphdef.ts';
import { decodeWeights } from './tfjs-weights.ts';

/**
 * @param modelJson the parsed model.json
 * @param weights all weight files, concatenated in the manifest's order
 * @returns the network that computes the signature's outputs (or all ends of the graph where there is none)
 * @throws HolotypeError('not-supported') naming an operation this importer doesn't know, and its node
 * @throws HolotypeError('bad-input') for damaged or mismatched files, naming what is wrong
 */
export function importTfjsGraph(
  modelJson: unknown,
  weights: Uint8Array,
  options: ImportTfjsOptions = {},
): ModelGraph {
  const file = objectAt(modelJson, 'model.json');
  const graphDef = readGraphDef(file);
  const constants = decodeWeights(file['weightsManifest'], weights);
  const order = executionOrder(graphDef);
  const builder = new TfjsGraphBuilder(inputOf(order, options));
  const values = new Map<string, Value>();
  for (const node of order) {
    if (node.op === 'Placeholder') values.set(node.name, { tensor: builder.input.name });
    else if (node.op === 'Const') {
      const constant = constants.get(node.name);
      if (constant === undefined)
        throw new HolotypeError('bad-input', `The model file has no weight "${node.name}".`, {
          remedy: 'The weights belong to another model, or the export was cut short: export it again.',
        });
      values.set(node.name, { constant });
    } else {
      const inputs = node.inputs.flatMap((name) => values.get(name) ?? []);
      values.set(node.name, convertGraphDefNode({ node, inputs, builder }));
    }
  }
  const outputs = graphDef.outputs.map((name) => {
    const value = values.get(name);
    if (value === undefined || 'constant' in value)
      throw new HolotypeError('bad-input', `The model's output "${name}" does not depend on its input.`);
    return value.tensor;
  });
  return builder.finishChecked(outputs);
}

/** The nodes that the outputs need, each after what it reads. */
function executionOrder({ nodes, outputs }: GraphDef): GraphDefNode[] {
  if (outputs.length === 0) throw new HolotypeError('bad-input', 'The model graph has no outputs.');
  const order: GraphDefNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // A stack of our own: graphs are deeper than some call stacks.
  const stack = outputs.map((name) => ({ name, reader: 'the signature' })).reverse();
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { name, reader } = top;
    const node = nodes.get(name);
    if (node === undefined)
      throw new HolotypeError('bad-input', `The model file has no node "${name}", which "${reader}" needs.`);
    if (state.get(name) === undefined) {
      state.set(name, 'open');
      for (const input of node.inputs.toReversed()) {
        if (state.get(input) === 'open')
          throw new HolotypeError('bad-input', `The node "${input}" of the model feeds itself.`);
        if (!state.has(input)) stack.push({ name: input, reader: name });
      }
      continue;
    }
    stack.pop();
    if (state.get(name) === 'open') {
      state.set(name, 'done');
      order.push(node);
    }
  }
  return order;
}

function inputOf(order: readonly GraphDefNode[], options: ImportTfjsOptions): GraphInput {
  const placeholders = order.filter((node) => node.op === 'Placeholder');
  const [input] = placeholders;
  if (input === undefined || placeholders.length > 1)
    throw new HolotypeError(
      'not-supported',
      `The model has ${placeholders.length} inputs (${placeholders.map((node) => node.name).join(', ')}); an image classifier takes one.`,
    );
  const shape = input.shape('shape');
  const [, h = -1, w = -1, channels = -1] = shape ?? [];
  const height = h > 0 ? h : options.inputSize?.[0];
  const width = w > 0 ? w : options.inputSize?.[1];
  if (
    shape?.length !== 4 ||
    channels < 1 ||
    height === undefined ||
    width === undefined ||
    Math.max(...shape) > 65535
  )
    throw new HolotypeError(
      'not-supported',
      `The model's input "${input.name}" has the shape [${shape?.join(', ') ?? 'unknown'}]; Holotype needs [-1, height, width, channels] with fixed sizes.`,
      { remedy: 'Export the model with a fixed input size, or state the size when importing it.' },
    );
  return { name: input.name, shape: [height, width, channels] };
}
