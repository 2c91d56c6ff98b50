import { join } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import { suspectSchema, type Suspect } from '../contract/suspects.ts';
import { readJson, writeJsonAtomic } from './atomic.ts';

const fileSchema = z.object({ version: z.literal(1), suspects: z.array(suspectSchema) });

const file = (run: string): string => join(run, 'suspects.json');

/**
 * Keeps a run's likely label errors, the likeliest first.
 *
 * @param run the run's folder
 * @throws HolotypeError('storage')
 */
export async function writeSuspects(run: string, suspects: readonly Suspect[]): Promise<void> {
  await writeJsonAtomic(file(run), { version: 1, suspects });
}

/** What {@link writeSuspects} kept; nothing for runs of older versions. @throws HolotypeError 'storage', 'bad-input' */
export async function readSuspects(run: string): Promise<Suspect[]> {
  try {
    return (await readJson(file(run), fileSchema)).suspects;
  } catch (error) {
    if (error instanceof HolotypeError && error.code === 'not-found') return [];
    throw error;
  }
}
