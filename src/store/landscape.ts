import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { landscapeSchema, type Landscape } from '../contract/landscape.ts';
import { readJson, writeJsonAtomic } from './atomic.ts';

const file = (run: string): string => join(run, 'landscape.json');

/**
 * Keeps what the loss around a run's model looks like; an older one goes.
 *
 * @param run the run's folder
 * @returns where it lies
 * @throws HolotypeError('storage')
 */
export async function writeLandscape(run: string, landscape: Landscape): Promise<string> {
  await writeJsonAtomic(file(run), landscape);
  return file(run);
}

/** What {@link writeLandscape} kept; undefined when nothing was. @throws HolotypeError 'storage', 'bad-input' */
export async function readLandscape(run: string): Promise<Landscape | undefined> {
  try {
    return await readJson(file(run), landscapeSchema);
  } catch (error) {
    if (error instanceof HolotypeError && error.code === 'not-found') return undefined;
    throw error;
  }
}
