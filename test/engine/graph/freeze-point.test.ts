import { describe, expect, it } from 'vitest';
import { plannedBlocks } from '../../../src/engine/graph/freeze-point.ts';
import type { GraphNode, ModelGraph, Weight } from '../../../src/engine/graph/graph.ts';

/**
 * Plain convolutions of 3x3, each followed by a max pool that halves the map; what comes last by `end`.
 * @param channels of each convolution's output
 */
function network(channels: readonly number[], end: 'map' | 'classifier'): ModelGraph {
  const weights = new Map<string, Weight>();
  const nodes: GraphNode[] = [];
  let from = 'x';
  let cin = 3;
  for (const [i, cout] of channels.entries()) {
    const shape = [3, 3, cin, cout];
    weights.set(`k${i}`, { shape, data: new Float32Array(9 * cin * cout) });
    nodes.push({
      op: 'conv2d',
      name: `conv${i}`,
      inputs: [from],
      kernel: `k${i}`,
      strides: [1, 1],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
      groups: 1,
    });
    nodes.push({
      op: 'max-pool',
      name: `pool${i}`,
      inputs: [`conv${i}`],
      window: [2, 2],
      strides: [2, 2],
      pads: [0, 0, 0, 0],
      countPadding: false,
    });
    from = `pool${i}`;
    cin = cout;
  }
  if (end === 'classifier') {
    weights.set('d', { shape: [cin, 10], data: new Float32Array(cin * 10) });
    nodes.push({ op: 'global-average-pool', name: 'gap', inputs: [from], keepDims: false });
    nodes.push({ op: 'dense', name: 'dense', inputs: ['gap'], kernel: 'd' });
    nodes.push({ op: 'activation', name: 'softmax', kind: 'softmax', inputs: ['dense'] });
    from = 'softmax';
  }
  return { input: { name: 'x', shape: [32, 32, 3] }, nodes, outputs: [from], weights };
}

const roles = (graph: ModelGraph, freezeUntil: string): string[] =>
  plannedBlocks(graph, freezeUntil).map(({ role }) => role);

describe('what becomes of blocks', () => {
  const [map, classifier] = [network([16, 16, 32, 64], 'map'), network([16, 16, 32, 64], 'classifier')];
  const names = plannedBlocks(map, 'none').map(({ name }) => name);

  it('is frozen up to and including the block that is named, trained behind it', () => {
    expect(names.length).toBeGreaterThan(2);
    for (const [at, name] of names.entries())
      expect(roles(map, name)).toEqual(names.map((_, i) => (i <= at ? 'frozen' : 'trained')));
  });

  it('is trained, all of it, where no block is named', () => {
    expect(roles(map, 'none')).toEqual(names.map(() => 'trained'));
  });

  it('leaves the old classifier to the new head', () => {
    const [first = ''] = names;
    expect(roles(classifier, first).at(-1)).toBe('replaced');
    expect(roles(classifier, first).slice(0, -1)).toEqual(roles(map, first));
  });
});
