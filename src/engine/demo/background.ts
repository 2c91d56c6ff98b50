import { blur, colour, createCanvas, mix, resizeCanvas, type Canvas, type Rgb } from './canvas.ts';
import type { Light } from './light.ts';
import { cells, clamp, fbm, noise, smoothstep, type Cell } from './noise.ts';
import type { Random } from './random.ts';

export const backgroundKinds = ['soil', 'wood', 'gravel', 'bokeh', 'paper', 'stone'] as const;
export type BackgroundKind = (typeof backgroundKinds)[number];

/** Fills in height (for shading; about one unit is one cell of texture) and colour of one point. */
type Surface = (x: number, y: number, out: { height: number; rgb: Rgb }) => void;

/**
 * Draws what the leaf lies on (or hangs before), lit, `width` x `height` pixels.
 * @param defocus how far out of focus it is, as the radius of the blur in pixels; 0 is sharp
 */
export function drawBackground(
  kind: BackgroundKind,
  width: number,
  height: number,
  light: Light,
  defocus: number,
  random: Random,
): Canvas {
  if (kind !== 'bokeh' && defocus < 1) return drawSharp(kind, width, height, light, random);
  // What will be blurred is drawn at half size: a quarter of the work, and nobody can tell.
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const small = kind === 'bokeh' ? drawBokeh(w, h, light, random) : drawSharp(kind, w, h, light, random);
  blur(small.rgb, w, h, 3, defocus / 2);
  return resizeCanvas(small, width, height);
}

function drawSharp(
  kind: Exclude<BackgroundKind, 'bokeh'>,
  width: number,
  height: number,
  light: Light,
  random: Random,
): Canvas {
  const angle = kind === 'wood' ? random.normal() * 0.25 : random.range(0, 2 * Math.PI);
  return drawSurface(surfaces[kind](random), width, height, light, angle, relief[kind]);
}

/** How much the height of a surface tilts its normals. */
const relief = { soil: 2.2, wood: 0.7, gravel: 2.6, paper: 0.25, stone: 0.8 } as const;

