import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openActivationCache, openFeatureCache, pruneFeatureCaches } from '../../src/store/feature-cache.ts';
import type { FeatureCache, FeatureCacheKey } from '../../src/store/feature-cache.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { scratchFolder } from './scratch.ts';

const key: FeatureCacheKey = { graphHash: 'g', policyHash: 'p', view: 'plain', dimension: 3 };
const recordSize = 32 + 3 * 4 + 4;
let folder: string;
const open: { close(): Promise<void> }[] = [];

beforeEach(() => {
  folder = join(scratchFolder(), 'features');
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const cache of open.splice(0)) await cache.close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const id = (n: number) => createHash('sha256').update(String(n)).digest('hex');
const vector = (n: number) => Float32Array.of(n, -n, 1 / (n + 1));

function opened(
  options: { memoryBytes?: number } = {},
  changed: Partial<FeatureCacheKey> = {},
): FeatureCache {
  const cache = openFeatureCache(folder, { ...key, ...changed }, options);
  open.push(cache);
  return cache;
}

async function filled(count: number): Promise<string> {
  const cache = opened();
  for (let n = 0; n < count; n += 1) cache.put(id(n), vector(n));
  await cache.close();
  return segment();
}

const segments = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.features'))
    .sort();
const segment = () => join(folder, segments()[0] ?? 'none');

/** Which of the first `count` vectors the cache has; fails if one is not what was put in. */
function present(cache: FeatureCache, count: number): number[] {
  const found: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const stored = cache.get(id(n));
    expect(cache.has(id(n))).toBe(stored !== undefined);
    if (stored === undefined) continue;
    expect([n, stored]).toEqual([n, vector(n)]);
    found.push(n);
  }
  return found;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe.each([
  ['in memory', {}],
  ['on disk', { memoryBytes: 0 }],
])('a feature cache, vectors %s', (_name, options) => {
  it('gives back what was put in, at once and after reopening', async () => {
    const cache = opened(options);
    expect(cache.get(id(0))).toBeUndefined();
    for (const n of upTo(5)) cache.put(id(n), vector(n));
    expect(present(cache, 6)).toEqual(upTo(5));
    await cache.flush();
    expect(present(cache, 6)).toEqual(upTo(5));
    cache.put(id(5), vector(5));
    cache.put(id(0), vector(9)); // there already
    await cache.close();
    await cache.close();

    const again = opened(options);
    expect(again.size).toBe(6);
    expect(present(again, 7)).toEqual(upTo(6));
    again.put(id(6), vector(6));
    await again.close();
    expect(present(opened(options), 7)).toEqual(upTo(7));
    expect(segments()).toHaveLength(1);
  });

  it('writes more than a batch, and later changes of a vector do not matter', async () => {
    const dimension = 50_000; // a batch holds five
    const cache = opened(options, { dimension });
    const values = new Float32Array(dimension);
    for (const n of upTo(13)) {
      values.fill(n);
      cache.put(id(n), values);
    }
    await cache.flush();
    const again = opened(options, { dimension });
    for (const stored of [cache, again])
      for (const n of upTo(13)) expect(stored.get(id(n))?.every((value) => value === n)).toBe(true);
  });

  it('survives being cut at every byte, and can be written again', async () => {
    const path = await filled(3);
    const bytes = readFileSync(path);
    const headerSize = bytes.length - 3 * recordSize;
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      const whole = Math.max(0, Math.floor((length - headerSize) / recordSize));
      const cache = openFeatureCache(folder, key, options);
      expect(present(cache, 4)).toEqual(upTo(whole));
      for (const n of upTo(3)) cache.put(id(n), vector(n));
      await cache.close();
      expect(readFileSync(path)).toEqual(bytes);
    }
  });

  it('notices every flipped bit, and never gives a wrong vector', async () => {
    const path = await filled(3);
    const bytes = readFileSync(path);
    const headerSize = bytes.length - 3 * recordSize;
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const cache = openFeatureCache(folder, key, options);
      const hit = Math.floor((at - headerSize) / recordSize);
      expect(present(cache, 3)).toEqual(at < headerSize ? [] : upTo(3).filter((n) => n !== hit));
      for (const n of upTo(3)) cache.put(id(n), vector(n));
      await cache.close();
      const again = openFeatureCache(folder, key, options);
      expect(present(again, 3)).toEqual(upTo(3));
      await again.close();
    }
  });

  it('lets several writers each have a file, and reads all of them', async () => {
    const first = opened(options);
    const second = opened(options);
    first.put(id(0), vector(0));
    second.put(id(1), vector(1));
    await first.flush();
    await second.flush();
    expect(segments()).toHaveLength(2);
    const third = opened(options);
    expect(present(third, 2)).toEqual([0, 1]);
    await first.close();
    // The first file is free again: no third one is begun.
    third.put(id(2), vector(2));
    await third.close();
    await second.close();
    expect(segments()).toHaveLength(2);
    expect(present(opened(options), 3)).toEqual([0, 1, 2]);
  });

  it('learns what another writer added to the file that it goes on with', async () => {
    await filled(1);
    const late = opened(options);
    const early = opened(options);
    early.put(id(1), vector(1));
    await early.close();
    expect(present(late, 3)).toEqual([0]);
    late.put(id(2), vector(2));
    await late.flush();
    expect(present(late, 3)).toEqual([0, 1, 2]);
    expect(segments()).toHaveLength(1);
    expect(present(opened(options), 3)).toEqual([0, 1, 2]);
  });

  it('may be deleted while it is open', async () => {
    await filled(3);
    const cache = opened(options);
    rmSync(folder, { recursive: true });
    expect(present(cache, 3)).toEqual([0, 1, 2]);
    cache.put(id(3), vector(3));
    await cache.close();
    expect(present(opened(options), 4)).toEqual([3]);
  });

  it.skipIf(process.platform !== 'linux')('keeps what it has when the disk is full', async () => {
    await filled(2);
    const cache = opened(options);
    cache.put(id(2), vector(2));
    const write = vi.spyOn(fileSystem, 'writeSync').mockImplementation((_file, _data) => {
      throw Object.assign(new Error('injected'), { code: 'ENOSPC' });
    });
    await expect(cache.flush()).rejects.toMatchObject({ code: 'storage', details: { errno: 'ENOSPC' } });
    expect(present(cache, 3)).toEqual([0, 1, 2]);
    write.mockRestore();
    await cache.flush();
    await cache.close();
    expect(present(opened(options), 3)).toEqual([0, 1, 2]);
  });
});

