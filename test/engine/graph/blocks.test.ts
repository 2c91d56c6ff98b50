import { describe, expect, it } from 'vitest';
import { blocksOf, featureNode } from '../../../src/engine/graph/blocks.ts';
import { cutAt, tailAfter } from '../../../src/engine/graph/cut.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { inferShapes } from '../../../src/engine/graph/shapes.ts';
import { mobileNetV2, Net, resNet } from './networks.ts';

const names = (graph: ModelGraph): string[] => blocksOf(graph).map((block) => block.name);

/** What has to hold for the blocks of any network. */
function expectSound(graph: ModelGraph): void {
  const blocks = blocksOf(graph);
  expect(blocks.flatMap((block) => block.nodes)).toEqual(graph.nodes.map((node) => node.name));
  expect(new Set(blocks.map((block) => block.name)).size).toBe(blocks.length);
  const shapes = inferShapes(graph);
  for (const block of blocks) {
    expect(block.outputShape).toEqual(shapes.get(block.output));
    // Every block boundary can be cut: the two halves hold all nodes, once (a vector adds its input).
    const trunk = cutAt(graph, [block.output]);
    const tail = tailAfter(graph, block.output);
    const added = block.outputShape.length === 3 ? 0 : 1;
    expect(trunk.nodes.length + tail.nodes.length - added).toBe(graph.nodes.length);
  }
}

describe('blocksOf', () => {
  it('makes one block per inverted residual, named by the file where it can', () => {
    const named = mobileNetV2((block, layer) => `features/block_${block}/${layer}`);
    expectSound(named);
    expect(names(named)).toEqual(['stem', 'block_0', 'block_1', 'block_2', 'top', 'logits']);
    const numbered = mobileNetV2((block, layer) => `${block * 7 + layer.length}_${layer}`);
    expect(names(numbered)).toEqual(['stem', 'block1', 'block2', 'block3', 'last-conv', 'classifier']);
  });

  it('makes one block per residual unit, with its activation', () => {
    const graph = resNet((stage, unit, layer) => `/layer${stage}/layer${stage}.${unit}/${layer}/Op`);
    expectSound(graph);
    const blocks = blocksOf(graph);
    expect(blocks.map((block) => block.name)).toEqual([
      'stem',
      'layer0.0',
      'layer0.1',
      'layer1.0',
      'layer1.1',
      'fc',
    ]);
    expect(blocks[1]?.output).toBe('/layer0/layer0.0/relu/Op');
    expect(blocks[0]?.output).toBe('stem_pool');
    const underscores = resNet((stage, unit, layer) => `net0_stage${stage}_unit${unit}_${layer}_fwd`);
    expect(names(underscores).slice(1, 3)).toEqual(['net0_stage0_unit0', 'net0_stage0_unit1']);
  });

  it('counts parameters and multiply-adds', () => {
    const net = new Net([8, 8, 3]);
    const graph = net.graph(net.dense('fc', net.globalPool('pool', net.conv('c', 'input', 4, 3, 2)), 2));
    const blocks = blocksOf(graph);
    expect(blocks.reduce((n, b) => n + b.parameters, 0)).toBe(3 * 3 * 3 * 4 + 4 + 4 * 2 + 2);
    expect(blocks.reduce((n, b) => n + b.multiplyAdds, 0)).toBe(4 * 4 * 3 * 3 * 3 * 4 + 4 * 2);
  });

  it('keeps plain convolutions up to their pooling together, and each dense layer apart', () => {
    const net = new Net([8, 8, 3]);
    let x = net.act('r1', net.conv('c1', 'input', 4));
    x = net.maxPool('p1', net.act('r2', net.conv('c2', x, 4)));
    x = net.maxPool('p2', net.act('r3', net.conv('c3', x, 6)));
    x = net.act('r4', net.dense('fc1', net.flatten('flat', x), 10));
    const graph = net.graph(net.dense('fc2', x, 5));
    expectSound(graph);
    expect(blocksOf(graph).map((block) => block.output)).toEqual(['p1', 'p2', 'r4', 'fc2']);
  });

  it('joins the layers of a dense block, and its transition', () => {
    const net = new Net([16, 16, 3]);
    let x = net.maxPool('pool0', net.cbr('conv0', 'input', 8, 3, 2));
    for (const block of [1, 2]) {
      for (const layer of [1, 2, 3]) {
        const id = `d${block}x${layer}`;
        const y = net.conv(id, net.act(`${id}r`, net.norm(`${id}n`, x)), 4, 3, 1, false);
        x = net.concat(`${id}cat`, x, y);
      }
      const id = `t${block}`;
      if (block === 1)
        x = net.averagePool(
          `${id}p`,
          net.conv(id, net.act(`${id}r`, net.norm(`${id}n`, x)), 10, 1, 1, false),
        );
    }
    x = net.act('last_relu', net.norm('last_norm', x));
    const graph = net.graph(net.dense('fc', net.globalPool('pool', x), 5));
    expectSound(graph);
    expect(blocksOf(graph).map((block) => block.output)).toEqual([
      'pool0',
      'd1x3cat',
      't1p',
      'last_relu',
      'fc',
    ]);
  });

  it('keeps squeeze and excitation with its convolution, and fire modules whole', () => {
    const net = new Net([16, 16, 3]);
    let x = net.act('stem_act', net.conv('stem', 'input', 8, 3, 2), 'swish');
    x = net.act('expand_act', net.conv('expand', x, 24, 1), 'swish');
    x = net.act('dw_act', net.depthwise('dw', x, 2), 'swish');
    const gate = net.act(
      'gate',
      net.conv('up', net.act('se_act', net.conv('down', net.globalPool('se', x, true), 4, 1)), 24, 1),
      'sigmoid',
    );
    x = net.conv('project', net.mul('scaled', x, gate), 8, 1);
    x = net.act('squeeze_act', net.conv('squeeze', x, 4, 1));
    x = net.concat('fire', net.act('a1', net.conv('e1', x, 8, 1)), net.act('a3', net.conv('e3', x, 8, 3)));
    const graph = net.graph(x);
    expectSound(graph);
    expect(blocksOf(graph).map((block) => block.output)).toEqual(['stem_act', 'project', 'fire']);
  });
});

