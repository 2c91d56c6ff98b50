import { join } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../../contract/errors.ts';
import { jobEventSchema, type JobEvent } from '../../contract/job-events.ts';
import type { EpochPoint } from '../../contract/runs.ts';
import { currentConfig } from '../../contract/train-history.ts';
import { trainSettingsSchema } from '../../contract/train-settings.ts';
import { trainOptionsSchema, trainResultSchema, type TrainResult } from '../../contract/train.ts';
import { removeFolder } from '../../store/folders.ts';
import { createRun, listRuns, openRun } from '../../store/runs.ts';
import { Curves } from '../train/curves.ts';

const configSchema = z.preprocess(
  currentConfig,
  z.object({
    kind: z.literal('train'),
    options: trainOptionsSchema,
    /** As the person chose them; absent in runs of the command line. */
    settings: trainSettingsSchema.optional(),
    /** 1, 2, 3, ... in a project. */
    number: z.number().int().positive().optional(),
  }),
);
export type RunConfig = z.infer<typeof configSchema>;

/** What lies in a run's folder. */
export interface RunRecord {
  readonly id: string;
  readonly folder: string;
  readonly number: number;
  readonly createdAt: string;
  /** Undefined where it was not made by a training, or can't be understood. */
  readonly config: RunConfig | undefined;
  /** Undefined until it is finished. */
  readonly result: TrainResult | undefined;
}

/** Where a project keeps a run and the model that came of it. */
export const runFolder = (project: string, run: string): string => join(project, 'runs', run);
export const modelFolder = (project: string, run: string): string => join(project, 'models', run);
/** The labels that a run was told. */
export const labelsFile = (project: string, run: string): string =>
  join(runFolder(project, run), 'labels.csv');

/** Finished runs don't change: each is read once, as long as the engine runs. By folder. */
const finished = new Map<string, RunRecord>();

/** The runs of a project, oldest first; one that can't be read is left out. @param project its folder */
export async function readRuns(project: string): Promise<RunRecord[]> {
  const ids = await listRuns(project);
  const records: RunRecord[] = [];
  for (const [index, id] of ids.entries()) {
    const record = await read(project, id, index + 1).catch(() => undefined);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** @throws HolotypeError('not-found') */
export async function readRun(project: string, id: string): Promise<RunRecord> {
  const found = (await readRuns(project)).find((record) => record.id === id);
  if (found !== undefined) return found;
  throw new HolotypeError('not-found', 'There is no such run in this project.', {
    remedy: 'Look at the list of runs: it may have been deleted.',
  });
}

async function read(project: string, id: string, place: number): Promise<RunRecord> {
  const folder = runFolder(project, id);
  const known = finished.get(folder);
  if (known !== undefined) return known;
  const run = await openRun(folder, { readOnly: true });
  const config = configSchema.safeParse(run.config).data;
  const result = await run.readReport({ parse: (value) => trainResultSchema.safeParse(value).data });
  const record = { id, folder, number: config?.number ?? place, createdAt: run.createdAt, config, result };
  if (result !== undefined) finished.set(folder, record);
  return record;
}

/**
 * Makes a run that is yet to be trained.
 *
 * @param project its folder
 * @returns the run's id
 * @throws HolotypeError('storage')
 */
export async function newRun(
  project: string,
  config: Pick<RunConfig, 'options' | 'settings'>,
): Promise<string> {
  const numbers = (await readRuns(project)).map(({ number }) => number);
  const full: RunConfig = { kind: 'train', ...config, number: Math.max(0, ...numbers) + 1 };
  const run = await createRun(project, full);
  await run.close();
  return run.id;
}

/** Deletes a run with its checkpoints and its model. @throws HolotypeError('storage') */
export async function deleteRun(project: string, id: string): Promise<void> {
  finished.delete(runFolder(project, id));
  await removeFolder(modelFolder(project, id));
  await removeFolder(runFolder(project, id));
}

/** What a run told while it was trained, as far as this version understands it. */
export async function runEvents(folder: string): Promise<JobEvent[]> {
  const run = await openRun(folder, { readOnly: true });
  const { events } = await run.readEvents();
  return events.flatMap((event) => jobEventSchema.safeParse({ jobId: run.id, ...event }).data ?? []);
}

/** Notes in a run's log that it was given up. @throws HolotypeError('busy') while somebody writes it */
export async function giveUp(folder: string): Promise<void> {
  const run = await openRun(folder);
  try {
    await run.appendEvent({ type: 'cancelled', jobId: run.id }, { sync: true });
  } finally {
    await run.close();
  }
}

/** The curves of head and fine-tuning. A part that was begun again, or gone on with, counts as it was done last. */
export function curvesOf(events: readonly JobEvent[]): EpochPoint[] {
  const curves = new Curves();
  for (const event of events) curves.hear(event);
  return curves.points;
}