const surfaces = {
  soil(random: Random): Surface {
    const dark = colour(random.pick(['#2e2118', '#3a2a1d', '#332a22', '#4a3422']));
    const pale = colour(random.pick(['#8a6b4c', '#7a5f47', '#95785a']));
    const cell: Cell = { near: 0, second: 0, id: 0 };
    const pebbles = colour(random.pick(['#8d877c', '#9a8f80', '#777571']));
    const scale = random.range(13, 22);
    const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
    return (x, y, out) => {
      const u = ox + x * scale;
      const v = oy + y * scale;
      const wobble = noise(u * 2.1, v * 2.1) * 0.5;
      cells(u + wobble, v + wobble, cell);
      const crumb = smoothstep(0.75, 0.1, cell.near) * (0.3 + 0.7 * cell.id);
      const grit = fbm(u * 1.7, v * 1.7, 3);
      const pebble = cell.id > 0.95 ? smoothstep(0.42, 0.3, cell.near) : 0;
      out.height = crumb * 0.55 + grit * 0.8 + pebble * 0.4 * (1 - cell.near);
      out.rgb = mix(mix(dark, pale, clamp(grit * 0.9 + crumb * 0.35 - 0.25, 0, 1)), pebbles, pebble * 0.8);
    };
  },
  wood(random: Random): Surface {
    const dark = colour(random.pick(['#5b3a22', '#6e5038', '#77695a', '#4b3424']));
    const pale = colour(random.pick(['#b98f62', '#c4a27a', '#a99a88', '#a67b4e']));
    const scale = random.range(4, 8);
    const plank = random.range(0.3, 0.6);
    const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
    return (x, y, out) => {
      const row = Math.floor(y / plank + 100);
      const seam = Math.abs(y / plank + 100 - row - 0.5);
      const shift = row * 7.7;
      const warp = fbm(ox + x * 1.3 + shift, oy + y * 5 + shift, 3);
      const rings = 0.5 + 0.5 * Math.sin(((y + shift) * scale + warp * 3.2) * 2 * Math.PI);
      const fibre = fbm(ox + x * 9 + shift, oy + y * 110, 2);
      const tone = clamp(0.25 + 0.35 * rings + 0.5 * fibre - 0.12 + (noise(row * 3.3, ox) - 0.5) * 0.4, 0, 1);
      const gap = smoothstep(0.478, 0.494, seam);
      out.height = fibre * 0.35 + rings * 0.1 - gap * 1.4;
      const wood = mix(dark, pale, tone);
      out.rgb = mix(wood, [0.012, 0.009, 0.007], gap * 0.9);
    };
  },
  gravel(random: Random): Surface {
    const warm = colour(random.pick(['#a89880', '#9b8d7c', '#b3a48c']));
    const cool = colour(random.pick(['#7f8286', '#8f9294', '#6f7072']));
    const cell: Cell = { near: 0, second: 0, id: 0 };
    const scale = random.range(6, 12);
    const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
    return (x, y, out) => {
      const u = ox + x * scale;
      const v = oy + y * scale;
      // Large pebbles that end before they touch, and small ones in the gaps between them.
      const ragged = noise(u * 2.3, v * 2.3) * 0.3;
      cells(u + ragged, v + ragged, cell);
      let edge =
        smoothstep(0.5 + 0.2 * cell.id, 0.36, cell.near) * smoothstep(0.04, 0.16, cell.second - cell.near);
      let dome = edge * (1 - cell.near * cell.near * 1.6);
      if (edge < 0.05) {
        cells(u * 2.7 + 40, v * 2.7, cell);
        edge = smoothstep(0.03, 0.3, cell.second - cell.near) * 0.8;
        dome = edge * 0.25;
      }
      const grain = noise(u * 9, v * 9);
      out.height = dome * 0.8 + grain * 0.1;
      const stone = mix(warm, cool, smoothstep(0.35, 0.65, (cell.id * 3.17) % 1));
      const tone = (0.4 + 0.6 * ((cell.id * 7.31) % 1)) * (0.85 + 0.3 * grain) * (0.12 + 0.88 * edge);
      out.rgb = [stone[0] * tone, stone[1] * tone, stone[2] * tone];
    };
  },
  paper(random: Random): Surface {
    const sheet = colour(random.pick(['#eeebe2', '#e6e7e6', '#e8dfcc', '#d9dcdd', '#cfd6cf']));
    const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
    const ruled = random.chance(0.3) ? random.range(0.09, 0.14) : 0;
    return (x, y, out) => {
      const fibre = fbm(ox + x * 60, oy + y * 60, 2);
      const cloud = fbm(ox + x * 2, oy + y * 2, 3);
      out.height = fibre * 0.5 + cloud * 0.5;
      const tone = 0.86 + 0.1 * cloud + 0.05 * fibre;
      let ink = 0;
      if (ruled > 0) {
        const gx = Math.abs(((((x + 9) / ruled) % 1) + 1) % 1) * ruled;
        const gy = Math.abs(((((y + 9) / ruled) % 1) + 1) % 1) * ruled;
        ink = 0.3 * Math.max(smoothstep(0.005, 0.001, gx), smoothstep(0.005, 0.001, gy));
      }
      out.rgb = mix([sheet[0] * tone, sheet[1] * tone, sheet[2] * tone], [0.25, 0.4, 0.55], ink);
    };
  },
  stone(random: Random): Surface {
    const dark = colour(random.pick(['#55565a', '#6b675f', '#4c4f55']));
    const pale = colour(random.pick(['#a9a7a0', '#b5afa3', '#989ca1']));
    const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
    return (x, y, out) => {
      const cloud = fbm(ox + x * 2.4, oy + y * 2.4, 4);
      const speck = noise(ox + x * 75, oy + y * 75);
      const pit = smoothstep(0.2, 0.1, noise(oy + x * 26, ox + y * 26));
      out.height = speck * 0.35 + cloud * 0.6 - pit * 0.7;
      out.rgb = mix(dark, pale, clamp(cloud * 0.9 + (speck - 0.5) * 0.45 - pit * 0.4, 0, 1));
    };
  },
} as const;

