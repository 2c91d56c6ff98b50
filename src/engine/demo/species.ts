import { smoothstep } from './noise.ts';
import type { Random } from './random.ts';

/**
 * The plan of a leaf in its own units: the base of the blade at (0, 0), the tip near (1, 0), y to
 * either side. A leaf is one blade or several grown together (a maple's five).
 */
export interface LeafShape {
  readonly blades: readonly Blade[];
  /** How softly blades grow together; 0 for separate leaflets. */
  readonly merge: number;
  /** Length of the stalk behind the base. */
  readonly stalk: number;
}

export interface Blade {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly length: number;
  /** Half width, in blade lengths, at 0 (base) to 1 (tip) along the blade. */
  readonly profile: (t: number) => number;
  /** Teeth along the margin: how many and how deep (blade lengths). */
  readonly teeth: number;
  readonly toothDepth: number;
  /** Secondary veins on each side, their slant (cotangent of the angle to the midrib) and curve. */
  readonly veins: number;
  readonly slant: number;
  readonly curve: number;
}

export const speciesNames = ['beech', 'apple', 'willow', 'oak', 'linden', 'maple', 'grape', 'rose'] as const;
export type SpeciesName = (typeof speciesNames)[number];

/** x^a (1-x)^b scaled so that its highest point is `width`. */
function beta(width: number, a: number, b: number): (t: number) => number {
  const peak = a / (a + b);
  const scale = width / (peak ** a * (1 - peak) ** b);
  return (t) => (t <= 0 || t >= 1 ? 0 : scale * t ** a * (1 - t) ** b);
}

/** A number near `x`. */
type Vary = (x: number, by?: number) => number;

function blade(vary: Vary, over: Partial<Blade> & Pick<Blade, 'profile'>): Blade {
  return {
    x: 0,
    y: 0,
    angle: 0,
    length: 1,
    teeth: 0,
    toothDepth: 0,
    veins: Math.round(vary(8)),
    slant: vary(0.8),
    curve: vary(0.5, 0.5),
    ...over,
  };
}

/** Five lobes around the base, as a maple or a vine has them: the middle one, two pairs at its sides. */
function hand(
  lobe: (angle: number, length: number) => Blade,
  spread: number,
  lengths: readonly [number, number, number],
): Blade[] {
  const [middle, side, back] = lengths;
  return [
    lobe(0, middle),
    lobe(spread, side),
    lobe(-spread, side),
    lobe(spread * 2, back),
    lobe(-spread * 2, back),
  ];
}

const plans: Record<SpeciesName, (vary: Vary, stalk: number, random: Random) => LeafShape> = {
  beech: (vary, stalk) => ({
    stalk: stalk * 0.6,
    merge: 0,
    blades: [blade(vary, { profile: beta(vary(0.29), 0.62, 0.72), veins: 10, slant: vary(0.9), curve: 0.1 })],
  }),
  apple: (vary, stalk) => ({
    stalk,
    merge: 0,
    blades: [
      blade(vary, { profile: beta(vary(0.31), 0.5, 0.85), teeth: Math.round(vary(34)), toothDepth: 0.012 }),
    ],
  }),
  willow: (vary, stalk) => ({
    stalk: stalk * 0.5,
    merge: 0,
    blades: [
      blade(vary, {
        profile: beta(vary(0.14), 0.6, 0.9),
        veins: 15,
        slant: 1.1,
        teeth: 40,
        toothDepth: 0.004,
      }),
    ],
  }),
  oak: (vary, stalk, random) => {
    const lobes = random.int(4, 5);
    const phase = random.range(-0.06, 0.06);
    const wide = beta(vary(0.3), 0.85, 0.45);
    const cut = (t: number): number => 0.38 * (0.5 + 0.5 * Math.cos(2 * Math.PI * (lobes * t + phase)));
    const profile = (t: number): number => wide(t) * (1 - cut(t) * smoothstep(0, 0.25, t));
    return {
      stalk: stalk * 0.4,
      merge: 0,
      blades: [blade(vary, { profile, veins: lobes, slant: 0.7, curve: 0.1 })],
    };
  },
  linden: (vary, stalk) => {
    const lobe = beta(0.42, 0.5, 0.5);
    const side = (sign: number): Blade =>
      blade(vary, {
        profile: lobe,
        angle: sign * vary(2.0, 0.06),
        length: vary(0.36),
        x: 0.08,
        veins: 3,
        teeth: 10,
        toothDepth: 0.02,
      });
    const profile = beta(vary(0.4, 0.08), 0.42, 0.8);
    const main = blade(vary, { profile, veins: 6, teeth: 30, toothDepth: 0.014 });
    return { stalk: stalk * 1.3, merge: 0.12, blades: [main, side(1), side(-1)] };
  },
  maple: (vary, stalk) => {
    const profile = beta(vary(0.2), 0.55, 0.85);
    const lobe = (angle: number, length: number): Blade =>
      blade(vary, { profile, angle, length, x: 0.04, veins: 5, slant: 1, teeth: 9, toothDepth: 0.035 });
    return { stalk: stalk * 1.4, merge: 0.1, blades: hand(lobe, vary(0.78, 0.08), [0.96, 0.8, 0.5]) };
  },
  grape: (vary, stalk) => {
    const profile = beta(vary(0.36, 0.08), 0.5, 0.6);
    const lobe = (angle: number, length: number): Blade =>
      blade(vary, { profile, angle, length, x: 0.06, veins: 4, slant: 0.8, teeth: 11, toothDepth: 0.03 });
    return { stalk: stalk * 1.3, merge: 0.09, blades: hand(lobe, vary(0.76, 0.08), [0.9, 0.78, 0.6]) };
  },
  rose: (vary, _stalk, random) => {
    const profile = beta(vary(0.33), 0.55, 0.75);
    const leaflet = (x: number, angle: number, length: number): Blade =>
      blade(vary, { profile, x, angle, length, veins: 6, teeth: 20, toothDepth: 0.02 });
    const angle = vary(1.05);
    return {
      stalk: 0.12,
      merge: 0,
      blades: [
        leaflet(0.56, random.range(-0.1, 0.1), 0.46),
        leaflet(0.46, angle, 0.4),
        leaflet(0.48, -angle, 0.4),
        leaflet(0.14, angle * 1.05, 0.33),
        leaflet(0.12, -angle * 1.05, 0.33),
      ],
    };
  },
};

/** One leaf of the species, no two alike. */
export function growLeaf(species: SpeciesName, random: Random): LeafShape {
  const vary: Vary = (x, by = 0.12) => x * (1 + random.range(-by, by));
  return plans[species](vary, random.range(0.12, 0.3), random);
}
