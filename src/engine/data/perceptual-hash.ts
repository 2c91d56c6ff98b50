import { DisjointSets } from './disjoint-sets.ts';

/** Side of the grey copy the hash is made of. */
export const hashSide = 32;
const side = hashSide;
/** The lowest frequencies kept: side x side of them. */
const kept = 8;
/** Hash of a photo too plain to compare: it is near to nothing, not even to another plain one. */
export const plainHash = '0000000000000000';

/**
 * Two photos are near duplicates when at most this many of the 64 bits differ. Measured on 3,668 photos of flowers:
 * within 6 bits lie 22 groups, each of them one shot in several versions; of what 10 bits add, most are merely similar
 * (round things in the middle). Among 398 photos of ants and bees no two lie within 12.
 */
export const nearDuplicateBits = 6;

// cosines[frequency * side + position]
const cosines = Float64Array.from({ length: kept * side }, (_, index) =>
  Math.cos((Math.PI * (2 * (index % side) + 1) * Math.floor(index / side)) / (2 * side)),
);

/**
 * A fingerprint that survives re-encoding, resizing and brightening (not cropping or rotating): which of the 8 x 8
 * lowest DCT frequencies of a 32 x 32 grey copy lie above their median (the pHash of Zauner, 2010). It depends on
 * the photo alone, never on a model's input policy.
 *
 * @param grey uint8 [32, 32]
 * @returns 16 hex digits
 */
export function hashOfGrey(grey: Uint8Array): string {
  // Rows first, then columns, low frequencies only.
  const rows = new Float64Array(side * kept);
  for (let y = 0; y < side; y += 1) {
    for (let u = 0; u < kept; u += 1) {
      let sum = 0;
      for (let x = 0; x < side; x += 1) {
        sum += (grey[y * side + x] ?? 0) * (cosines[u * side + x] ?? 0);
      }
      rows[y * kept + u] = sum;
    }
  }
  const frequencies = new Float64Array(kept * kept);
  for (let v = 0; v < kept; v += 1) {
    for (let u = 0; u < kept; u += 1) {
      let sum = 0;
      for (let y = 0; y < side; y += 1) {
        sum += (rows[y * kept + u] ?? 0) * (cosines[v * side + y] ?? 0);
      }
      frequencies[v * kept + u] = sum;
    }
  }
  // The mean brightness (frequency 0, 0) says nothing about structure: it takes no part in the median.
  const structure = frequencies.slice(1);
  if (Math.max(...structure.map(Math.abs)) < plainLimit) return plainHash;
  const sorted = Float64Array.from(structure).sort();
  const median = sorted[structure.length >> 1] ?? 0;
  let hash = 0n;
  for (let bit = 1; bit < frequencies.length; bit += 1) {
    if ((frequencies[bit] ?? 0) > median) hash |= 1n << BigInt(bit);
  }
  return hash.toString(16).padStart(16, '0');
}

/** Structure fainter than about one grey level across the photo is noise of the encoder, not a picture. */
const plainLimit = side * side;

/** How many bits differ, 0..64. */
export function hashDistance(a: string, b: string): number {
  const [high, low] = words(a);
  const [otherHigh, otherLow] = words(b);
  return bitCount(high ^ otherHigh) + bitCount(low ^ otherLow);
}

/**
 * Groups hashes that differ in at most `threshold` bits, chained (a near b and b near c puts all three together).
 * Multi-index hashing (Norouzi et al., 2012): within t bits, one of the four 16-bit quarters lies within t / 4, so
 * only such are compared; 50,000 hashes take well under a second.
 *
 * @returns groups of two or more indices into `hashes`, each ascending, ordered by their first
 */
export function nearDuplicates(hashes: readonly string[], threshold = nearDuplicateBits): number[][] {
  const sets = new DisjointSets(hashes.length);
  // The same hash any number of times is compared once.
  const firstOf = new Map<string, number>();
  const distinct: number[] = [];
  for (const [index, hash] of hashes.entries()) {
    if (hash === plainHash) continue;
    const first = firstOf.get(hash);
    if (first === undefined) {
      firstOf.set(hash, index);
      distinct.push(index);
    } else sets.union(first, index);
  }
  const high = new Int32Array(distinct.length);
  const low = new Int32Array(distinct.length);
  for (const [position, index] of distinct.entries()) {
    [high[position], low[position]] = words(hashes[index] ?? plainHash);
  }
  const masks = masksWithin(Math.min(16, Math.floor(threshold / 4)));
  const heads = new Int32Array(1 << 16);
  const next = new Int32Array(distinct.length);
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const source = quarter < 2 ? high : low;
    const shift = quarter % 2 === 0 ? 16 : 0;
    heads.fill(-1);
    for (let position = 0; position < distinct.length; position += 1) {
      const word = ((source[position] ?? 0) >>> shift) & 0xffff;
      // What is already in the table is compared, so that each pair is met once.
      for (const mask of masks) {
        for (let other = heads[word ^ mask] ?? -1; other >= 0; other = next[other] ?? -1) {
          const distance =
            bitCount((high[position] ?? 0) ^ (high[other] ?? 0)) +
            bitCount((low[position] ?? 0) ^ (low[other] ?? 0));
          if (distance <= threshold) sets.union(distinct[position] ?? 0, distinct[other] ?? 0);
        }
      }
      next[position] = heads[word] ?? -1;
      heads[word] = position;
    }
  }
  return sets.groups().filter((group) => group.length > 1);
}

/** Every 16-bit word with at most `bits` ones. */
function masksWithin(bits: number): number[] {
  const masks: number[] = [];
  for (let mask = 0; mask < 1 << 16; mask += 1) if (bitCount(mask) <= bits) masks.push(mask);
  return masks;
}

function words(hash: string): [number, number] {
  return [Number.parseInt(hash.slice(0, 8), 16) | 0, Number.parseInt(hash.slice(8), 16) | 0];
}

/** Ones in a 32-bit word (Hacker's Delight, 5-1). */
function bitCount(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
