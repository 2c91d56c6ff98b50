import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  hashDistance,
  hashOfGrey,
  nearDuplicateBits,
  nearDuplicates,
  plainHash,
} from '../../../src/engine/data/perceptual-hash.ts';
import { listFiles, readPhoto } from '../../../src/store/photos.ts';
import { blobs, perceptualHash, plainPhoto } from './photo-fixtures.ts';

describe('the hash of a photo', () => {
  const seeds = Array.from({ length: 8 }, (_, index) => index);

  it('hardly changes in copies', async () => {
    for (const seed of seeds) {
      const original = await blobs(seed, 200, 150).png().toBuffer();
      const hash = await perceptualHash(original);
      const copies: Record<string, Buffer> = {
        'poor JPEG': await sharp(original).jpeg({ quality: 30 }).toBuffer(),
        WebP: await sharp(original).webp({ quality: 50 }).toBuffer(),
        smaller: await sharp(original).resize(100, 75).jpeg().toBuffer(),
        larger: await sharp(original).resize(500, 375).jpeg().toBuffer(),
        brighter: await sharp(original).linear(1, 15).jpeg().toBuffer(),
        'less contrast': await sharp(original).linear(0.85, 10).png().toBuffer(),
        grey: await sharp(original).greyscale().png().toBuffer(),
        'turned by EXIF': await sharp(await sharp(original).rotate(270).png().toBuffer())
          .withMetadata({ orientation: 6 })
          .jpeg()
          .toBuffer(),
      };
      for (const [name, copy] of Object.entries(copies)) {
        const distance = hashDistance(hash, await perceptualHash(copy));
        expect(distance, `${name} of ${seed}`).toBeLessThanOrEqual(nearDuplicateBits);
      }
    }
  });

  it('is far from that of other photos', async () => {
    const hashes = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) =>
        perceptualHash(await blobs(seed, 96, 72).png().toBuffer()),
      ),
    );
    const distances = hashes.flatMap((a, index) => hashes.slice(index + 1).map((b) => hashDistance(a, b)));
    expect(Math.min(...distances)).toBeGreaterThan(nearDuplicateBits);
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    expect(mean).toBeGreaterThan(25);
    expect(mean).toBeLessThan(39);
  });

  it('is none for a photo without structure, and such photos are near to nothing', async () => {
    const hashes = await Promise.all(
      ['#000', '#fff', '#808080', '#c83264'].map(async (colour) =>
        perceptualHash(await plainPhoto(50, 40, colour).jpeg().toBuffer()),
      ),
    );
    expect(new Set(hashes)).toEqual(new Set([plainHash]));
    expect(nearDuplicates(hashes)).toEqual([]);
  });

  it('is 16 hex digits, half of them ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1024, maxLength: 1024 }), (grey) => {
        const hash = hashOfGrey(grey);
        expect(hash).toMatch(/^[0-9a-f]{16}$/);
        expect(hash === plainHash ? 28 : hashDistance(hash, plainHash)).toBeGreaterThanOrEqual(28);
      }),
      { numRuns: 50 },
    );
  });
});

describe('near duplicates', () => {
  const word = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 16, maxLength: 16 });
  const hash = word.map((digits) => digits.map((digit) => digit.toString(16)).join(''));

  it('are found by the index as by comparing all', () => {
    // Hashes a few bits around a few centres, so that there is something to find.
    const flips = fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 9 });
    const scattered = fc
      .tuple(
        fc.array(hash, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(3), flips), { maxLength: 40 }),
      )
      .map(([centres, wishes]) =>
        wishes.map(([centre, bits]) => {
          let value = BigInt(`0x${centres[centre % centres.length] ?? plainHash}`);
          for (const bit of bits) value ^= 1n << BigInt(bit);
          return value.toString(16).padStart(16, '0');
        }),
      );
    fc.assert(
      fc.property(scattered, fc.integer({ min: 0, max: 11 }), (hashes, threshold) => {
        expect(nearDuplicates(hashes, threshold)).toEqual(byComparingAll(hashes, threshold));
      }),
      { numRuns: 200 },
    );
  });

  it('chain', () => {
    const hashes = ['000000000000ffff', '00000000000fffff', '0000000000ffffff', 'ffffffff00000000'];
    expect(nearDuplicates(hashes, 4)).toEqual([[0, 1, 2]]);
  });
});

const folder = fileURLToPath(new URL('../../../../shared/datasets/hymenoptera', import.meta.url));
describe.skipIf(!existsSync(folder))('on real photos (needs ../shared/datasets)', () => {
  it('different photos stay apart', async () => {
    const hashes: string[] = [];
    for await (const { path } of listFiles(folder)) {
      if (hashes.length < 150) hashes.push(await perceptualHash(await readPhoto(folder, path)));
    }
    expect(hashes).toHaveLength(150);
    expect(nearDuplicates(hashes)).toEqual([]);
    expect(nearDuplicates(hashes, nearDuplicateBits + 4)).toEqual([]);
  });
});

function byComparingAll(hashes: readonly string[], threshold: number): number[][] {
  const group = hashes.map((_, index) => index);
  for (let i = 0; i < hashes.length; i += 1) {
    for (let j = i + 1; j < hashes.length; j += 1) {
      const [a = '', b = ''] = [hashes[i], hashes[j]];
      if (a === plainHash || b === plainHash || hashDistance(a, b) > threshold) continue;
      const [from, to] = [group[j], group[i]];
      for (const [index, own] of group.entries()) if (own === from) group[index] = to ?? index;
    }
  }
  const groups = new Map<number, number[]>();
  for (const [index, own] of group.entries()) groups.set(own, [...(groups.get(own) ?? []), index]);
  return [...groups.values()]
    .filter((members) => members.length > 1)
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
