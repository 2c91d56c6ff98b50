import { readFileSync } from 'node:fs';
import * as tfc from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { InputPolicy } from '../../../src/contract/input-policy.ts';
import { exportTfjs, type ExportTfjsOptions } from '../../../src/engine/graph/export-tfjs.ts';
import type { GraphNode, ModelGraph } from '../../../src/engine/graph/graph.ts';
import { importTfjsLayers } from '../../../src/engine/graph/import-tfjs-layers.ts';
import {
  haveShared,
  loadWithTfjs,
  parseJson,
  predict,
  randomNumbers,
  randomWeight,
  readTfjsFolder,
  relativeError,
  runGraphInOnnx,
  sharedWeights,
  type TfjsJson,
} from './tfjs-testing.ts';

const policy: InputPolicy = {
  height: 12,
  width: 12,
  resize: 'crop',
  cropFraction: 0.875,
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};
const labels = ['ants', 'bees', 'Käfer'];
const options: ExportTfjsOptions = {
  labels,
  modelName: 'garden insects',
  policy,
  timeStamp: new Date('2024-05-06T07:08:09.010Z'),
};

/** A small classifier for pixels 0..255: normalization, one convolution with padding, head. */
function classifier(normalization: 'affine' | 'none' | 'twice'): ModelGraph {
  const from = { none: 'photo', affine: 'normalize', twice: 'both' }[normalization];
  const scaled = { op: 'affine', inputs: ['photo'], scale: 'n/scale', offset: 'n/offset' } as const;
  const nodes: GraphNode[] = [
    ...(normalization === 'none' ? [] : [{ ...scaled, name: 'normalize' }]),
    ...(normalization === 'twice' ? [{ ...scaled, name: 'normalize2' }] : []),
    {
      op: 'conv2d',
      name: 'conv',
      inputs: [from],
      kernel: 'k',
      bias: 'b',
      strides: [2, 2],
      dilations: [1, 1],
      pads: [0, 0, 1, 1],
      groups: 1,
    },
    { op: 'activation', name: 'relu', inputs: ['conv'], kind: 'relu6' },
    { op: 'global-average-pool', name: 'pool', inputs: ['relu'], keepDims: false },
    { op: 'dense', name: 'head', inputs: ['pool'], kernel: 'hk', bias: 'hb' },
    { op: 'activation', name: 'probabilities', inputs: ['head'], kind: 'softmax' },
  ];
  if (normalization === 'twice') {
    // The photo is read by two nodes, so no single affine can be merged.
    nodes.splice(2, 0, { op: 'add', name: 'both', inputs: ['normalize', 'normalize2'] });
  }
  const weights = new Map([
    ['n/scale', { shape: [3], data: Float32Array.of(1 / 127.5, 1 / 58, 1 / 60) }],
    ['n/offset', { shape: [3], data: Float32Array.of(-1, -2.1, -1.9) }],
    [
      'k',
      {
        shape: [3, 3, 3, 4],
        data: randomNumbers(108, 1).map((x) => (normalization === 'none' ? x / 100 : x)),
      },
    ],
    ['b', randomWeight([4], 2)],
    ['hk', randomWeight([4, 3], 3)],
    ['hb', randomWeight([3], 4)],
  ]);
  return { input: { name: 'photo', shape: [12, 12, 3] }, nodes, outputs: ['probabilities'], weights };
}

const pixels = (count: number): Float32Array =>
  randomNumbers(count, 9).map((x) => Math.round((x + 1) * 127.5));

/**
 * @teachablemachine/image 0.8.5, src/utils/tf.ts `capture`: toFloat, div(127), sub(1). The crop happens on a canvas
 * before it (src/utils/canvas.ts `cropTo`), to the square that metadata.imageSize tells.
 */
function asTheLibraryFeeds(rgb: Float32Array): Float32Array {
  return tfc.tidy(() =>
    Float32Array.from(tfc.sub(tfc.div(tfc.tensor1d(rgb), tfc.scalar(127)), tfc.scalar(1)).dataSync()),
  );
}

