import type { Rgb } from './canvas.ts';
import { colour, mix } from './canvas.ts';
import type { LeafMap } from './leaf.ts';
import { clamp, fbm, noise, smoothstep } from './noise.ts';
import type { Random } from './random.ts';

export type DemoClass = 'healthy' | 'rust' | 'mildew';

/** What lies on a leaf beyond its own green: colour laid over it, and how that changes its surface. */
export interface Marks {
  /** RGB of what is laid over, and how opaque it is there. */
  readonly rgb: Float32Array;
  readonly alpha: Float32Array;
  /** Added to the leaf's relief, pixels. */
  readonly bump: Float32Array;
  /** Multiplies the leaf's shine; powder has none. */
  readonly shine: Float32Array;
  /** 1 where the leaf is gone. */
  readonly hole: Float32Array;
}

function createMarks(map: LeafMap): Marks {
  const count = map.width * map.height;
  return {
    rgb: new Float32Array(count * 3),
    alpha: new Float32Array(count),
    bump: new Float32Array(count),
    shine: new Float32Array(count).fill(1),
    hole: new Float32Array(count),
  };
}

/** Everything on one leaf. A mild leaf has only a little of its disease. */
export function markLeaf(map: LeafMap, kind: DemoClass, mild: boolean, random: Random): Marks {
  const marks = createMarks(map);
  const rare = kind === 'healthy' ? 1 : 0.45;
  if (random.chance(0.35 * rare)) addHoles(map, marks, random);
  if (random.chance(0.4 * rare)) addDirt(map, marks, random);
  if (kind === 'rust') addRust(map, marks, mild, random);
  if (kind === 'mildew') addMildew(map, marks, mild, random);
  return marks;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** A pixel well inside the blade (not on the stalk), or undefined when the leaf shows too little of itself. */
function placeOn(map: LeafMap, random: Random, depth: number): Spot | undefined {
  for (let attempt = 0; attempt < 200; attempt++) {
    const x = random.range(map.x0, map.x1);
    const y = random.range(map.y0, map.y1);
    const i = Math.floor(y) * map.width + Math.floor(x);
    if ((map.inside[i] ?? -1) > depth) return { x, y };
  }
  return undefined;
}

/** Calls `paint` for each pixel within `radius` of the spot that is leaf, with its distance in radii. */
function around(
  map: LeafMap,
  spot: Spot,
  radius: number,
  paint: (i: number, distance: number, dx: number, dy: number) => void,
): void {
  const x1 = Math.min(map.width - 1, Math.ceil(spot.x + radius));
  const y1 = Math.min(map.height - 1, Math.ceil(spot.y + radius));
  for (let y = Math.max(0, Math.floor(spot.y - radius)); y <= y1; y++) {
    for (let x = Math.max(0, Math.floor(spot.x - radius)); x <= x1; x++) {
      const dx = (x + 0.5 - spot.x) / radius;
      const dy = (y + 0.5 - spot.y) / radius;
      const d = Math.sqrt(dx * dx + dy * dy);
      if (d < 1 && (map.cover[y * map.width + x] as number) > 0) paint(y * map.width + x, d, dx, dy);
    }
  }
}

/** Lays a colour over what is already there. */
function lay(marks: Marks, i: number, tone: Rgb, alpha: number): void {
  const old = marks.alpha[i] as number;
  const total = alpha + old * (1 - alpha);
  if (total <= 0) return;
  const share = alpha / total;
  for (let c = 0; c < 3; c++) {
    const now = marks.rgb[i * 3 + c] as number;
    marks.rgb[i * 3 + c] = now + ((tone[c] as number) - now) * share;
  }
  marks.alpha[i] = total;
}

/** Rust: orange-brown pustules, single and in swarms, each in a yellow halo. */
function addRust(map: LeafMap, marks: Marks, mild: boolean, random: Random): void {
  const unit = map.scale / 200;
  const bright = colour(random.pick(['#c8641c', '#d07a22', '#b9551a', '#c26a2c']));
  const brown = colour(random.pick(['#6e3413', '#7c4018', '#5c2c14']));
  const halo = colour(random.pick(['#c9b93a', '#b8b043', '#d3b845']));
  const grade = random.range(0.75, 1.35) * unit;
  const swarms = mild ? 1 : random.int(4, 9);
  for (let s = 0; s < swarms; s++) {
    const centre = placeOn(map, random, 6 * unit);
    if (centre === undefined) continue;
    const spread = random.range(6, 24) * unit;
    const count = mild ? random.int(7, 12) : random.int(10, 26);
    for (let n = 0; n < count; n++) {
      const spot = { x: centre.x + random.normal() * spread, y: centre.y + random.normal() * spread };
      addPustule(map, marks, spot, grade * random.range(1.3, 3.6), bright, brown, halo, random);
    }
  }
  const single = mild ? random.int(4, 9) : random.int(18, 56);
  for (let n = 0; n < single; n++) {
    const spot = placeOn(map, random, 2 * unit);
    if (spot !== undefined)
      addPustule(map, marks, spot, grade * random.range(1, 3), bright, brown, halo, random);
  }
}

function addPustule(
  map: LeafMap,
  marks: Marks,
  spot: Spot,
  radius: number,
  bright: Rgb,
  brown: Rgb,
  halo: Rgb,
  random: Random,
): void {
  const index = Math.floor(spot.y) * map.width + Math.floor(spot.x);
  if ((map.inside[index] ?? -1) < 1) return;
  const tone = mix(bright, brown, random.range(0, 0.65));
  const rim = mix(tone, brown, 0.6);
  const glow = random.range(0.25, 0.75);
  const outer = radius * random.range(1.9, 2.8);
  around(map, spot, outer, (i, d) => lay(marks, i, halo, glow * smoothstep(1, 0.35, d)));
  const seed = random.range(0, 200);
  const reach = radius * 1.5;
  around(map, spot, reach, (i, d, dx, dy) => {
    const ragged = d * 1.5 + (noise(seed + dx * 2.2, seed + dy * 2.2) - 0.5) * 0.9;
    const body = smoothstep(1.12, 0.8, ragged);
    if (body === 0) return;
    const dust = noise(seed + dx * 7, dy * 7);
    lay(marks, i, mix(mix(tone, bright, 0.35 * dust), rim, smoothstep(0.5, 1, ragged)), body * 0.96);
    marks.bump[i] =
      (marks.bump[i] as number) + Math.min(1.6, radius * 0.4) * body * Math.max(0, 1 - ragged * 0.7);
    marks.shine[i] = (marks.shine[i] as number) * (1 - 0.85 * body);
  });
}

/** Powdery mildew: white felt in patches that thin out to a dusting. */
function addMildew(map: LeafMap, marks: Marks, mild: boolean, random: Random): void {
  const unit = map.scale / 200;
  const powder = colour(random.pick(['#e6e8e2', '#dcdfd8', '#e9e6df', '#d5dad6']));
  const patches = Array.from({ length: mild ? random.int(4, 6) : random.int(13, 28) }, () => ({
    spot: placeOn(map, random, 2 * unit),
    radius: unit * (mild ? random.range(8, 18) : random.range(8, 25)),
    strength: mild ? random.range(0.5, 0.75) : random.range(0.75, 1.05),
  }));
  const field = new Float32Array(map.width * map.height);
  for (const { spot, radius, strength } of patches) {
    if (spot === undefined) continue;
    around(map, spot, radius, (i, d) => {
      const value = strength * (1 - d * d);
      field[i] = Math.max(field[i] as number, value) + 0.25 * Math.min(field[i] as number, value);
    });
  }
  const density = mild ? random.range(0.6, 0.75) : random.range(0.76, 0.95);
  const film = mild ? 0.05 : random.range(0.12, 0.3);
  const seed = random.range(0, 200);
  const coarse = 0.11 / unit;
  for (let y = map.y0; y < map.y1; y++) {
    for (let x = map.x0; x < map.x1; x++) {
      const i = y * map.width + x;
      if ((map.cover[i] as number) === 0) continue;
      const cloud = fbm(seed + x * coarse, seed + y * coarse, 4);
      const value = (field[i] as number) + (cloud - 0.5) * 1.5 * smoothstep(0, 0.25, field[i] as number);
      const felt = smoothstep(0.12, 0.75, value);
      const grain = 0.62 + 0.55 * noise(seed + x * 0.75, seed + y * 0.75);
      // Powder gathers in the hollows beside the veins and leaves their ridges bare.
      const alpha = clamp(
        (felt * density + film * cloud) * grain * (1 - 0.45 * (map.vein[i] as number)),
        0,
        0.96,
      );
      if (alpha < 0.01) continue;
      lay(marks, i, powder, alpha);
      marks.shine[i] = (marks.shine[i] as number) * (1 - Math.min(1, alpha * 1.4));
      marks.bump[i] = (marks.bump[i] as number) + felt * grain * 0.55;
    }
  }
}

/** Holes an insect ate, with a dry brown rim. */
function addHoles(map: LeafMap, marks: Marks, random: Random): void {
  const unit = map.scale / 200;
  const dry = colour(random.pick(['#7d5f33', '#8f7440', '#6a4d2c']));
  for (let n = random.int(1, 5); n > 0; n--) {
    const spot = placeOn(map, random, 4 * unit);
    if (spot === undefined) continue;
    const radius = unit * random.range(2.5, 7.5);
    const seed = random.range(0, 200);
    around(map, spot, radius * 1.5, (i, d, dx, dy) => {
      const ragged = d * 1.5 + (noise(seed + dx * 1.8, seed + dy * 1.8) - 0.5) * 0.8;
      lay(marks, i, dry, 0.85 * smoothstep(1.35, 1, ragged));
      marks.hole[i] = Math.max(marks.hole[i] as number, smoothstep(1.02, 0.88, ragged));
    });
  }
}

/** Crumbs of soil and specks of pollen: brown or pale like a disease, but few, sharp and flat. */
function addDirt(map: LeafMap, marks: Marks, random: Random): void {
  const unit = map.scale / 200;
  const tone = colour(random.pick(['#3d2d1e', '#4a3b2a', '#5d5140', '#2c251c', '#c9c2a4']));
  for (let n = random.int(5, 30); n > 0; n--) {
    const spot = placeOn(map, random, 1);
    if (spot === undefined) continue;
    const radius = unit * random.range(0.7, random.chance(0.15) ? 3.2 : 1.6) + 0.5;
    const seed = random.range(0, 200);
    around(map, spot, radius * 1.5, (i, d, dx, dy) => {
      const body = smoothstep(1.05, 0.7, d * 1.5 + (noise(seed + dx * 2.5, seed + dy * 2.5) - 0.5) * 1.1);
      lay(marks, i, tone, body * 0.85);
      marks.shine[i] = (marks.shine[i] as number) * (1 - body);
    });
  }
}
