import { describe, expect, it } from 'vitest';
import type { ModelDetails } from '../../../src/contract/model-details.ts';
import { amount, drawModel } from '../../../src/hosts/cli/draw-model.ts';

const block = (
  name: string,
  share: number,
  cumulativeShare: number,
  role: 'frozen' | 'trained' | 'replaced',
) => ({
  name,
  outputShape: [7, 7, 320],
  nodes: 3,
  parameters: 1000,
  multiplyAdds: share * 1e8,
  share,
  cumulativeShare,
  role,
});

const details: ModelDetails = {
  id: 'tiny',
  name: 'Tiny net',
  path: '/models/tiny.onnx',
  format: 'onnx',
  sha256: '0'.repeat(64),
  input: {
    height: 224,
    width: 192,
    resize: 'squash',
    cropFraction: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  parameters: 3000,
  multiplyAdds: 1e8,
  freezeUntil: 'stem',
  blocks: [
    block('stem', 0.6, 0.6, 'frozen'),
    block('block1', 0.3, 0.9, 'trained'),
    block('classifier', 0.1, 1, 'replaced'),
  ],
};

describe('the drawing of a model', () => {
  it('has a line a block, ruled off at the freeze point and at the new head', () => {
    const lines = drawModel(details).split('\n');
    const at = (start: string): number => lines.findIndex((line) => line.trimStart().startsWith(start));
    expect(at('stem')).toBe(at('── frozen above') - 1);
    expect(at('block1')).toBe(at('── frozen above') + 1);
    expect(at('classifier')).toBe(at('── a new head') + 1);
    expect(lines[at('block1')]).toMatch(/block1 +7 × 7 × 320 +1\.00 k +30\.0 M +30\.0% +90\.0% +█{10}$/);
    expect(lines[0]).toContain('192 × 224');
    expect(lines.at(-1)).toContain('"stem"');
  });

  it('keeps its columns aligned however long a name is', () => {
    const [first, ...rest] = details.blocks;
    const long = { ...details, blocks: [{ ...block('a'.repeat(40), 0.6, 0.6, 'frozen') }, ...rest] };
    const columns = drawModel(long)
      .split('\n')
      .filter((line) => line.includes('7 × 7'))
      .map((line) => line.indexOf('7 × 7'));
    expect(new Set(columns).size).toBe(1);
    expect(columns).toHaveLength(3);
    expect(first?.name).toBe('stem');
  });

  it('says when nothing is frozen', () => {
    const whole = { ...details, freezeUntil: 'none', blocks: details.blocks.slice(1, 2) };
    expect(drawModel(whole)).toContain('trains all of it');
    expect(drawModel(whole)).not.toContain('──');
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.00 k'],
    [13_300, '13.3 k'],
    [301e6, '301 M'],
    [5.713e9, '5.71 G'],
  ])('writes %d as %s', (n, text) => expect(amount(n)).toBe(text));
});