/** The same package, src/custom-mobilenet.ts `isMetadata` and `fillMetadata`. */
function asTheLibraryReads(metadata: string): { labels: string[]; imageSize: number; modelName: string } {
  const data = parseJson<{ labels?: string[]; imageSize?: number; modelName?: string } | null>(metadata);
  if (!data || !Array.isArray(data.labels)) throw new Error('Invalid Metadata provided');
  return {
    labels: data.labels,
    imageSize: data.imageSize || 224,
    modelName: data.modelName || 'untitled',
  };
}

describe('exportTfjs', () => {
  it.each(['affine', 'none', 'twice'] as const)(
    'gives the graph’s probabilities for photos that the library feeds (normalization: %s)',
    async (normalization) => {
      const graph = classifier(normalization);
      const files = await exportTfjs(graph, options);
      const model = await loadWithTfjs(parseJson<TfjsJson>(files.modelJson), files.weights);
      expect(model.inputs[0]?.shape).toEqual([null, 12, 12, 3]);
      // The library pairs model.output.shape[1] probabilities with the labels.
      expect(model.outputs[0]?.shape).toEqual([null, labels.length]);
      const rgb = pixels(4 * 12 * 12 * 3);
      const expected = await runGraphInOnnx(graph, rgb, 4);
      expect(relativeError(predict(model, asTheLibraryFeeds(rgb), 4), expected)).toBeLessThan(1e-5);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
      expect(files.customLayers).toEqual([]);
      model.dispose();
    },
  );

  it('merges the graph’s own normalization into the first layer', async () => {
    const layersOf = async (graph: ModelGraph): Promise<string[]> => {
      const { modelJson } = await exportTfjs(graph, options);
      const { modelTopology } = parseJson<{
        modelTopology: { config: { layers: { class_name: string }[] } };
      }>(modelJson);
      return modelTopology.config.layers.map((layer) => layer.class_name);
    };
    const merged = await layersOf(classifier('affine'));
    expect(merged.slice(0, 3)).toEqual(['InputLayer', 'DepthwiseConv2D', 'Conv2D']);
    expect(await layersOf(classifier('none'))).toEqual(merged);
  });

  it('writes what our own importer reads back', async () => {
    const graph = classifier('affine');
    const files = await exportTfjs(graph, options);
    const again = importTfjsLayers(JSON.parse(files.modelJson), files.weights);
    const rgb = pixels(12 * 12 * 3);
    const actual = await runGraphInOnnx(again, asTheLibraryFeeds(rgb), 1);
    expect(relativeError(actual, await runGraphInOnnx(graph, rgb, 1))).toBeLessThan(1e-5);
  });

  it('writes the metadata that the library and its users read', async () => {
    const { metadata } = await exportTfjs(classifier('affine'), {
      ...options,
      userMetadata: { author: 'A. Person' },
    });
    expect(asTheLibraryReads(metadata)).toEqual({ labels, imageSize: 12, modelName: 'garden insects' });
    expect(JSON.parse(metadata)).toMatchObject({
      timeStamp: '2024-05-06T07:08:09.010Z',
      packageName: '@teachablemachine/image',
      userMetadata: {
        author: 'A. Person',
        holotype: {
          height: 12,
          width: 12,
          teachableMachine: true,
          trainedWith: { resize: 'crop', cropFraction: 0.875 },
        },
      },
    });
  });

  it('writes the same bytes for the same model', async () => {
    const [first, second] = [
      await exportTfjs(classifier('affine'), options),
      await exportTfjs(classifier('affine'), options),
    ];
    expect(second).toEqual(first);
  });

  it('refuses labels, policy and outputs that do not fit', async () => {
    const graph = classifier('affine');
    const bad = expect.objectContaining({ code: 'bad-usage' });
    await expect(exportTfjs(graph, { ...options, labels: ['one'] })).rejects.toThrowError(bad);
    await expect(exportTfjs(graph, { ...options, policy: { ...policy, width: 10 } })).rejects.toThrowError(
      bad,
    );
    await expect(exportTfjs({ ...graph, outputs: ['relu'] }, options)).rejects.toThrowError(bad);
    await expect(exportTfjs({ ...graph, outputs: ['probabilities', 'pool'] }, options)).rejects.toThrowError(
      bad,
    );
  });

  it('says so where the library could not be used: photos that aren’t square, activations newer than its TF.js', async () => {
    const usable = async (graph: ModelGraph, width = 12): Promise<unknown> => {
      const { metadata } = await exportTfjs(graph, { ...options, policy: { ...policy, width } });
      return parseJson<{ userMetadata: { holotype: object } }>(metadata).userMetadata.holotype;
    };
    const wide = { ...classifier('affine'), input: { name: 'photo', shape: [12, 16, 3] } } as const;
    expect(await usable(wide, 16)).toMatchObject({ teachableMachine: false, needsTfjs: '1.3.0' });
    const plain = classifier('affine');
    const gelu = plain.nodes.map((node): GraphNode =>
      node.op === 'activation' && node.kind === 'relu6' ? { ...node, kind: 'gelu' } : node,
    );
    expect(await usable({ ...plain, nodes: gelu })).toMatchObject({
      teachableMachine: false,
      needsTfjs: '4.20.0',
    });
    expect(await usable(plain)).toMatchObject({ teachableMachine: true, needsTfjs: '1.3.0' });
  });

  it('leaves no tensor behind', async () => {
    const before = tfc.memory().numTensors;
    await exportTfjs(classifier('affine'), options);
    expect(tfc.memory().numTensors).toBe(before);
  });
});

