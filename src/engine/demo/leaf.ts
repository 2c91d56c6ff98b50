import { clamp, fbm, noise, smoothstep } from './noise.ts';
import type { Blade, LeafShape } from './species.ts';

/** Where and how a leaf lies in the picture. */
export interface Pose {
  /** Pixel where the blade begins. */
  readonly x: number;
  readonly y: number;
  /** Direction of the tip, radians. */
  readonly angle: number;
  /** Pixels from base to tip. */
  readonly length: number;
  /** Sideways bow of the midrib, in leaf lengths. */
  readonly bend: number;
  /** How wide each half appears: below 1 when the leaf turns away. */
  readonly left: number;
  readonly right: number;
  /** Slope of each half towards (positive) or away from the midrib: a leaf folds like a book. */
  readonly fold: number;
  /** Where on the noise lattice this leaf takes its irregularities from. */
  readonly seed: number;
}

/** What is known of a leaf at each pixel of the picture; planes of width * height numbers. */
export interface LeafMap {
  readonly width: number;
  readonly height: number;
  /** Pixels the leaf may touch: x0 <= x < x1, y0 <= y < y1. */
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** 0..1, how much of the pixel the leaf covers. */
  readonly cover: Float32Array;
  /** 0..1, how much of it is a vein. */
  readonly vein: Float32Array;
  /** Height above the ground in pixels: only differences matter. */
  readonly bump: Float32Array;
  /** Pixels to the margin, negative outside. */
  readonly inside: Float32Array;
  /** Pixels from base to tip. */
  readonly scale: number;
}

const steps = 128;
const tile = 8;

/** A blade with its margin tabulated. A class, so that the inner loop sees one kind of object. */
class Grown {
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  readonly length: number;
  readonly teeth: number;
  readonly toothDepth: number;
  readonly veins: number;
  readonly slant: number;
  readonly curve: number;
  /** Half width at steps + 1 places, and the cosine of the margin's slope there. */
  readonly widths = new Float32Array(steps + 2);
  readonly steep = new Float32Array(steps + 2);

  constructor(blade: Blade) {
    this.x = blade.x;
    this.y = blade.y;
    this.cos = Math.cos(blade.angle);
    this.sin = Math.sin(blade.angle);
    this.length = blade.length;
    this.teeth = blade.teeth;
    this.toothDepth = blade.toothDepth;
    this.veins = blade.veins;
    this.slant = blade.slant;
    this.curve = blade.curve;
    for (let i = 0; i <= steps; i++) this.widths[i] = blade.profile(i / steps);
    for (let i = 0; i <= steps; i++) {
      const ahead = this.widths[Math.min(i + 1, steps)] as number;
      const slope = ((ahead - (this.widths[Math.max(0, i - 1)] as number)) * steps) / 2;
      this.steep[i] = 1 / Math.sqrt(1 + slope * slope);
    }
  }
}

/** Draws the leaf's geometry: what is leaf, what is vein, how high it lies. Colour comes later. */
export function mapLeaf(shape: LeafShape, pose: Pose, width: number, height: number): LeafMap {
  const cover = new Float32Array(width * height);
  const vein = new Float32Array(width * height);
  const bump = new Float32Array(width * height);
  const inside = new Float32Array(width * height).fill(-1e3);
  const blades = shape.blades.map((blade) => new Grown(blade));
  const box = bounds(pose, shape, width, height);
  const cos = Math.cos(pose.angle) / pose.length;
  const sin = Math.sin(pose.angle) / pose.length;
  const pixel = 1 / pose.length;
  const sample: Sample = { distance: 0, vein: 0, pillow: 0, side: 0 };
  /** Distance to the margin in pixels; fills in the rest of `sample`; returns the place on the leaf. */
  const place = { x: 0, y: 0 };
  const look = (px: number, py: number): number => {
    const dx = px - pose.x;
    const dy = py - pose.y;
    const x = dx * cos + dy * sin;
    const bow = -dx * sin + dy * cos - pose.bend * x * (1 - x);
    place.x = x;
    place.y = bow / (bow > 0 ? pose.left : pose.right);
    sampleBlades(blades, shape, place.x, place.y, pixel, pose.seed, sample);
    return sample.distance * pose.length;
  };
  for (let ty = box.y0; ty < box.y1; ty += tile) {
    for (let tx = box.x0; tx < box.x1; tx += tile) {
      // Most of the box is not leaf: a tile whose centre is far outside is passed over whole.
      if (look(tx + tile / 2, ty + tile / 2) < -tile * 1.6) continue;
      for (let py = ty; py < Math.min(ty + tile, box.y1); py++) {
        for (let px = tx; px < Math.min(tx + tile, box.x1); px++) {
          const d = look(px + 0.5, py + 0.5);
          const alpha = clamp(d + 0.5, 0, 1);
          const i = py * width + px;
          inside[i] = d;
          if (alpha === 0) continue;
          const { x, y } = place;
          cover[i] = alpha;
          vein[i] = sample.vein;
          const texture =
            fbm(pose.seed + x * 26, y * 26, 2) * 0.007 + noise(pose.seed + x * 90, y * 90) * 0.0025;
          const wave = fbm(pose.seed + x * 3.2, y * 3.2, 2) * 0.09;
          const relief = sample.pillow * 0.009 + texture + wave - pose.fold * sample.side;
          bump[i] = relief * pose.length;
        }
      }
    }
  }
  return { width, height, ...box, cover, vein, bump, inside, scale: pose.length };
}

