import { join } from 'node:path';
import { runPhotoSchema, type RunPhoto } from '../contract/runs.ts';
import { writeFileAtomic } from './atomic.ts';
import { readJsonl } from './jsonl.ts';

const file = (run: string): string => join(run, 'predictions.jsonl');

/**
 * Keeps what a run's model answers for the photos it did not learn from, one a line.
 *
 * @param run the run's folder
 * @throws HolotypeError('storage')
 */
export async function writePredictions(run: string, photos: Iterable<RunPhoto>): Promise<void> {
  await writeFileAtomic(file(run), lines(photos));
}

function* lines(photos: Iterable<RunPhoto>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const photo of photos) yield encoder.encode(`${JSON.stringify(photo)}\n`);
}

/** What {@link writePredictions} kept; nothing for runs of older versions. @throws HolotypeError('storage') */
export async function readPredictions(run: string): Promise<RunPhoto[]> {
  return (await readJsonl(file(run), runPhotoSchema)).records;
}
