import { describe, expect, it } from 'vitest';
import { freezePlan } from '../../../src/engine/graph/freeze-point.ts';
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

const roles = (graph: ModelGraph): string[] => freezePlan(graph).blocks.map(({ role }) => role);

describe('the default freeze point', () => {
  it('is the first boundary with no more than a third of the multiply-adds behind it', () => {
    // Doubling the channels while halving the map keeps the cost of every block but the first the same.
    const graph = network([16, 16, 32, 64], 'map');
    const plan = freezePlan(graph);
    const costs = plan.blocks.map(({ multiplyAdds }) => multiplyAdds);
    const total = costs.reduce((a, b) => a + b, 0);
    const frozen = plan.blocks.findIndex(({ name }) => name === plan.freezeUntil) + 1;
    const behind = (n: number): number => costs.slice(n).reduce((a, b) => a + b, 0);
    expect(behind(frozen)).toBeLessThanOrEqual(total / 3);
    expect(behind(frozen - 1)).toBeGreaterThan(total / 3);
    expect(plan.blocks.map(({ role }) => role)).toEqual(
      costs.map((_, i) => (i < frozen ? 'frozen' : 'trained')),
    );
  });

  it('leaves the old classifier to the new head', () => {
    const all = roles(network([16, 16, 32, 64], 'classifier'));
    expect(all.at(-1)).toBe('replaced');
    expect(all.slice(0, -1)).toEqual(roles(network([16, 16, 32, 64], 'map')));
  });

  it('leaves something to train where the last block alone is dearer than a third', () => {
    const plan = freezePlan(network([4, 256], 'map'));
    expect(plan.blocks.map(({ role }) => role)).toEqual(['frozen', 'trained']);
    expect(plan.freezeUntil).toBe(plan.blocks[0]?.name);
  });

  it('is absent for a backbone of one block', () => {
    const plan = freezePlan(network([8], 'map'));
    expect(plan.blocks.map(({ role }) => role)).toEqual(['trained']);
    expect(plan.freezeUntil).toBeUndefined();
  });
});
