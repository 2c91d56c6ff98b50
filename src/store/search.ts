import { join } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import { searchFinalSchema, searchTrialSchema } from '../contract/search.ts';
import type { SearchFinal, SearchTrial } from '../contract/search.ts';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import { listFolder } from './folders.ts';
import { appendJsonl, readJsonl } from './jsonl.ts';
import { acquireLock } from './lock.ts';

const headSchema = z.object({
  format: z.literal('holotype-search'),
  version: z.literal(1),
  about: z.unknown(),
});
const lineSchema = z.discriminatedUnion('type', [searchTrialSchema, searchFinalSchema]);
const trialsFile = 'trials.jsonl';
export type SearchLine = SearchTrial | SearchFinal;

/**
 * A search on disk: `search.json` says what it looks for, `trials.jsonl` has a line a trial, written when it was done.
 * Trials that ran side by side may so stand in another order than their numbers; they are read by their numbers.
 */
export interface SearchFolder {
  readonly folder: string;
  /** What was tried in earlier sittings: trials by their numbers, then what was tried again. */
  readonly lines: readonly SearchLine[];
  /** Keeps a trial, on the disk when it resolves. @throws HolotypeError('storage') */
  append(line: SearchLine): Promise<void>;
  close(): Promise<void>;
}

/** What was tried in a search, also while another process goes on with it. @throws HolotypeError('storage') */
export async function readSearchLines(folder: string): Promise<readonly SearchLine[]> {
  return ordered((await readJsonl(join(folder, trialsFile), lineSchema)).records);
}

/** None counts twice: the first line of a trial is the one that was gone on from. */
function ordered(lines: readonly SearchLine[]): SearchLine[] {
  const trials = new Map<number, SearchTrial>();
  const finals = new Map<string, SearchFinal>();
  for (const line of lines)
    if (line.type === 'trial') trials.set(line.number, trials.get(line.number) ?? line);
    else {
      const key = `${line.number}/${line.seed}`;
      finals.set(key, finals.get(key) ?? line);
    }
  return [...[...trials.values()].sort((a, b) => a.number - b.number), ...finals.values()];
}

/**
 * Opens a search's folder for this process alone.
 *
 * @param about what it looks for, any JSON value: a search that goes on must have been about the same
 * @param resume go on with what is there
 * @throws HolotypeError 'bad-usage' when there is another search, or something else, in the folder; 'busy' while another
 *   process searches there; 'storage'
 */
export async function openSearch(folder: string, about: unknown, resume: boolean): Promise<SearchFolder> {
  await ensureFolder(folder);
  const path = join(folder, trialsFile);
  const lock = acquireLock(join(folder, 'lock'), `the search in "${folder}"`, [path]);
  try {
    const found = await readJson(join(folder, 'search.json'), headSchema).catch((error: unknown) => {
      if (error instanceof HolotypeError && error.code === 'not-found') return undefined;
      throw error;
    });
    const wanted = JSON.stringify(about);
    if (found === undefined) {
      const others = (await listFolder(folder)).filter((name) => name !== 'lock' && !name.startsWith('.'));
      if (others.length > 0)
        throw new HolotypeError('bad-usage', `The folder "${folder}" holds something else than a search.`, {
          remedy: 'Give --out a new or empty folder.',
        });
      await writeJsonAtomic(join(folder, 'search.json'), { format: 'holotype-search', version: 1, about });
    } else if (!resume)
      throw new HolotypeError('bad-usage', `There is a search in "${folder}" already.`, {
        remedy: 'Go on with it with --resume, or give --out another folder.',
      });
    else if (JSON.stringify(found.about) !== wanted)
      throw new HolotypeError('bad-usage', `The search in "${folder}" was for something else.`, {
        remedy: 'Give the same photos, space, method and settings as before, or --out another folder.',
      });
    const { records } = await readJsonl(path, lineSchema);
    const writer = await appendJsonl(path);
    return {
      folder,
      lines: ordered(records),
      append: (line) => writer.append(line, { sync: true }),
      close: async () => {
        await writer.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