describe('an activation cache', () => {
  const halves = (n: number) => Uint16Array.of(n, 0x7e00, 0xffff - n); // the second is NaN: bits, not numbers
  const half = (changed: Partial<FeatureCacheKey> = {}): FeatureCache<Uint16Array> => {
    const cache = openActivationCache(folder, { ...key, ...changed });
    open.push(cache);
    return cache;
  };
  const filledHalves = async (count: number): Promise<string> => {
    const cache = half();
    for (const n of upTo(count)) cache.put(id(n), halves(n));
    await cache.close();
    return segment();
  };

  it('gives back the bits that were put in, at once, written, and after reopening', async () => {
    const cache = half();
    expect(await cache.read(id(0))).toBeUndefined();
    for (const n of upTo(5)) cache.put(id(n), halves(n));
    for (const n of upTo(5)) expect(await cache.read(id(n))).toEqual(halves(n));
    await cache.flush();
    for (const n of upTo(5)) expect(cache.get(id(n))).toEqual(halves(n));
    await cache.close();
    const again = half();
    expect(again.size).toBe(5);
    const read = await Promise.all(upTo(6).map((n) => again.read(id(n))));
    expect(read).toEqual([...upTo(5).map(halves), undefined]);
    expect(statSync(segment()).size).toBeGreaterThan(5 * again.vectorBytes);
    expect(again.vectorBytes).toBe(32 + 3 * 2 + 4);
  });

  it('is another cache than one of float32', async () => {
    await filledHalves(2);
    expect(opened().size).toBe(0);
    opened().put(id(0), vector(0));
    expect(half().size).toBe(2);
  });

  it('is not read before something is asked for, and notices then what is damaged', async () => {
    const path = await filledHalves(3);
    const bytes = readFileSync(path);
    const record = 32 + 3 * 2 + 4;
    for (let at = bytes.length - 3 * record; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const cache = half();
      const hit = Math.floor((at - (bytes.length - 3 * record)) / record);
      for (const n of upTo(3)) {
        const found = await cache.read(id(n));
        expect(found).toEqual(n === hit ? undefined : halves(n));
        expect(cache.has(id(n))).toBe(n !== hit);
        cache.put(id(n), halves(n));
      }
      await cache.close();
      // What was written anew counts, though the damaged record is still in the file.
      const again = half();
      for (const n of upTo(3)) expect(await again.read(id(n))).toEqual(halves(n));
      await again.close();
    }
  });

  it('goes on after a record that was cut off', async () => {
    const path = await filledHalves(3);
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    const cache = half();
    expect(upTo(3).map((n) => cache.has(id(n)))).toEqual([true, true, false]);
    cache.put(id(2), halves(2));
    await cache.close();
    const again = half();
    for (const n of upTo(3)) expect(await again.read(id(n))).toEqual(halves(n));
  });

  it('finishes what is being read before it closes its files', async () => {
    await filledHalves(3);
    const cache = half();
    const reading = upTo(3).map((n) => cache.read(id(n)));
    await cache.close();
    expect(await Promise.all(reading)).toEqual(upTo(3).map(halves));
  });

  it('has nothing of a file that went away or fails', async () => {
    await filledHalves(1);
    const cache = half();
    vi.spyOn(fileSystem, 'read').mockImplementation(((
      ...args: [unknown, unknown, unknown, unknown, unknown, (error: Error) => void]
    ) => args[5](Object.assign(new Error('injected'), { code: 'EIO' }))) as never);
    expect(await cache.read(id(0))).toBeUndefined();
    expect(cache.has(id(0))).toBe(false);
  });
});