function bounds(
  pose: Pose,
  shape: LeafShape,
  width: number,
  height: number,
): { x0: number; y0: number; x1: number; y1: number } {
  // The widest plans (maple, grape) reach 0.8 leaf lengths from the base in any direction.
  const reach = pose.length * 0.92;
  const cx = pose.x + Math.cos(pose.angle) * pose.length * 0.28;
  const cy = pose.y + Math.sin(pose.angle) * pose.length * 0.28;
  const stalk = pose.length * shape.stalk;
  return {
    x0: Math.max(0, Math.floor(cx - reach - stalk)),
    y0: Math.max(0, Math.floor(cy - reach - stalk)),
    x1: Math.min(width, Math.ceil(cx + reach + stalk)),
    y1: Math.min(height, Math.ceil(cy + reach + stalk)),
  };
}

interface Sample {
  distance: number;
  vein: number;
  pillow: number;
  side: number;
}

/** Distance to the margin (leaf lengths, positive inside), vein and relief at a point of the plan. */
function sampleBlades(
  blades: readonly Grown[],
  shape: LeafShape,
  x: number,
  y: number,
  pixel: number,
  seed: number,
  out: Sample,
): void {
  let merged = -9;
  let best = -9;
  out.vein = 0;
  out.pillow = 0;
  out.side = 0;
  for (const blade of blades) {
    const rx = x - blade.x;
    const ry = y - blade.y;
    const t = (rx * blade.cos + ry * blade.sin) / blade.length;
    const across = (ry * blade.cos - rx * blade.sin) / blade.length;
    const v = Math.abs(across);
    let d: number;
    let half = 0;
    const past = t <= 0 ? t : t >= 1 ? t - 1 : 0;
    if (past !== 0 || v > 0.6) {
      // Math.hypot is many times slower, and nothing here is near overflow.
      d = -Math.sqrt(past * past + v * v);
    } else {
      const place = t * steps;
      const index = Math.floor(place);
      const next = blade.widths[index + 1] as number;
      half = (blade.widths[index] as number) + (next - (blade.widths[index] as number)) * (place - index);
      if (blade.teeth > 0) {
        const tooth = (t + v * 0.12) * blade.teeth;
        half += blade.toothDepth * (tooth - Math.floor(tooth) - 0.7) * Math.min(1, half * 9);
      }
      if (v > half * 0.8 && v < half * 1.2) half *= 0.96 + 0.08 * noise(seed + t * 5, across > 0 ? 3.3 : 8.8);
      d = (half - v) * (blade.steep[index] as number);
    }
    d *= blade.length;
    if (d > best) {
      best = d;
      if (d > -pixel) sampleVeins(blade, t, v, across > 0, half, pixel / blade.length, seed, out);
    }
    merged = merge(merged, d, shape.merge);
  }
  const stalkEnd = blades.length > 1 && shape.merge === 0 ? 0.56 : 0.02;
  if (x > -shape.stalk && x < stalkEnd) {
    const half = 0.011 + 0.006 * smoothstep(-shape.stalk * 0.6, -shape.stalk, x);
    const d = half - Math.abs(y);
    if (d > merged) {
      merged = d;
      out.vein = 0.85;
      out.pillow = d * 40;
      out.side = 0;
    }
  }
  out.distance = merged;
}

/** Smooth maximum (Quilez's polynomial form): blades closer than `k` grow together. */
function merge(a: number, b: number, k: number): number {
  if (k === 0) return a > b ? a : b;
  const h = (k - Math.abs(a - b)) / k;
  const larger = a > b ? a : b;
  return h <= 0 ? larger : larger + h * h * k * 0.25;
}

function sampleVeins(
  blade: Grown,
  t: number,
  v: number,
  left: boolean,
  half: number,
  pixel: number,
  seed: number,
  out: Sample,
): void {
  const ratio = half > 0 ? Math.min(1, v / half) : 1;
  const midrib = 0.013 * (1 - 0.78 * clamp(t, 0, 1));
  const rib = smoothstep(midrib + pixel, midrib - pixel * 0.5, v);
  const jitter = (noise(seed + t * 6, left ? 1.7 : 6.1) - 0.5) * 0.5;
  const phase = (t - v * blade.slant - v * v * blade.curve) * blade.veins + jitter + (left ? 0.5 : 0);
  const gap = Math.abs(phase - Math.round(phase));
  const away = gap / blade.veins / Math.sqrt(1 + blade.slant * blade.slant);
  const thin = 0.0052 * (1 - 0.7 * ratio);
  const branch =
    smoothstep(thin + pixel, thin - pixel * 0.5, away) * (1 - 0.5 * ratio) * smoothstep(0, 0.06, phase);
  const net = smoothstep(
    0.1,
    0.0,
    Math.abs(noise(seed + t * 34 * blade.length, v * 34 * blade.length) - 0.5),
  );
  out.vein = Math.max(rib, branch * 0.8, net * 0.18);
  // Between two secondary veins the blade bulges; along the midrib it sinks.
  out.pillow = Math.sqrt(gap) * 1.3 * (1 - ratio * 0.35) - 1.1 * Math.exp(-((v / 0.02) ** 2));
  out.side = v;
}
