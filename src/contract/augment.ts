import { z } from 'zod';
import { augmentPresets } from './choices.ts';

/** How often an operation is applied, as a share of the views; left out: always. */
const probability = z.number().min(0).max(1).default(1);

/** From the smaller to the larger number. */
const range = (least: number, most: number) =>
  z
    .tuple([z.number().min(least).max(most), z.number().min(least).max(most)])
    .refine(([from, to]) => from <= to, 'must be [from, to], the smaller number first');

/**
 * How photos are changed while a model learns from them, so that it sees more than there are. Each operation that is
 * named may happen to a view of a photo; its strength is drawn anew for each view. Also what a file for `--augment`
 * holds, as JSON.
 */
export const augmentationSchema = z.strictObject({
  /** Left and right exchanged. */
  flip: z.strictObject({ probability }).optional(),
  /** Top and bottom exchanged. */
  upsideDown: z.strictObject({ probability }).optional(),
  /** Turned by 90, 180 or 270 degrees. */
  turn: z.strictObject({ probability }).optional(),
  /** Turned by up to so many degrees to either side; what is missing at the rim is mirrored in. */
  rotate: z.strictObject({ probability, degrees: z.number().gt(0).max(180) }).optional(),
  /** A part of the photo, enlarged: its share of the area, and how much wider or narrower than the photo it may be. */
  crop: z
    .strictObject({
      probability,
      area: range(0.05, 1),
      stretch: z
        .number()
        .min(1)
        .max(4)
        .default(4 / 3),
    })
    .optional(),
  /** Brighter or darker, more or less contrast, more or less colour by up to these shares, hues by so many degrees. */
  colour: z
    .strictObject({
      probability,
      brightness: z.number().min(0).max(0.9).default(0),
      contrast: z.number().min(0).max(0.9).default(0),
      saturation: z.number().min(0).max(1).default(0),
      hue: z.number().min(0).max(180).default(0),
    })
    .optional(),
  /** Out of focus: a Gaussian blur of so many pixels of the picture the model sees. */
  blur: z.strictObject({ probability, sigma: range(0.1, 10) }).optional(),
  /** Grain: normal noise with such a standard deviation, of 0..255. */
  noise: z.strictObject({ probability, deviation: range(0, 100) }).optional(),
  /** A rectangle with such a share of the area is filled with the picture's mean colour. */
  erase: z.strictObject({ probability, area: range(0.01, 0.5) }).optional(),
  /**
   * How many changed views of each photo a head learns from, besides the photo itself, its mirror image (`flip`) and
   * its quarter turns (`turn`). Each costs as much as computing the features of all training photos once.
   */
  headViews: z.number().int().min(0).max(16).default(0),
});
export type Augmentation = z.infer<typeof augmentationSchema>;
export type AugmentationInput = z.input<typeof augmentationSchema>;

export type AugmentPreset = (typeof augmentPresets)[number];

const mirrored = { probability: 0.5 };
const anyPart = { probability: 1, stretch: 4 / 3 };

/** The presets, as data. */
export const augmentations: Readonly<Record<AugmentPreset, Augmentation>> = {
  none: { headViews: 0 },
  light: { flip: mirrored, crop: { probability: 1, area: [0.8, 1], stretch: 1.15 }, headViews: 0 },
  // Random resized crops (Szegedy et al. 2015), milder, for there are few photos.
  standard: { flip: mirrored, crop: { ...anyPart, area: [0.5, 1] }, headViews: 0 },
  strong: {
    flip: mirrored,
    crop: { ...anyPart, area: [0.35, 1] },
    rotate: { probability: 0.5, degrees: 15 },
    colour: { probability: 0.8, brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 10 },
    blur: { probability: 0.2, sigma: [0.3, 1.2] },
    noise: { probability: 0.2, deviation: [2, 8] },
    erase: { probability: 0.25, area: [0.02, 0.15] },
    headViews: 4,
  },
  // With quarter turns, 45 degrees to either side reach every angle.
  'any-orientation': {
    flip: mirrored,
    turn: { probability: 0.75 },
    rotate: { probability: 0.5, degrees: 45 },
    crop: { ...anyPart, area: [0.5, 1] },
    headViews: 0,
  },
  // Nothing that shifts a colour: noise would, pixel by pixel, and what is erased takes the mean colour.
  'keep-colour': {
    flip: mirrored,
    crop: { ...anyPart, area: [0.35, 1] },
    rotate: { probability: 0.5, degrees: 15 },
    blur: { probability: 0.2, sigma: [0.3, 1.2] },
    erase: { probability: 0.25, area: [0.02, 0.15] },
    headViews: 2,
  },
};

/** Whether `--augment` names a preset; else it names a file. */
export function isAugmentPreset(name: string): name is AugmentPreset {
  return augmentPresets.some((preset) => preset === name);
}
