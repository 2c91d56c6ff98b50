import { join } from 'node:path';
import type { z } from 'zod';
import { ensureFolder, readJson, writeJsonAtomic } from '../store/atomic.ts';

/**
 * What came of some kind of work last, by project: at hand while this process runs, and in a cache folder for the next
 * time the project is opened. It can all be found out again.
 */
export class LastResults<Result> {
  readonly #folder: string;
  readonly #schema: z.ZodType<Result>;
  /** By project. */
  readonly #known = new Map<string, Result>();

  /** @param folder absolute; made when it is needed */
  constructor(folder: string, schema: z.ZodType<Result>) {
    this.#folder = folder;
    this.#schema = schema;
  }

  /** Has it at hand, but doesn't keep it: there is more to come. */
  note(project: string, result: Result): void {
    this.#known.set(project, result);
  }

  /** Has it at hand and keeps it: a full disk is no reason to lose what is on the screen. */
  async keep(project: string, result: Result): Promise<void> {
    this.note(project, result);
    await ensureFolder(this.#folder)
      .then(() => writeJsonAtomic(this.#fileOf(project), result))
      .catch(() => undefined);
  }

  /** @returns null where there is none, or none that this version can read */
  async of(project: string): Promise<Result | null> {
    const known = this.#known.get(project);
    if (known !== undefined) return known;
    const kept = await readJson(this.#fileOf(project), this.#schema).catch(() => undefined);
    if (kept === undefined) return null;
    this.#known.set(project, kept);
    return kept;
  }

  #fileOf(project: string): string {
    return join(this.#folder, `${project}.json`);
  }
}
