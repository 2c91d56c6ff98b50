import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelManifestSchema } from '../../src/contract/model-manifest.ts';

const folder = new URL('../../models/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

describe('model manifests', () => {
  it.each(names)('%s is valid', (name) => {
    const manifest = modelManifestSchema.parse(read(name));
    expect(`${manifest.id}.json`).toBe(name);
  });

  it('names the models people expect', () => {
    const expected = [
      'efficientnet-lite4',
      'inception-v3',
      'keras-mobilenet-v1-0.25',
      'keras-mobilenet-v1-0.50',
      'keras-mobilenet-v1-0.75',
      'keras-mobilenet-v1-1.0',
      'mobilenet-v2',
      'mobilenet-v2-folded',
      'resnet-18',
      'resnet-34',
      'resnet-50',
      'resnet-50-v2',
      'shufflenet-v2',
    ];
    expect(names).toEqual(expect.arrayContaining(expected.map((id) => `${id}.json`)));
  });

  it('has no two models with one file or one preference', () => {
    const manifests = names.map((name) => modelManifestSchema.parse(read(name)));
    const hashes = manifests.flatMap(({ sha256 }) => sha256 ?? []);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(new Set(manifests.map(({ preference }) => preference)).size).toBe(manifests.length);
  });

  it('wants a hash from everybody who publishes one', () => {
    const manifest = read('resnet-18.json') as Record<string, unknown>;
    const { sha256: _, ...without } = manifest;
    expect(modelManifestSchema.safeParse(without).error?.issues[0]?.path).toEqual(['sha256']);
    expect(modelManifestSchema.safeParse({ ...without, trust: 'first-use' }).success).toBe(true);
  });

  it('refuses unknown fields, odd package names and unpinned tarballs', () => {
    const manifest = read('inception-v3.json') as { sources: object[] };
    const withSource = (change: object) =>
      modelManifestSchema.safeParse({ ...manifest, sources: [{ ...manifest.sources[0], ...change }] });
    expect(withSource({}).success).toBe(true);
    expect(withSource({ package: 'a b; rm -rf' }).success).toBe(false);
    expect(withSource({ version: 'latest' }).success).toBe(false);
    expect(withSource({ integrity: 'sha1-abc' }).success).toBe(false);
    expect(modelManifestSchema.safeParse({ ...manifest, licence: undefined }).success).toBe(false);
    expect(modelManifestSchema.safeParse({ ...manifest, colour: 'red' }).success).toBe(false);
  });

  it('states the sizes of the input as a policy that a photo can be fitted to', () => {
    for (const name of names) {
      const { input, features, parameters, multiplyAdds } = modelManifestSchema.parse(read(name));
      expect(input.mean.every((value) => value > 90 && value < 140)).toBe(true);
      expect(parameters).toBeGreaterThan(features);
      expect(multiplyAdds).toBeGreaterThan(parameters);
    }
  });
});
