/**
 * A finished classifier as the three files that Teachable Machine exports: model.json, weights.bin and
 * metadata.json.
 *
 * Checked against `@teachablemachine/image` 0.8.5 (its src/custom-mobilenet.ts and src/utils/tf.ts): it loads the
 * model with tf.loadLayersModel, takes `labels` and `imageSize` from the metadata, cuts the photo's centre square
 * at that size, feeds pixels / 127 - 1 as [1, size, size, 3], and pairs output i with label i.
 *
 * A model graph takes pixels 0..255, so a first affine layer undoes that: pixel = (x + 1) * 127. Where the graph
 * itself begins with its normalization, the two become one layer.
 */
import * as tfc from '@tensorflow/tfjs-core';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { buildLayersModel } from './build-tfjs.ts';
import { weightOf } from './graph.ts';
import type { Affine, GraphNode, ModelGraph, Weight } from './graph.ts';
import { freeName } from './cut.ts';
import { inferShapes } from './shapes.ts';
import { customLayersOf } from './tfjs-custom-layers.ts';

/** Half the range of the library's input: it feeds pixels / 127 - 1. */
const half = 127;

export interface ExportTfjsOptions {
  /** Class names in the order of the graph's outputs. */
  readonly labels: readonly string[];
  readonly modelName: string;
  /** How photos became the graph's input; told in the metadata, as the library resizes in its own way. */
  readonly policy: InputPolicy;
  /** Goes into the metadata's `userMetadata` as it is, beside the key `holotype`. */
  readonly userMetadata?: Readonly<Record<string, unknown>>;
  /** Time stamp of the metadata; now, unless given. */
  readonly timeStamp?: Date;
}

export interface TfjsFiles {
  /** Text of model.json; it names its weights `weights.bin`. */
  readonly modelJson: string;
  /** Content of weights.bin. */
  readonly weights: Uint8Array;
  /** Text of metadata.json. */
  readonly metadata: string;
  /** Class names of layers that plain TF.js does not have; empty for most networks. */
  readonly customLayers: string[];
}

/**
 * @param graph takes RGB 0..255 (its normalization is inside) and ends in probabilities, one for each label
 * @returns the files' contents; the model takes [batch, height, width, 3] in the library's x / 127 - 1
 * @throws HolotypeError('bad-usage') when labels, policy and graph don't fit each other
 */
export async function exportTfjs(graph: ModelGraph, options: ExportTfjsOptions): Promise<TfjsFiles> {
  checkFit(graph, options);
  const model = await buildLayersModel(takeCentredInput(graph), { name: options.modelName });
  try {
    const artifacts = await savedArtifacts(model);
    return {
      modelJson: JSON.stringify({
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights: artifacts.weightSpecs }],
      }),
      weights: new Uint8Array(tfc.io.CompositeArrayBuffer.join(artifacts.weightData)),
      metadata: JSON.stringify(metadataOf(graph, options), undefined, 2),
      customLayers: customLayersOf(graph),
    };
  } finally {
    model.dispose();
  }
}

function checkFit(graph: ModelGraph, { labels, policy }: ExportTfjsOptions): void {
  const [height, width] = graph.input.shape;
  if (height !== policy.height || width !== policy.width)
    throw new HolotypeError(
      'bad-usage',
      `The model takes ${width} x ${height} pixels, but its input policy says ${policy.width} x ${policy.height}.`,
    );
  const [output, ...more] = graph.outputs;
  const shape = output === undefined ? undefined : inferShapes(graph).get(output);
  if (more.length > 0 || shape?.length !== 1 || shape[0] !== labels.length)
    throw new HolotypeError(
      'bad-usage',
      `The model's outputs [${shape?.join(', ') ?? ''}] don't fit ${labels.length} labels.`,
    );
}

function savedArtifacts(model: Awaited<ReturnType<typeof buildLayersModel>>): Promise<tfc.io.ModelArtifacts> {
  return new Promise((resolve, reject) => {
    const handler = tfc.io.withSaveHandler((artifacts) => {
      resolve(artifacts);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    });
    model.save(handler).catch(reject);
  });
}

/** The same network for input x = pixel / 127 - 1. */
function takeCentredInput(graph: ModelGraph): ModelGraph {
  const { name, shape } = graph.input;
  const weights = new Map(graph.weights);
  const keep = (key: string, data: Float32Array): string => {
    let unique = key;
    while (weights.has(unique)) unique += '_';
    weights.set(unique, { shape: [data.length], data });
    return unique;
  };
  const readers = graph.nodes.filter((node) => node.inputs.includes(name));
  const [first] = readers;
  const merges = readers.length === 1 && first?.op === 'affine' && !graph.outputs.includes(name);
  const scale = merges ? weightOf(graph, first.scale) : filled(shape[2], 1);
  const offset = merges ? weightOf(graph, first.offset) : filled(shape[2], 0);
  // (x + 1) * 127 * scale + offset
  const centred: Affine = {
    op: 'affine',
    name: merges ? first.name : freeName(graph, 'pixels'),
    inputs: [name],
    scale: keep(
      'pixels/scale',
      scale.data.map((one) => one * half),
    ),
    offset: keep(
      'pixels/offset',
      offset.data.map((one, channel) => one + (scale.data[channel] ?? 0) * half),
    ),
  };
  if (merges)
    return { ...graph, weights, nodes: graph.nodes.map((node) => (node === first ? centred : node)) };
  const rewired = graph.nodes.map((node): GraphNode => ({
    ...node,
    inputs: node.inputs.map((input) => (input === name ? centred.name : input)),
  }));
  const outputs = graph.outputs.map((output) => (output === name ? centred.name : output));
  return { ...graph, weights, nodes: [centred, ...rewired], outputs };
}

function filled(channels: number, value: number): Weight {
  return { shape: [channels], data: new Float32Array(channels).fill(value) };
}

function usesGelu(graph: ModelGraph): boolean {
  return graph.nodes.some((node) => node.op === 'activation' && node.kind === 'gelu');
}

/** The keys of a Teachable Machine export, in its order. */
function metadataOf(graph: ModelGraph, options: ExportTfjsOptions): Record<string, unknown> {
  const [height, width] = graph.input.shape;
  const { resize, cropFraction } = options.policy;
  return {
    tfjsVersion: tfc.version_core,
    // Teachable Machine and its library, in the versions whose layout this is.
    tmVersion: '2.4.5',
    packageVersion: '0.8.5',
    packageName: '@teachablemachine/image',
    timeStamp: (options.timeStamp ?? new Date()).toISOString(),
    userMetadata: {
      ...options.userMetadata,
      holotype: {
        input:
          'RGB pixels / 127 - 1, NHWC float32; the first layer turns them back into 0..255 and normalizes',
        height,
        width,
        trainedWith: { resize, cropFraction },
        // The library cuts squares only, and brings TF.js 1.3.1.
        teachableMachine: height === width && !usesGelu(graph) && customLayersOf(graph).length === 0,
        needsTfjs: usesGelu(graph) ? '4.20.0' : '1.3.0',
      },
    },
    modelName: options.modelName,
    labels: [...options.labels],
    imageSize: height,
  };
}