function drawSurface(
  surface: Surface,
  width: number,
  height: number,
  light: Light,
  angle: number,
  bump: number,
): Canvas {
  const canvas = createCanvas(width, height);
  const heights = new Float32Array(width * height);
  const unit = 1 / Math.max(width, height);
  const cos = Math.cos(angle) * unit;
  const sin = Math.sin(angle) * unit;
  const point: { height: number; rgb: Rgb } = { height: 0, rgb: [0, 0, 0] };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      surface(x * cos - y * sin, x * sin + y * cos, point);
      const i = y * width + x;
      heights[i] = point.height;
      canvas.rgb[i * 3] = point.rgb[0];
      canvas.rgb[i * 3 + 1] = point.rgb[1];
      canvas.rgb[i * 3 + 2] = point.rgb[2];
    }
  }
  const [sx, sy, sz] = light.sun;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const h = heights[i] as number;
      const gx = ((heights[x + 1 < width ? i + 1 : i] as number) - h) * bump;
      const gy = ((heights[y + 1 < height ? i + width : i] as number) - h) * bump;
      const diffuse = Math.max(0, (sz - gx * sx - gy * sy) / Math.sqrt(1 + gx * gx + gy * gy));
      for (let c = 0; c < 3; c++) {
        const lit = (light.ambient[c] as number) + (light.direct[c] as number) * diffuse;
        canvas.rgb[i * 3 + c] = (canvas.rgb[i * 3 + c] as number) * lit;
      }
    }
  }
  return canvas;
}

/** Foliage and sky far out of focus: soft discs of light over a gradient of greens. */
function drawBokeh(width: number, height: number, light: Light, random: Random): Canvas {
  const canvas = createCanvas(width, height);
  const top = colour(random.pick(['#7fa35a', '#9db87a', '#6d8f55', '#8aa07a', '#b3bf93']));
  const bottom = colour(random.pick(['#22361c', '#2f4a26', '#3b4428', '#2a3d2c']));
  const tilt = random.range(-0.5, 0.5);
  const [ox, oy] = [random.range(0, 200), random.range(0, 200)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ramp = y / height + (tilt * x) / width + (fbm(ox + x / 35, oy + y / 35, 3) - 0.5) * 1.3;
      const [r, g, b] = mix(top, bottom, clamp(ramp, 0, 1));
      canvas.rgb.set([r * 1.1, g * 1.1, b * 1.1], (y * width + x) * 3);
    }
  }
  const discs = random.int(10, 34);
  const sizes = random.range(0.03, 0.09) * width;
  for (let i = 0; i < discs; i++) {
    const tone = colour(random.pick(['#b9d67c', '#e0eab0', '#8fb55c', '#f1ecc0', '#53763c', '#2b4424']));
    const strength = random.range(0.12, 0.5);
    addDisc(
      canvas,
      random.range(0, width),
      random.range(0, height),
      sizes * random.range(0.5, 1.5),
      tone,
      strength,
    );
  }
  blur(canvas.rgb, width, height, 3, random.range(0.8, 2));
  for (let i = 0; i < canvas.rgb.length; i++) {
    const c = i % 3;
    const level = (light.ambient[c] as number) + 0.6 * (light.direct[c] as number);
    canvas.rgb[i] = (canvas.rgb[i] as number) * level;
  }
  return canvas;
}

function addDisc(canvas: Canvas, cx: number, cy: number, radius: number, tone: Rgb, strength: number): void {
  const { width, height, rgb } = canvas;
  for (let y = Math.max(0, Math.floor(cy - radius)); y < Math.min(height, cy + radius); y++) {
    for (let x = Math.max(0, Math.floor(cx - radius)); x < Math.min(width, cx + radius); x++) {
      const d = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) / radius;
      // Out-of-focus highlights are a little brighter at the rim.
      const alpha = strength * smoothstep(1, 0.9, d) * (0.75 + 0.25 * d * d);
      for (let c = 0; c < 3; c++) {
        const i = (y * width + x) * 3 + c;
        rgb[i] = (rgb[i] as number) * (1 - alpha) + (tone[c] as number) * alpha;
      }
    }
  }
}
