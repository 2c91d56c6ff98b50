import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheUseSchema } from '../../src/contract/app.ts';
import { clearCaches, measureCaches } from '../../src/store/caches.ts';
import { openFeatureCache } from '../../src/store/feature-cache.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function add(path: string, bytes: number): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), new Uint8Array(bytes));
}
const use = async (): Promise<Record<string, [number, number]>> =>
  Object.fromEntries(
    cacheUseSchema.parse(await measureCaches(folder)).map(({ kind, bytes, files }) => [kind, [bytes, files]]),
  );

describe('caches', () => {
  it('are measured by kind', async () => {
    expect(await use()).toEqual({ thumbnails: [0, 0], features: [0, 0], facts: [0, 0], weights: [0, 0] });
    add('thumbnails/1/aa/x.jpg', 10);
    add('thumbnails/1/ab/y.jpg', 20);
    add('facts.jsonl', 5);
    add('models/resnet-50/model.onnx', 100);
    add('devices.json', 7);
    expect(await use()).toMatchObject({ thumbnails: [30, 2], facts: [5, 1], weights: [100, 1] });
  });

  it('are cleared by kind, and nothing else is', async () => {
    for (const path of ['thumbnails/1/aa/x.jpg', 'facts.jsonl', 'models/a/model.onnx', 'other.txt'])
      add(path, 10);
    await clearCaches(folder, ['thumbnails', 'facts', 'facts']);
    expect(await use()).toMatchObject({ thumbnails: [0, 0], facts: [0, 0], weights: [10, 1] });
    await clearCaches(folder, []);
    await clearCaches(folder, ['weights', 'features']);
    expect(await use()).toMatchObject({ weights: [0, 0] });
  });

  it('of features that are being written stay', async () => {
    const key = { graphHash: 'a', policyHash: 'b', view: 'plain', dimension: 4 };
    const cache = openFeatureCache(join(folder, 'features'), key);
    cache.put('b'.repeat(64), new Float32Array(4));
    await cache.flush();
    await clearCaches(folder, ['features']);
    expect((await use())['features']?.[0]).toBeGreaterThan(0);
    await cache.close();
    await clearCaches(folder, ['features']);
    expect((await use())['features']?.[0]).toBe(0);
  });
});
