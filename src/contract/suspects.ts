import { z } from 'zod';
import { photoIdSchema } from './ids.ts';

const share = z.number().min(0).max(1);

/** What was probably said wrong of a photo, by models that did not learn from it. */
export const mistakeSchema = z.object({
  /** In words: the class; with several labels “rust” or “not rust”; the number. */
  given: z.string(),
  suggested: z.string(),
  /** 0..1: the more, the likelier it is wrong. Of a class, how much surer they are of `suggested` than of `given`. */
  score: share,
  /** With several labels a photo: the one label that this is about. */
  label: z
    .object({
      name: z.string(),
      /** The photo lacks it and seems to need it, or has it and seems not to. */
      seems: z.enum(['missing', 'extra']),
      /** Probability that it is so. */
      confidence: share,
    })
    .optional(),
  /** With a number to predict, in its own units. */
  number: z
    .object({
      given: z.number(),
      predicted: z.number(),
      /** How far off the usual error this is: robust z-score, below 0 where the number is smaller than predicted. */
      deviations: z.number(),
    })
    .optional(),
});
export type Mistake = z.infer<typeof mistakeSchema>;

/** A photo that something is probably wrong about. */
export const suspectSchema = mistakeSchema.extend({ photo: photoIdSchema, path: z.string() });
export type Suspect = z.infer<typeof suspectSchema>;
