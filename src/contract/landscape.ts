import { z } from 'zod';
import { gridSides } from './choices.ts';

/**
 * The loss around a trained model: what training and validation loss become when the weights of its head are moved away
 * from where training left them (Li, Xu, Taylor, Studer, Goldstein: "Visualizing the Loss Landscape of Neural Nets",
 * NeurIPS 2018, https://arxiv.org/abs/1712.09913).
 */
export const landscapeVersion = 1;

/** Losses are null where they are no number. */
const losses = z.array(z.number().nullable());
const count = z.number().int().nonnegative();

/** How good the model is at one place. */
const figuresSchema = z.object({
  loss: z.number().nullable(),
  /** Share of the photos that is answered right; null for numbers. */
  accuracy: z.number().min(0).max(1).nullable(),
});
export type LandscapeFigures = z.infer<typeof figuresSchema>;

const placeSchema = z.object({ train: figuresSchema, val: figuresSchema.nullable() });

/** Loss along a line. */
const lineSchema = z.object({ at: z.array(z.number()), train: losses, val: losses.nullable() });
export type LandscapeLine = z.infer<typeof lineSchema>;

/** How much of a rise there is, the mean over directions. */
const riseSchema = z.object({
  rise: z.number().nullable(),
  /** Standard error over the directions. */
  error: z.number().nonnegative().nullable(),
  /** Mean accuracy at that distance; null for numbers. */
  accuracy: z.number().min(0).max(1).nullable(),
});

export const landscapeSchema = z.object({
  version: z.literal(landscapeVersion),
  /** The run's id. */
  run: z.string(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /** What was moved. */
  sliced: z.object({
    /** Weights of the head, and into how many filters (weights that make one output of a layer) they fall. */
    weights: count,
    filters: count,
    /** The backbone was fine-tuned, and stays as fine-tuning left it. */
    finetuned: z.boolean(),
  }),
  /** As `--loss` calls it. */
  loss: z.string(),
  /** Photos that losses are means over, and those the run had. */
  photos: z.object({ train: count, val: count, ofTrain: count, ofVal: count }),
  seed: z.number().int(),
  /** Where training ended: both coordinates 0. */
  centre: placeSchema,
  /** Along the first direction. A distance of 1 moves every filter by its own length. */
  line: lineSchema,
  /** Over two directions: row `y` of `train` is at `at[y]` along the second, its column `x` at `at[x]` along the first. */
  plane: z.object({ at: z.array(z.number()), train: z.array(losses), val: z.array(losses).nullable() }),
  /**
   * Mean rise of the loss at a distance from the solution in random filter-normalized directions, both ways: the
   * average-case sharpness of Andriushchenko, Croce, Müller, Hein, Flammarion ("A Modern Look at the Relationship between
   * Sharpness and Generalization", ICML 2023), with a filter's length in the place of a weight's.
   */
  sharpness: z.object({
    radius: z.number().positive(),
    directions: count,
    train: riseSchema,
    val: riseSchema.nullable(),
  }),
  /** In a straight line to another run's head: 0 is this run, 1 the other. */
  between: lineSchema
    .extend({
      /** The other run's id. */
      run: z.string(),
      /** The most by which training loss on the way lies above the straight line between both ends; at least 0. */
      barrier: z.number().nonnegative().nullable(),
    })
    .optional(),
  /** Plain sentences: what this means. */
  words: z.array(z.string()),
  /** What else is to be known: photos that changed since. */
  notes: z.array(z.string()),
  seconds: z.number().nonnegative(),
});
export type Landscape = z.infer<typeof landscapeSchema>;

export const gridSchema = z.number().int().min(gridSides.least).max(gridSides.most).default(gridSides.usual);
