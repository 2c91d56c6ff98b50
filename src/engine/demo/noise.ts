import { createRandom } from './random.ts';

/**
 * Noise over the plane from one fixed lattice of random values. Photos differ by where on the
 * lattice they look (their own offset), not by having a lattice each.
 */
const size = 256;
const mask = size - 1;
const lattice = new Float32Array(size * size);
{
  const random = createRandom(20240607);
  for (let i = 0; i < lattice.length; i++) lattice[i] = random.next();
}

function at(ix: number, iy: number): number {
  return lattice[((iy & mask) << 8) | (ix & mask)] as number;
}

/** Smooth value noise, 0..1, features about one unit wide. */
export function noise(x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const top = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * sx;
  const bottom = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * sx;
  return top + (bottom - top) * sy;
}

/** Sum of octaves of {@link noise}, each twice as fine and half as strong; about 0..1, mean 0.5. */
export function fbm(x: number, y: number, octaves: number): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let i = 0; i < octaves; i++) {
    sum += weight * noise(x, y);
    total += weight;
    weight *= 0.5;
    x = x * 2.03 + 17.3;
    y = y * 2.03 + 9.1;
  }
  return sum / total;
}

/** What a cellular noise knows of a point. */
export interface Cell {
  /** Distance to the nearest seed. */
  near: number;
  /** Distance to the second nearest seed; `second - near` is 0 on the border between two cells. */
  second: number;
  /** A random number, 0..1, that is the same everywhere in the cell. */
  id: number;
}

/** Cellular (Worley) noise with one seed per unit square; writes into `out` to spare allocations. */
export function cells(x: number, y: number, out: Cell): void {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  let near = 9;
  let second = 9;
  let id = 0;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const cx = ix + dx;
      const cy = iy + dy;
      const ox = cx + at(cx, cy) - x;
      const oy = cy + at(cx + 91, cy + 37) - y;
      const d = ox * ox + oy * oy;
      if (d < near) {
        second = near;
        near = d;
        id = at(cx + 53, cy + 171);
      } else if (d < second) second = d;
    }
  }
  out.near = Math.sqrt(near);
  out.second = Math.sqrt(second);
  out.id = id;
}

/** 0 up to `from`, 1 beyond `to`, smooth between; `from` may be the larger one. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = clamp((x - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** x held within [low, high]. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