describe('featureNode', () => {
  it('is what goes into the classifier', () => {
    expect(featureNode(mobileNetV2((block, layer) => `b${block}/${layer}`))).toBe('pool');
    expect(featureNode(resNet((s, u, l) => `${s}/${u}/${l}`))).toBe('flat');
  });

  it('is the input of a classifier that is a convolution on a pooled map', () => {
    const net = new Net([8, 8, 3]);
    const pooled = net.globalPool('pool', net.conv('c', 'input', 16), true);
    const graph = net.graph(net.act('p', net.flatten('f', net.conv('scores', pooled, 10, 1)), 'softmax'));
    expect(featureNode(graph)).toBe('pool');
  });

  it('is the map before a convolution whose scores are pooled (SqueezeNet)', () => {
    const squeezeNet = (classes: number, softmax: boolean): ModelGraph => {
      const net = new Net([8, 8, 3]);
      const map = net.conv('features', 'input', 16);
      const scores = net.globalPool('pool', net.act('r', net.conv('scores', map, classes, 1)));
      return net.graph(softmax ? net.act('p', scores, 'softmax') : scores);
    };
    expect(featureNode(squeezeNet(1000, false))).toBe('features');
    expect(featureNode(squeezeNet(64, true))).toBe('features');
    // Without softmax and with a width of features it is a feature extractor with a last 1x1 convolution.
    expect(featureNode(squeezeNet(64, false))).toBe('pool');
  });

  it('is the output of a graph that ends in features', () => {
    const net = new Net([8, 8, 3]);
    const map = net.cbr('c', 'input', 16);
    expect(featureNode(net.graph(map))).toBe('c/relu');
    const vector = net.globalPool('pool', map);
    expect(featureNode(net.graph(vector))).toBe('pool');
  });
});
