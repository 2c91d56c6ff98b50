import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileSystem } from '../../src/store/file-system.ts';
import { openThumbnailCache } from '../../src/store/thumbnail-cache.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A file that looks like a JPEG, of so many bytes. */
function picture(bytes: number, fill = 1): Uint8Array {
  const file = new Uint8Array(bytes).fill(fill);
  file.set([0xff, 0xd8]);
  file.set([0xff, 0xd9], bytes - 2);
  return file;
}
const key = (n: number, size = 256): string => `${n.toString(16).padStart(2, '0')}${'0'.repeat(62)}-${size}`;
const fileOf = (n: number): string => join(folder, '1', key(n).slice(0, 2), `${key(n).slice(2)}.jpg`);

describe('the cache of thumbnails', () => {
  it('keeps pictures by content and size, also for the next process', async () => {
    const cache = openThumbnailCache(folder, 1e6);
    expect(await cache.get(key(1))).toBeUndefined();
    await cache.put(key(1), picture(100));
    await cache.put(key(1, 128), picture(50));
    const other = openThumbnailCache(folder, 1e6);
    expect(await other.get(key(1))).toHaveLength(100);
    expect(await other.get(key(1, 128))).toHaveLength(50);
    expect(await other.get(key(2))).toBeUndefined();
  });

  it('forgets the least recently used when there are too many', async () => {
    const cache = openThumbnailCache(folder, 1000);
    for (let n = 0; n < 9; n += 1) {
      await cache.put(key(n), picture(100));
      utimesSync(fileOf(n), new Date(2020, 0, n + 1), new Date(2020, 0, n + 1));
    }
    // Used now: not among the oldest any more.
    expect(await cache.get(key(0))).toBeDefined();
    await cache.put(key(9), picture(100));
    expect(
      readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.jpg')),
    ).toHaveLength(10);
    await cache.put(key(10), picture(100));
    const left = await Promise.all(Array.from({ length: 11 }, (_, n) => cache.get(key(n))));
    expect(left.map((bytes, n) => (bytes === undefined ? n : -1)).filter((n) => n >= 0)).toEqual([1, 2, 3]);
  });

  it('counts what is there already, and can be limited later', async () => {
    const first = openThumbnailCache(folder, 1e6);
    for (let n = 0; n < 10; n += 1) await first.put(key(n), picture(100));
    const second = openThumbnailCache(folder, 1e6);
    await second.limitTo(500);
    const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(400);
  });

  it('takes no damaged picture for one', async () => {
    const cache = openThumbnailCache(folder, 1e6);
    await cache.put(key(1), picture(100));
    truncateSync(fileOf(1), 60);
    expect(await cache.get(key(1))).toBeUndefined();
    writeFileSync(fileOf(1), new Uint8Array(100));
    expect(await cache.get(key(1))).toBeUndefined();
    await cache.put(key(1), picture(80));
    expect(await cache.get(key(1))).toHaveLength(80);
  });

  it('does without the disk when that is full, and leaves nothing half-written', async () => {
    const cache = openThumbnailCache(folder, 1e6);
    vi.spyOn(fileSystem, 'rename').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
    );
    await cache.put(key(1), picture(100));
    expect(await cache.get(key(1))).toBeUndefined();
    expect(readdirSync(join(folder, '1', '01'))).toEqual([]);
    vi.spyOn(fileSystem, 'open').mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await cache.put(key(2), picture(100));
    expect(await cache.get(key(2))).toBeUndefined();
  });

  it('removes what other versions have left', async () => {
    mkdirSync(join(folder, '0', 'aa'), { recursive: true });
    writeFileSync(join(folder, '0', 'aa', 'x.jpg'), 'old');
    await openThumbnailCache(folder, 1e6).put(key(1), picture(100));
    expect(existsSync(join(folder, '0'))).toBe(false);
  });

  it.each(['', '../../etc/passwd', 'zz-256', 'a'.repeat(64), `${'a'.repeat(64)}-../x`])(
    'has no file for the key %j',
    async (wrong) => {
      const cache = openThumbnailCache(folder, 1e6);
      await expect((async () => cache.get(wrong))()).rejects.toThrow(RangeError);
    },
  );
});
