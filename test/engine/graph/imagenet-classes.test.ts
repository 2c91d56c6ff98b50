import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imagenetClassName, mobilenetSources } from '../../../src/engine/graph/imagenet-classes.ts';

const packageSource = (): string =>
  readFileSync(new URL(import.meta.resolve('@tensorflow-models/mobilenet')), 'utf8');

describe('imagenetClassName', () => {
  it('names ImageNet’s classes in their usual order', () => {
    expect(imagenetClassName(0)).toBe('tench, Tinca tinca');
    expect(imagenetClassName(309)).toBe('bee');
    expect(imagenetClassName(985)).toBe('daisy');
    expect(imagenetClassName(999)).toMatch(/^toilet tissue/);
    for (let i = 0; i < 1000; i++) expect(imagenetClassName(i)).toMatch(/\S/);
  });

  it('refuses what is no class', () => {
    for (const index of [-1, 1000, 1.5, NaN]) expect(() => imagenetClassName(index)).toThrowError(RangeError);
  });
});

describe('mobilenetSources', () => {
  it('reads the table of the installed package', () => {
    const sources = mobilenetSources(packageSource());
    expect(sources.map(({ version, alpha }) => [version, alpha])).toEqual([
      [1, 0.25],
      [1, 0.5],
      [1, 0.75],
      [1, 1],
      [2, 0.5],
      [2, 0.75],
      [2, 1],
    ]);
    expect(sources.at(-1)).toEqual({
      version: 2,
      alpha: 1,
      page: 'https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/classification/2',
      modelUrl:
        'https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/classification/2/model.json?tfjs-format=file',
      inputRange: [0, 1],
    });
  });

  it('says so when the package no longer has it', () => {
    expect(() => mobilenetSources('exports.load = load;')).toThrowError(
      expect.objectContaining({
        code: 'failed',
        message: expect.stringContaining('@tensorflow-models/mobilenet'),
      }),
    );
  });
});
