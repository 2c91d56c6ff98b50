import { backgroundKinds, drawBackground, type BackgroundKind } from './background.ts';
import { blur, createCanvas, resizeCanvas, type Canvas } from './canvas.ts';
import { mapLeaf, type Pose } from './leaf.ts';
import { applyDapple, develop, randomLight, type Light } from './light.ts';
import { markLeaf, type DemoClass } from './marks.ts';
import { addDew, castShadow, paintLeaf, randomTint } from './paint.ts';
import type { Random } from './random.ts';
import { growLeaf, speciesNames, type SpeciesName } from './species.ts';

/** An 8-bit sRGB picture, RGB interleaved. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const formats = [
  [320, 240],
  [320, 240],
  [240, 320],
  [300, 300],
  [340, 226],
] as const;

/**
 * Draws one photo of a leaf: a background, one leaf that fills much of the frame, sometimes others
 * behind it, light, and what a camera adds. All choices come from `random`.
 * @param mild a diseased leaf that shows only a little of its disease; no effect on healthy ones
 */
export function drawPhoto(kind: DemoClass, mild: boolean, random: Random): Picture {
  const [width, height] = random.pick(formats);
  const light = randomLight(random);
  const background = random.pick([...backgroundKinds, 'foliage', 'foliage'] as [
    BackgroundKind | 'foliage',
    ...(BackgroundKind | 'foliage')[],
  ]);
  const species = random.pick(speciesNames);
  const hanging = background === 'foliage' || background === 'bokeh';
  const defocus = !hanging && random.chance(0.35) ? random.range(1, 3) : 0;
  const canvas =
    background === 'foliage'
      ? drawFoliage(width, height, species, light, random)
      : drawBackground(background, width, height, light, defocus, random);
  const lift = hanging ? random.range(10, 22) : random.range(2, 9);
  const companions = hanging ? 0 : random.pick([0, 0, 0, 0, 1] as const);
  for (let n = 0; n < companions; n++) {
    const pose = randomPose(width, height, random.range(0.4, 0.62), 0.42, random);
    addLeaf(canvas, kind, mild, species, pose, light, random, lift, 1);
  }
  const pose = randomPose(width, height, random.range(0.85, 1.15), 0.07, random);
  addLeaf(canvas, kind, mild, species, pose, light, random, lift, hanging ? 0.25 : 1);
  applyDapple(canvas, light, random);
  if (random.chance(0.25)) blur(canvas.rgb, width, height, 3, 0.9);
  return { width, height, pixels: develop(canvas, light, random) };
}

/** @param size length of the leaf over the picture's mean side; @param stray how far off centre, in sides */
function randomPose(width: number, height: number, size: number, stray: number, random: Random): Pose {
  const length = size * Math.sqrt(width * height);
  const angle = random.range(0, 2 * Math.PI);
  const turn = random.range(0.72, 1);
  return {
    x: width * (0.5 + random.range(-stray, stray)) - Math.cos(angle) * length * 0.45,
    y: height * (0.5 + random.range(-stray, stray)) - Math.sin(angle) * length * 0.45,
    angle,
    length,
    bend: random.normal() * 0.07,
    left: turn * random.range(0.82, 1),
    right: turn * random.range(0.82, 1),
    fold: random.range(-0.22, 0.32),
    seed: random.range(0, 200),
  };
}

function addLeaf(
  canvas: Canvas,
  kind: DemoClass,
  mild: boolean,
  species: SpeciesName,
  pose: Pose,
  light: Light,
  random: Random,
  lift: number,
  shadow: number,
): void {
  const map = mapLeaf(growLeaf(species, random), pose, canvas.width, canvas.height);
  const marks = markLeaf(map, kind, mild, random);
  if (shadow > 0) castShadow(canvas, map, marks, { ...light, hardness: light.hardness * shadow }, lift);
  paintLeaf(canvas, map, marks, randomTint(random), light, random);
  if (random.chance(kind === 'healthy' ? 0.3 : 0.14)) addDew(canvas, map, light, random);
}

/** The rest of the plant, out of focus: leaves of the same species, drawn small and blurred. */
function drawFoliage(
  width: number,
  height: number,
  species: SpeciesName,
  light: Light,
  random: Random,
): Canvas {
  const small = createCanvas(Math.ceil(width / 2), Math.ceil(height / 2));
  const deep = randomTint(random).deep;
  for (let i = 0; i < small.rgb.length; i++) {
    small.rgb[i] = (deep[i % 3] as number) * 0.35 * (light.ambient[i % 3] as number);
  }
  const count = random.int(7, 11);
  for (let n = 0; n < count; n++) {
    const pose = randomPose(small.width, small.height, random.range(0.45, 0.75), 0.6, random);
    const map = mapLeaf(growLeaf(species, random), pose, small.width, small.height);
    const marks = markLeaf(map, 'healthy', false, random);
    const near = (n + 1) / count;
    const dim = 0.35 + 0.5 * near;
    const scale = (rgb: Light['direct']): Light['direct'] => [rgb[0] * dim, rgb[1] * dim, rgb[2] * dim];
    castShadow(small, map, marks, light, 5);
    const shaded = { ...light, direct: scale(light.direct), ambient: scale(light.ambient) };
    paintLeaf(small, map, marks, randomTint(random), shaded, random);
  }
  blur(small.rgb, small.width, small.height, 3, random.range(1, 4.5));
  return resizeCanvas(small, width, height);
}
