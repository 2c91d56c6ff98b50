import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FactsCache } from '../../src/store/facts-cache.ts';
import type { ContentFacts } from '../../src/store/facts-cache.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holotype-facts-'));
  path = join(folder, 'new', 'facts.jsonl');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const idOf = (number: number): string => number.toString(16).padStart(64, '0');
const fileOf = (number: number): { path: string; bytes: number; mtimeMs: number } => ({
  path: `/photos/ü ${number}.jpg`,
  bytes: number,
  mtimeMs: 1.5 + number,
});
const factsOf = (number: number): ContentFacts =>
  number % 3 === 0
    ? { code: 'truncated', reason: 'the file ends before the picture does' }
    : {
        width: number,
        height: 2,
        perceptualHash: '0123456789abcdef',
        colors: '0123456789ab'.repeat(8),
        takenAt: '2024-05-17T09:31:04',
      };

async function filled(count: number, maxBytes?: number): Promise<FactsCache> {
  const cache = await FactsCache.open(path, '1', maxBytes);
  for (let number = 1; number <= count; number += 1) {
    cache.remember(fileOf(number), idOf(number), factsOf(number));
  }
  await cache.flush();
  return cache;
}

describe('the facts cache', () => {
  it('remembers across openings', async () => {
    await filled(6);
    const cache = await FactsCache.open(path, '1');
    for (let number = 1; number <= 6; number += 1) {
      expect(cache.idOf(fileOf(number))).toBe(idOf(number));
      expect(cache.factsOf(idOf(number))).toEqual(factsOf(number));
    }
    expect(cache.idOf({ ...fileOf(1), bytes: 99 })).toBeUndefined();
    expect(cache.idOf({ ...fileOf(1), mtimeMs: 99 })).toBeUndefined();
  });

  it('writes nothing when nothing is new', async () => {
    await filled(6);
    const before = await readFile(path);
    await filled(6);
    expect(await readFile(path)).toEqual(before);
  });

  it('cut at any byte, believes only what is whole, and goes on', async () => {
    await filled(2);
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      const cache = await FactsCache.open(path, '1');
      for (let number = 1; number <= 2; number += 1) {
        expect([undefined, idOf(number)]).toContain(cache.idOf(fileOf(number)));
        expect(cache.factsOf(idOf(number)) ?? factsOf(number)).toEqual(factsOf(number));
      }
      cache.remember(fileOf(4), idOf(4), factsOf(4));
      await cache.flush();
      const again = await FactsCache.open(path, '1');
      expect(again.idOf(fileOf(4))).toBe(idOf(4));
      expect(again.factsOf(idOf(4))).toEqual(factsOf(4));
    }
  });

  it('ignores lines that make no sense', async () => {
    await filled(1);
    const nonsense = [
      '[]',
      '["c","short",{}]',
      '["f",1,2,3,4]',
      `["c","${idOf(2)}",{"width":-1}]`,
      'null',
      '[[[[',
    ];
    await appendFile(path, `${nonsense.join('\n')}\n`);
    const cache = await FactsCache.open(path, '1');
    expect(cache.idOf(fileOf(1))).toBe(idOf(1));
    expect(cache.factsOf(idOf(2))).toBeUndefined();
  });

  it('starts afresh for another version', async () => {
    await filled(2);
    const cache = await FactsCache.open(path, '2');
    expect(cache.idOf(fileOf(1))).toBeUndefined();
    expect((await readFile(path)).toString().trim().split('\n')).toHaveLength(1);
  });

  it('drops the older half past its limit', async () => {
    await filled(200);
    const limit = 20_000;
    expect((await stat(path)).size).toBeGreaterThan(limit);
    await FactsCache.open(path, '1', limit);
    expect((await stat(path)).size).toBeLessThan(limit);
    const cache = await FactsCache.open(path, '1', limit);
    expect(cache.idOf(fileOf(1))).toBeUndefined();
    expect(cache.idOf(fileOf(200))).toBe(idOf(200));
    expect(cache.factsOf(idOf(200))).toEqual(factsOf(200));
  });

  it('is no hindrance where it can not be written', async () => {
    await writeFile(join(folder, 'new'), 'a file where its folder should be');
    const cache = await filled(2);
    expect(cache.idOf(fileOf(1))).toBe(idOf(1));
  });
});