describe.skipIf(!haveShared)(
  'exportTfjs beside a real Teachable Machine export (needs ../shared/weights)',
  () => {
    const theirs = 'teachable_machine_export';
    it('has the keys of its model.json and metadata.json, in its order', async () => {
      const files = await exportTfjs(classifier('affine'), options);
      const { json } = readTfjsFolder(theirs);
      const ours = parseJson<TfjsJson>(files.modelJson);
      expect(Object.keys(ours)).toEqual(Object.keys(json));
      expect(Object.keys(ours.modelTopology).sort()).toEqual(Object.keys(json.modelTopology).sort());
      expect(ours.weightsManifest.map((group) => group.paths)).toEqual(
        json.weightsManifest.map((group) => group.paths),
      );
      expect(ours.weightsManifest[0]?.weights.map((spec) => Object.keys(spec))[0]).toEqual([
        'name',
        'shape',
        'dtype',
      ]);
      const metadata = readFileSync(new URL(`${theirs}/metadata.json`, sharedWeights), 'utf8');
      expect(Object.keys(parseJson<object>(files.metadata))).toEqual(
        Object.keys(parseJson<object>(metadata)),
      );
    });

    it('writes that model anew, with the same probabilities', async () => {
      const { json, weights } = readTfjsFolder(theirs);
      const imported = importTfjsLayers(json, weights);
      const five = ['a', 'b', 'c', 'd', 'e'];
      // As architecture.md has it: pixels 0..255 in, the library's own normalization inside.
      const scale = { shape: [3], data: new Float32Array(3).fill(1 / 127) };
      const offset = { shape: [3], data: new Float32Array(3).fill(-1) };
      const graph: ModelGraph = {
        ...imported,
        input: { name: 'pixels', shape: [224, 224, 3] },
        nodes: [
          { op: 'affine', name: imported.input.name, inputs: ['pixels'], scale: 'ps', offset: 'po' },
          ...imported.nodes,
        ],
        weights: new Map([...imported.weights, ['ps', scale], ['po', offset]]),
      };
      const files = await exportTfjs(graph, {
        ...options,
        labels: five,
        policy: { ...policy, height: 224, width: 224 },
      });
      const [first, again] = [
        await loadWithTfjs(json, weights),
        await loadWithTfjs(parseJson<TfjsJson>(files.modelJson), files.weights),
      ];
      const x = asTheLibraryFeeds(pixels(224 * 224 * 3));
      expect(relativeError(predict(again, x, 1), predict(first, x, 1))).toBeLessThan(1e-4);
      first.dispose();
      again.dispose();
    });
  },
);
