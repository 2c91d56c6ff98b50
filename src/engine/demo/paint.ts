import { blur, colour, mix, type Canvas, type Rgb } from './canvas.ts';
import type { LeafMap } from './leaf.ts';
import type { Light } from './light.ts';
import type { Marks } from './marks.ts';
import { clamp, fbm, smoothstep } from './noise.ts';
import type { Random } from './random.ts';

/** The colours of one leaf. */
export interface Tint {
  readonly deep: Rgb;
  readonly bright: Rgb;
  readonly vein: Rgb;
  /** Colour the margin turns to, and how far (0..1). */
  readonly margin: Rgb;
  readonly turning: number;
  /** 0 matt .. 1 waxy. */
  readonly gloss: number;
}

/** Greens from spring to late summer, some leaves already turning at the margin. */
export function randomTint(random: Random): Tint {
  const [deep, bright] = random.pick<readonly [string, string]>([
    ['#1f4a1c', '#4f8a35'],
    ['#2a5a22', '#6ea043'],
    ['#17402a', '#3f7d4c'],
    ['#3a5a1c', '#86a840'],
    ['#28462a', '#5f8556'],
    ['#30601f', '#7cb347'],
  ]);
  return {
    deep: colour(deep),
    bright: colour(bright),
    vein: colour(random.pick(['#a9bf72', '#b9cc8a', '#95b062', '#c2c58c'])),
    margin: colour(random.pick(['#b5a93c', '#a8b04a', '#97733a', '#8c4a32'])),
    turning: random.chance(0.3) ? random.range(0.25, 0.75) : 0,
    gloss: random.range(0.05, 0.4),
  };
}

/** Darkens the canvas where the leaf keeps the light away, `lift` pixels above the ground. */
export function castShadow(canvas: Canvas, map: LeafMap, marks: Marks, light: Light, lift: number): void {
  const { width, height } = canvas;
  const [sx, sy, sz] = light.sun;
  const offsetX = Math.round((-sx / sz) * lift);
  const offsetY = Math.round((-sy / sz) * lift);
  const shadow = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const fromY = y - offsetY;
    if (fromY < map.y0 || fromY >= map.y1) continue;
    for (let x = 0; x < width; x++) {
      const fromX = x - offsetX;
      if (fromX < map.x0 || fromX >= map.x1) continue;
      const from = fromY * width + fromX;
      shadow[y * width + x] = (map.cover[from] as number) * (1 - (marks.hole[from] as number));
    }
  }
  blur(shadow, width, height, 1, 1 + lift * (1.1 - light.hardness) * 0.8);
  const depth = 0.3 + 0.4 * light.hardness;
  for (let i = 0; i < shadow.length; i++) {
    const dark = (shadow[i] as number) * depth;
    for (let c = 0; c < 3; c++) {
      // The sky still reaches a shadow, so it stays a little bluer.
      canvas.rgb[i * 3 + c] = (canvas.rgb[i * 3 + c] as number) * (1 - dark * (c === 2 ? 0.92 : 1));
    }
  }
}

