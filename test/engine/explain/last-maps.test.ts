import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { divideAtLastMaps } from '../../../src/engine/explain/last-maps.ts';
import { importModel } from '../../../src/engine/graph/import-model.ts';
import { assembleModel } from '../../../src/engine/train/assemble-model.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import { Net, mobileNetV2, resNet } from '../graph/networks.ts';
import { sharedWeights } from '../graph/tfjs-testing.ts';
import { policyOf, randomHead } from '../train/finetune/tail-testing.ts';

const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);
const residual = resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`);

const namesOf = (...given: Parameters<typeof divideAtLastMaps>): string[] | undefined =>
  divideAtLastMaps(...given)?.maps.map(({ name }) => name);

describe('the last spatial maps', () => {
  test('are what the global pool reads; scores are what goes into the softmax', () => {
    const divided = divideAtLastMaps(mobile);
    expect(divided?.maps).toEqual([{ name: 'top/relu', rows: 4, columns: 4, channels: 32 }]);
    expect(divided?.scores).toBe('logits');
    expect(divided?.nodes.map(({ name }) => name)).toEqual(['pool', 'logits']);
    expect(divided?.given).toEqual([]);
  });

  test('are found through a pool that keeps its axes and a flattening; without softmax the output is the score', () => {
    const divided = divideAtLastMaps(residual);
    expect(divided?.maps.map(({ name }) => name)).toEqual(['stage1/unit1/relu']);
    expect(divided?.scores).toBe('fc');
  });

  test('are several for a head that reads earlier blocks, too', () => {
    const trunk = buildTrunk(mobile, policyOf(mobile));
    const { weights, ...rest } = randomHead(trunk, 3, [7]);
    const graph = assembleModel({ trunk, head: weights, temperature: 1, ...rest });
    const divided = divideAtLastMaps(graph);
    expect(divided?.maps.map(({ name, rows, columns }) => [name, rows, columns])).toEqual([
      ['top/relu', 4, 4],
      ['block_2/add', 4, 4],
    ]);
    expect(divided?.scores).toBe('head/logits');
  });

  test('of a network that flattens its map: that map', () => {
    const net = new Net([16, 16, 3]);
    const map = net.maxPool('pool', net.cbr('conv', 'input', 4));
    const hidden = net.act('relu', net.dense('hidden', net.flatten('flat', map), 6));
    expect(namesOf(net.graph(net.act('p', net.dense('fc', hidden, 2), 'softmax')))).toEqual(['pool']);
  });

  test('are not the maps that squeeze-and-excitation pools, for its answer goes back into a map', () => {
    const net = new Net([16, 16, 3]);
    const map = net.cbr('conv', 'input', 4);
    const gate = net.act('gate', net.conv('excite', net.globalPool('squeeze', map, true), 4, 1), 'sigmoid');
    const last = net.cbr('last', net.mul('scaled', map, gate), 6);
    const graph = net.graph(net.dense('fc', net.globalPool('global', last), 2));
    expect(namesOf(graph)).toEqual(['last/relu']);
    // Cut at the map itself, its way through the gate is behind it.
    expect(divideAtLastMaps(graph, 'conv/relu')?.given).toEqual([]);
    // Cut behind the gate's product, the gate is in front.
    expect(divideAtLastMaps(graph, 'scaled')?.nodes.map(({ name }) => name)).not.toContain('gate');
  });

  test('there are none without convolutions, nor where everything is 1 x 1', () => {
    const net = new Net([8, 8, 3]);
    expect(divideAtLastMaps(net.graph(net.dense('fc', net.flatten('flat', 'input'), 2)))).toBeUndefined();
    const point = new Net([1, 1, 3]);
    const flat = point.flatten('flat', point.cbr('conv', 'input', 4, 1));
    expect(divideAtLastMaps(point.graph(point.dense('fc', flat, 2)))).toBeUndefined();
  });
});

test('dividing at a map says what goes around it', () => {
  // The shortcut carries the map before around unit1's first convolution.
  const divided = divideAtLastMaps(residual, 'stage1/unit1/conv1/relu');
  expect(divided?.maps.map(({ name }) => name)).toEqual(['stage1/unit1/conv1/relu']);
  expect(divided?.given.map(({ name }) => name)).toEqual(['stage1/unit0/relu']);
  expect(() => divideAtLastMaps(residual, 'nowhere')).toThrow(/no feature map "nowhere"/);
  expect(() => divideAtLastMaps(residual, 'fc')).toThrow(/no feature map "fc"/);
});

test.skipIf(!existsSync(sharedWeights)).each([
  ['mobilenet_v2_1.0_224.onnx', 7],
  ['resnet50_v2_stage3.onnx', 14],
  ['teachable_machine_export/model.json', 7],
  ['tfjs_mobilenet_v1_0.25_224/model.json', 7],
])('the backbone %s in ../shared has one (skipped without it)', async (path, side) => {
  const main = new URL(path, sharedWeights);
  const folder = new URL('.', main);
  const names = path.endsWith('.json') ? ['model.json', ...shards(main)] : [path.split('/').at(-1) ?? ''];
  const files = names.map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));
  const maps = divideAtLastMaps(await importModel(files))?.maps ?? [];
  expect(maps.map(({ rows, columns }) => [rows, columns])).toEqual([[side, side]]);
});

function shards(modelJson: URL): string[] {
  const { weightsManifest } = JSON.parse(readFileSync(modelJson, 'utf8')) as {
    weightsManifest: { paths: string[] }[];
  };
  return weightsManifest.flatMap(({ paths }) => paths);
}
