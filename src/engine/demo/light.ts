import type { Canvas, Rgb } from './canvas.ts';
import { clamp, fbm, smoothstep } from './noise.ts';
import type { Random } from './random.ts';

/** How a scene is lit and how the camera renders it. */
export interface Light {
  /** Unit vector towards the sun: x right, y down, z towards the camera. */
  readonly sun: readonly [x: number, y: number, z: number];
  /** What direct light adds, what the sky adds. */
  readonly direct: Rgb;
  readonly ambient: Rgb;
  /** How hard shadows are: 0 overcast, 1 bright sun. */
  readonly hardness: number;
  /** 0..1: how strongly foliage out of the frame shades parts of it. */
  readonly dapple: number;
  readonly vignette: number;
  /** Standard deviation of the sensor's noise, in linear light at mid-grey. */
  readonly grain: number;
  readonly exposure: number;
}

interface Mood {
  /** Height of the sun, radians, from low to high. */
  readonly elevation: readonly [number, number];
  readonly direct: Rgb;
  readonly ambient: Rgb;
  readonly hardness: readonly [number, number];
  readonly dapple: { readonly chance: number; readonly strength: readonly [number, number] };
}

const moods = {
  sun: {
    elevation: [0.75, 1.2],
    direct: [1.12, 1.06, 0.93],
    ambient: [0.3, 0.34, 0.4],
    hardness: [0.7, 1],
    dapple: { chance: 0.35, strength: [0.3, 0.6] },
  },
  shade: {
    elevation: [0.75, 1.2],
    direct: [0.42, 0.47, 0.52],
    ambient: [0.4, 0.46, 0.54],
    hardness: [0.1, 0.3],
    dapple: { chance: 0.3, strength: [0.1, 0.3] },
  },
  warm: {
    elevation: [0.55, 0.85],
    direct: [1.25, 0.98, 0.68],
    ambient: [0.34, 0.3, 0.3],
    hardness: [0.6, 0.95],
    dapple: { chance: 0.3, strength: [0.2, 0.5] },
  },
  overcast: {
    elevation: [0.75, 1.2],
    direct: [0.5, 0.51, 0.52],
    ambient: [0.52, 0.53, 0.55],
    hardness: [0.15, 0.4],
    dapple: { chance: 0, strength: [0, 0] },
  },
} as const satisfies Record<string, Mood>;

/** Sun, shade, warm evening or overcast day. */
export function randomLight(random: Random): Light {
  const mood: Mood = moods[random.pick(['sun', 'sun', 'shade', 'warm', 'overcast'] as const)];
  const azimuth = random.range(0, 2 * Math.PI);
  const elevation = random.range(...mood.elevation);
  const tint = ([r, g, b]: Rgb): Rgb => {
    const warmth = random.range(-0.04, 0.04);
    return [r * (1 + warmth), g, b * (1 - warmth)];
  };
  return {
    sun: [
      Math.cos(azimuth) * Math.cos(elevation),
      Math.sin(azimuth) * Math.cos(elevation),
      Math.sin(elevation),
    ],
    direct: tint(mood.direct),
    ambient: tint(mood.ambient),
    hardness: random.range(...mood.hardness),
    dapple: random.chance(mood.dapple.chance) ? random.range(...mood.dapple.strength) : 0,
    vignette: random.range(0, 0.35),
    grain: random.range(0.002, 0.012),
    exposure: random.range(0.85, 1.2),
  };
}

/** Shade of foliage that is out of the frame: multiplies the canvas by soft patches. */
export function applyDapple(canvas: Canvas, light: Light, random: Random): void {
  if (light.dapple === 0) return;
  const { width, height, rgb } = canvas;
  const ox = random.range(0, 200);
  const oy = random.range(0, 200);
  const scale = random.range(2.2, 4.5) / Math.max(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const shade = smoothstep(0.42, 0.62, fbm(ox + x * scale, oy + y * scale, 3));
      const factor = 1 - light.dapple * shade;
      const i = (y * width + x) * 3;
      rgb[i] = (rgb[i] as number) * factor;
      rgb[i + 1] = (rgb[i + 1] as number) * (factor + 0.02 * shade);
      rgb[i + 2] = (rgb[i + 2] as number) * (factor + 0.05 * shade);
    }
  }
}

const curveSteps = 4096;
/** Linear light 0..4 to an 8-bit value: a soft shoulder so that highlights don't clip, then gamma 2.2. */
const curve = Float32Array.from({ length: curveSteps + 1 }, (_, i) => {
  const x = (i / curveSteps) * 4;
  const shoulder = (x * (1 + x / 6.25)) / (1 + x * 0.62);
  return 255 * Math.min(1, shoulder * 1.28) ** (1 / 2.2);
});

/** What the camera makes of the canvas: vignette, exposure, noise and an 8-bit sRGB picture. */
export function develop(canvas: Canvas, light: Light, random: Random): Uint8Array {
  const { width, height, rgb } = canvas;
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const ny = (2 * y) / height - 1;
    for (let x = 0; x < width; x++) {
      const nx = (2 * x) / width - 1;
      const gain = light.exposure * (1 - light.vignette * 0.5 * (nx * nx + ny * ny));
      for (let c = 0; c < 3; c++) {
        const i = (y * width + x) * 3 + c;
        const clean = (rgb[i] as number) * gain;
        const grain = (random.next() - 0.5) * 3.46 * light.grain;
        const noisy = clean + grain * Math.sqrt(Math.max(clean, 0.01) * 4);
        out[i] = curve[Math.round(clamp(noisy, 0, 4) * (curveSteps / 4))] as number;
      }
    }
  }
  return out;
}