/** Paints the leaf with its marks over the canvas, lit by sun and sky. */
export function paintLeaf(
  canvas: Canvas,
  map: LeafMap,
  marks: Marks,
  tint: Tint,
  light: Light,
  random: Random,
): void {
  const { width } = canvas;
  const [sx, sy, sz] = light.sun;
  const half = 1 / Math.hypot(sx, sy, sz + 1);
  const seed = random.range(0, 200);
  const patch = 5 / map.scale;
  const relief = (i: number): number => (map.bump[i] as number) + (marks.bump[i] as number);
  for (let y = map.y0; y < map.y1; y++) {
    for (let x = map.x0; x < map.x1; x++) {
      const i = y * width + x;
      const opacity = (map.cover[i] as number) * (1 - (marks.hole[i] as number));
      if (opacity <= 0) continue;
      const right = x + 1 < map.x1 && (map.cover[i + 1] as number) > 0 ? i + 1 : i;
      const below = y + 1 < map.y1 && (map.cover[i + width] as number) > 0 ? i + width : i;
      const here = relief(i);
      const gx = clamp(relief(right) - here, -1.2, 1.2);
      const gy = clamp(relief(below) - here, -1.2, 1.2);
      const norm = 1 / Math.sqrt(1 + gx * gx + gy * gy);
      const diffuse = Math.max(0, (sz - gx * sx - gy * sy) * norm);
      const facing = Math.max(0, (sz + 1 - gx * sx - gy * sy) * norm * half);
      const shine = tint.gloss * (marks.shine[i] as number);
      const facing2 = facing * facing;
      const facing8 = facing2 * facing2 * facing2 * facing2;
      const glint = shine * facing8 * (0.55 * facing8 * facing8 * facing8 * facing8 + 0.12);
      const skin = leafColour(tint, map, i, fbm(seed + x * patch, seed + y * patch, 3));
      const alpha = marks.alpha[i] as number;
      for (let c = 0; c < 3; c++) {
        const base = (skin[c] as number) * (1 - alpha) + (marks.rgb[i * 3 + c] as number) * alpha;
        const lit =
          (light.ambient[c] as number) * (0.75 + 0.25 * norm) + (light.direct[c] as number) * diffuse;
        const value = base * lit * 0.9 + glint * (light.direct[c] as number);
        canvas.rgb[i * 3 + c] = (canvas.rgb[i * 3 + c] as number) * (1 - opacity) + value * opacity;
      }
    }
  }
}

function leafColour(tint: Tint, map: LeafMap, i: number, patch: number): Rgb {
  const green = mix(tint.deep, tint.bright, clamp(patch * 1.5 - 0.25, 0, 1));
  const edge = smoothstep(0.13 * map.scale, 0, (map.inside[i] as number) + (patch - 0.5) * 0.2 * map.scale);
  const turned = tint.turning > 0 ? mix(green, tint.margin, tint.turning * edge) : green;
  return mix(turned, tint.vein, 0.62 * (map.vein[i] as number));
}

/** Drops of dew: each a small lens, dark towards the light, bright away from it, with one hard glint. */
export function addDew(canvas: Canvas, map: LeafMap, light: Light, random: Random): void {
  const unit = map.scale / 200;
  const [sx, sy] = light.sun;
  const across = Math.hypot(sx, sy) || 1;
  for (let n = random.int(4, 22); n > 0; n--) {
    const cx = random.range(map.x0, map.x1);
    const cy = random.range(map.y0, map.y1);
    const radius = unit * random.range(1.5, random.chance(0.25) ? 6.5 : 3.2) + 0.6;
    if ((map.inside[Math.floor(cy) * map.width + Math.floor(cx)] ?? -1) < radius) continue;
    const reach = radius * 1.35;
    for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(canvas.height, cy + reach); y++) {
      for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(canvas.width, cx + reach); x++) {
        const dx = (x + 0.5 - cx) / radius;
        const dy = (y + 0.5 - cy) / radius;
        const d = Math.sqrt(dx * dx + dy * dy);
        const towards = (dx * sx + dy * sy) / across;
        const body = smoothstep(1 + 0.5 / radius, 1 - 0.5 / radius, d);
        const contact = 0.35 * smoothstep(1.35, 0.9, d) * smoothstep(0.5, -0.6, towards) * (1 - body);
        const lens = 1 - contact + body * (-0.35 * towards * d + 0.12 - 0.3 * d ** 6);
        const glint = body * smoothstep(0.3, 0.1, Math.hypot(dx - 0.42 * sx, dy - 0.42 * sy)) * 1.6;
        const i = (y * canvas.width + x) * 3;
        for (let c = 0; c < 3; c++) {
          const lit = (light.direct[c] as number) * 0.7 + (light.ambient[c] as number) * 0.3;
          canvas.rgb[i + c] = (canvas.rgb[i + c] as number) * lens + glint * lit + body * 0.015;
        }
      }
    }
  }
}
