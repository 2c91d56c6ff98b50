import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { ensureFolder, readJson, syncFolder, writeJsonAtomic } from './atomic.ts';
import type { Parser } from './atomic.ts';
import { CheckpointFolder } from './checkpoints.ts';
import type { CheckpointToSave, LoadedCheckpoint, WhichCheckpoint } from './checkpoints.ts';
import { fileSystem } from './file-system.ts';
import { appendJsonl, readJsonl } from './jsonl.ts';
import type { BadLine, JsonlWriter } from './jsonl.ts';
import { acquireLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { errnoOf, storageError } from './storage-error.ts';

export type { CheckpointToSave, LoadedCheckpoint, WhichCheckpoint } from './checkpoints.ts';

const runVersion = 1;

/** A line of a run's log: whatever the event says, numbered and dated. */
export interface RunEvent {
  /** From 1, always rising over the whole life of the run, also when it is resumed. */
  seq: number;
  /** ISO 8601, UTC. */
  time: string;
  [field: string]: unknown;
}

export interface RunEvents {
  events: RunEvent[];
  torn: boolean;
  badLines: BadLine[];
}

/** One training run on disk: its configuration, log, checkpoints and report. */
export interface Run {
  /** Sortable by time: `2026-03-14T09-26-53-589Z-1f3c5a7e`. */
  id: string;
  folder: string;
  /** When it was created (ISO 8601, UTC). */
  createdAt: string;
  /** What `createRun` was given. */
  config: unknown;
  /**
   * Appends to log.jsonl and returns the event's number. Calls needn't wait for each other: the order is kept.
   *
   * @param options.sync wait until the disk has it
   */
  appendEvent(event: Readonly<Record<string, unknown>>, options?: { sync?: boolean }): Promise<number>;
  /** Takes the next number for an event that is told but not logged; the log's numbers then have a gap there. */
  takeSeq(): number;
  /** Events with `seq >= fromSeq`, oldest first. Bad lines of the log are reported, not thrown. */
  readEvents(fromSeq?: number): Promise<RunEvents>;
  /** Saves a checkpoint, all or nothing; keeps the last two and the best. */
  saveCheckpoint(checkpoint: CheckpointToSave): Promise<void>;
  /** The newest checkpoint that is intact (or the best, or that of a step), and what was wrong with others. */
  loadCheckpoint(which?: WhichCheckpoint): Promise<LoadedCheckpoint>;
  /** Writes report.json. */
  writeReport(report: unknown): Promise<void>;
  /** Reads report.json; undefined when the run has none (yet). */
  readReport<T>(schema: Parser<T>): Promise<T | undefined>;
  /** Finishes pending writes and gives the lock back; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a new run in `<folder>/runs/<id>/`, locked for this process.
 *
 * @param folder the project's folder (made if need be)
 * @param config any JSON value: what it takes to repeat the run
 * @throws HolotypeError('storage')
 */
export async function createRun(folder: string, config: unknown): Promise<Run> {
  const runs = join(folder, 'runs');
  await ensureFolder(runs);
  for (;;) {
    const { id, createdAt } = newRunId();
    const path = join(runs, id);
    try {
      await fileSystem.mkdir(path);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue;
      throw storageError(error, path);
    }
    await writeJsonAtomic(join(path, 'config.json'), { version: runVersion, id, createdAt, config });
    await syncFolder(runs);
    return openRun(path);
  }
}

/**
 * Opens a run's folder.
 *
 * @param options.readOnly look only: no lock is taken, and writing is refused. Without it the run is locked for
 *   this process until `close`
 * @throws HolotypeError 'not-found' when there is no run, 'busy' when another process writes it, 'bad-input'
 *   when config.json is damaged, 'not-supported' when a newer Holotype wrote it
 */
export async function openRun(folder: string, options: { readOnly?: boolean } = {}): Promise<Run> {
  const { id, createdAt, config } = await readJson(join(folder, 'config.json'), runConfigParser);
  const run = new RunFolder(folder, { id, createdAt, config });
  if (options.readOnly !== true) await run.lockForWriting();
  return run;
}

/** The ids of the runs in `<folder>/runs`, oldest first. */
export async function listRuns(folder: string): Promise<string[]> {
  const runs = join(folder, 'runs');
  let names: string[];
  try {
    names = await readdir(runs);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, runs);
  }
  const found: string[] = [];
  for (const name of names) {
    const there = await stat(join(runs, name, 'config.json')).then(
      () => true,
      () => false, // killed before it began, or no run
    );
    if (there) found.push(name);
  }
  return found.sort();
}

class RunFolder implements Run {
  readonly id: string;
  readonly folder: string;
  readonly createdAt: string;
  readonly config: unknown;
  readonly #checkpoints: CheckpointFolder;
  readonly #logPath: string;
  #lock: Lock | undefined;
  #log: JsonlWriter | undefined;
  #nextSeq = 1;

  constructor(folder: string, stored: { id: string; createdAt: string; config: unknown }) {
    this.id = stored.id;
    this.folder = folder;
    this.createdAt = stored.createdAt;
    this.config = stored.config;
    this.#logPath = join(folder, 'log.jsonl');
    this.#checkpoints = new CheckpointFolder(folder);
  }

  async lockForWriting(): Promise<void> {
    const lock = acquireLock(join(this.folder, 'lock'), `the run "${basename(this.folder)}"`, [
      this.#logPath,
    ]);
    try {
      const { records, badLines } = await readJsonl(this.#logPath, eventParser);
      // A damaged line had a number too: none is given twice.
      const lastSeq = records.reduce((last, { seq }) => Math.max(last, seq), 0);
      this.#nextSeq = Math.max(lastSeq, records.length + badLines.length) + 1;
      this.#log = await appendJsonl(this.#logPath);
      await this.#checkpoints.cleanUp();
    } catch (error) {
      lock.release();
      throw error;
    }
    this.#lock = lock;
  }

  async appendEvent(
    event: Readonly<Record<string, unknown>>,
    options: { sync?: boolean } = {},
  ): Promise<number> {
    const { log } = this.#writing();
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    await log.append({ ...event, seq, time: new Date().toISOString() }, options);
    return seq;
  }

  takeSeq(): number {
    this.#writing();
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    return seq;
  }

  async readEvents(fromSeq = 0): Promise<RunEvents> {
    const { records, torn, badLines } = await readJsonl(this.#logPath, eventParser);
    return { events: records.filter(({ seq }) => seq >= fromSeq), torn, badLines };
  }

  async saveCheckpoint(checkpoint: CheckpointToSave): Promise<void> {
    const { lock } = this.#writing();
    if (!lock.isHeld())
      throw new HolotypeError('busy', `The run "${this.id}" has been taken over by another program.`, {
        remedy: 'Stop one of the two.',
        details: { path: this.folder },
      });
    await this.#checkpoints.save(checkpoint);
  }

  loadCheckpoint(which: WhichCheckpoint = 'latest'): Promise<LoadedCheckpoint> {
    return this.#checkpoints.load(which);
  }

  async writeReport(report: unknown): Promise<void> {
    this.#writing();
    await writeJsonAtomic(join(this.folder, 'report.json'), report);
  }

  async readReport<T>(schema: Parser<T>): Promise<T | undefined> {
    try {
      return await readJson(join(this.folder, 'report.json'), schema);
    } catch (error) {
      if (error instanceof HolotypeError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    try {
      await log?.close();
    } finally {
      this.#lock?.release();
      this.#lock = undefined;
    }
  }

  #writing(): { log: JsonlWriter; lock: Lock } {
    if (this.#log === undefined || this.#lock === undefined)
      throw new HolotypeError('failed', `The run "${this.id}" is not open for writing.`);
    return { log: this.#log, lock: this.#lock };
  }
}

let lastTime = 0;

function newRunId(): { id: string; createdAt: string } {
  // Two runs of one process never share a millisecond, so their order is always that of their creation.
  lastTime = Math.max(Date.now(), lastTime + 1);
  const createdAt = new Date(lastTime).toISOString();
  return { id: `${createdAt.replaceAll(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}`, createdAt };
}

const runConfigParser: Parser<{ id: string; createdAt: string; config: unknown }> = {
  parse(value) {
    const fields: { [field: string]: unknown } = { ...asObject(value) };
    const { version, id, createdAt, config } = fields;
    if (typeof version !== 'number') throw new TypeError('version: not a number');
    if (version > runVersion)
      throw new HolotypeError('not-supported', `This run was made by a newer Holotype (format ${version}).`, {
        remedy: 'Update Holotype.',
      });
    if (typeof id !== 'string') throw new TypeError('id: not a text');
    if (typeof createdAt !== 'string') throw new TypeError('createdAt: not a text');
    return { id, createdAt, config };
  },
};

const eventParser: Parser<RunEvent> = {
  parse(value) {
    const fields: { [field: string]: unknown } = { ...asObject(value) };
    const { seq, time } = fields;
    if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) throw new TypeError('seq: not a whole number');
    if (typeof time !== 'string') throw new TypeError('time: not a text');
    return { ...fields, seq, time };
  },
};

function asObject(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not a JSON object');
  return value;
}
