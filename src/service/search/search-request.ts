import { z } from 'zod';
import { searchMethodSchema, searchSpaceSchema, searchUnderWaySchema } from '../../contract/search.ts';
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

/** What the worker tells on the way. */
export const searchNewsSchema = z.discriminatedUnion('about', [
  /** How settings are chosen. */
  z.object({ about: z.literal('method'), method: searchMethodSchema, why: z.string() }),
  /** What is being tried, and how many heads at once. */
  z.object({
    about: z.literal('under-way'),
    underWay: z.array(searchUnderWaySchema),
    atOnce: z.number().int().positive(),
  }),
]);
export type SearchNews = z.infer<typeof searchNewsSchema>;