describe('the key of a feature cache', () => {
  it('keeps different things apart', async () => {
    const changes: Partial<FeatureCacheKey>[] = [
      {},
      { graphHash: 'h' },
      { policyHash: 'q' },
      { view: 'flip' },
      { dimension: 1 },
    ];
    for (const [n, change] of changes.entries()) {
      const cache = opened({}, change);
      expect(cache.has(id(0))).toBe(false);
      cache.put(id(0), new Float32Array(change.dimension ?? 3).fill(n));
      await cache.flush();
    }
    for (const [n, change] of changes.entries()) expect(opened({}, change).get(id(0))?.[0]).toBe(n);
  });

  it('must fit what is put in', () => {
    expect(() => opened({}, { dimension: 0 })).toThrow('dimension 0');
    expect(() => opened().put(id(0), new Float32Array(2))).toThrow('2 numbers');
    expect(() => opened().put('ABC', vector(0))).toThrow('"ABC"');
  });
});

describe('pruning', () => {
  it('deletes the least recently used first, and nothing that is being written', async () => {
    const views = ['a', 'b', 'c', 'd'];
    const names = new Map<string, string>();
    for (const [age, view] of views.entries()) {
      const before = existsSync(folder) ? segments() : [];
      const cache = opened({}, { view });
      cache.put(id(0), vector(0));
      await cache.close();
      const name = segments().find((found) => !before.includes(found)) ?? '';
      names.set(view, name);
      utimesSync(join(folder, name), 1_000 + age, 1_000 + age);
    }
    appendFileSync(join(folder, 'notes.txt'), 'not ours');
    const size = statSync(segment()).size;
    await opened({}, { view: 'a' }).close(); // used just now
    const writing = opened({}, { view: 'b' });
    writing.put(id(1), vector(1));
    await writing.flush();

    expect(pruneFeatureCaches(folder, 1e9).removed).toEqual([]);
    const { removed, bytesFreed, bytesLeft } = pruneFeatureCaches(folder, 2 * size + recordSize);
    expect(removed).toEqual([names.get('c'), names.get('d')]);
    expect([bytesFreed, bytesLeft]).toEqual([2 * size, 2 * size + recordSize]);
    expect(pruneFeatureCaches(folder, 0).removed).toEqual([names.get('a')]);
    await writing.close();
    expect(pruneFeatureCaches(folder, 0)).toMatchObject({ removed: [names.get('b')], bytesLeft: 0 });
    expect(readdirSync(folder)).toEqual(['notes.txt']);
    expect(pruneFeatureCaches(join(folder, 'none'), 0)).toEqual({ removed: [], bytesFreed: 0, bytesLeft: 0 });
  });
});
