import { z } from 'zod';
import { searchMethodSchema, searchSpaceSchema } from '../../contract/search.ts';
import { trainOptionsSchema } from '../../contract/train.ts';

/** What the worker is told to search. */
export const searchRequestSchema = z.object({
  /** With the labels file that lists the photos. */
  training: trainOptionsSchema,
  /** Of the search; absolute. What an earlier sitting left there is gone on with. */
  out: z.string(),
  method: searchMethodSchema,
  space: searchSpaceSchema,
  trials: z.number().int().optional(),
  /** Seconds. */
  budget: z.number().optional(),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

/** What the worker tells on the way: how settings are chosen. */
export const chosenMethodSchema = z.object({ method: searchMethodSchema, why: z.string() });
export type ChosenMethod = z.infer<typeof chosenMethodSchema>;
