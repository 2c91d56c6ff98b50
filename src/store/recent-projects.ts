import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import { photoIdSchema } from '../contract/ids.ts';
import { taskSchema } from '../contract/project.ts';
import type { LastResult, ProjectSummary } from '../contract/projects.ts';
import { ensureFolder, parseJson, renameReplacing, writeJsonAtomic } from './atomic.ts';
import { exists } from './folders.ts';
import { errnoOf, storageError } from './storage-error.ts';

const version = 1;
/** More than anybody scrolls through; the oldest fall off the end. */
const limit = 100;
/** Photos that stand for a project. */
export const sampleCount = 6;

const entrySchema = z.object({
  folder: z.string().min(1),
  name: z.string().min(1),
  openedAt: z.iso.datetime(),
  lastAccuracy: z.number().min(0).max(1).nullable(),
  // What follows is absent in lists of older versions.
  lastTask: taskSchema.optional(),
  lastMae: z.number().nonnegative().nullable().optional(),
  /** Absolute: where the photos lie; absent: in the project's folder. */
  photoFolder: z.string().min(1).optional(),
  photos: z.number().int().nonnegative().optional(),
  samples: z.array(photoIdSchema).max(sampleCount).optional(),
});
type Entry = z.infer<typeof entrySchema>;

const fileSchema = z.object({ version: z.literal(version), projects: z.array(entrySchema) });
const versionSchema = z.object({ version: z.number() });

/** What is remembered of a project when it is opened or has changed; what is left out stays as it is known. */
export interface RememberedProject {
  /** The project's own. */
  readonly folder: string;
  /** Default: the folder's name. */
  readonly name?: string;
  /** Of its newest finished run; null: there is none any more. */
  readonly last?: LastResult | null;
  /** Where the photos lie, if not in `folder`. */
  readonly photoFolder?: string;
  /** How many there are. */
  readonly photos?: number;
  /** A few of them for the card. */
  readonly samples?: readonly string[];
}

export interface RecentProjects {
  /** Last opened first; those whose folder is gone are listed as missing, not dropped. */
  list(): Promise<ProjectSummary[]>;
  /** Puts a project at the top of the list. */
  remember(project: RememberedProject): Promise<void>;
  /** Changes what is known of a project, where it stands; one that is not on the list stays off it. */
  update(project: RememberedProject): Promise<void>;
  /** A project's own folder (absolute). @throws HolotypeError('not-found') when it is not on the list */
  folderOf(id: string): Promise<string>;
  /** Takes a project off the list. Its folder is left alone. An unknown id changes nothing. */
  forget(id: string): Promise<void>;
}

/** The id by which the window knows a project: from its absolute path, so it stays the same. */
export function projectId(folder: string): string {
  return createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
}

/**
 * The list of recent projects, kept in `recent-projects.json` in `folder`. Changes wait for each other
 * within this process; the file is replaced as a whole, so a reader never sees half of it.
 * @param now for tests
 */
export function openRecentProjects(folder: string, now: () => Date = () => new Date()): RecentProjects {
  const path = join(folder, 'recent-projects.json');
  let last: Promise<unknown> = Promise.resolve();
  const change = (edit: (entries: Entry[]) => Entry[]): Promise<void> => {
    const turn = last.then(async () => {
      const entries = await readEntries(path);
      const projects = edit(entries).slice(0, limit);
      await ensureFolder(folder);
      await writeJsonAtomic(path, { version, projects });
    });
    // The next change must not fail because this one did.
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    list: async () => {
      await last;
      return Promise.all((await readEntries(path)).map(summarize));
    },
    remember: (project) =>
      change((entries) => {
        const id = projectId(project.folder);
        const known = entries.find((entry) => projectId(entry.folder) === id);
        const entry = { ...merged(known, project), openedAt: now().toISOString() };
        return [entry, ...entries.filter((other) => other !== known)];
      }),
    update: (project) =>
      change((entries) => {
        const id = projectId(project.folder);
        return entries.map((entry) => (projectId(entry.folder) === id ? merged(entry, project) : entry));
      }),
    folderOf: async (id) => {
      await last;
      const entry = (await readEntries(path)).find(({ folder }) => projectId(folder) === id);
      if (entry !== undefined) return entry.folder;
      throw new HolotypeError('not-found', 'This project is not on the list any more.', {
        remedy: 'Open its folder.',
      });
    },
    forget: (id) => change((entries) => entries.filter((entry) => projectId(entry.folder) !== id)),
  };
}

function merged(known: Entry | undefined, told: RememberedProject): Entry {
  const photoFolder = told.photoFolder ?? known?.photoFolder;
  const photos = told.photos ?? known?.photos;
  const samples = told.samples ?? known?.samples;
  return {
    folder: resolve(told.folder),
    name: told.name ?? known?.name ?? nameOf(told.folder),
    openedAt: known?.openedAt ?? '',
    ...lastOf(known, told.last),
    ...(photoFolder !== undefined && { photoFolder: resolve(photoFolder) }),
    ...(photos !== undefined && { photos }),
    ...(samples !== undefined && { samples: [...samples].slice(0, sampleCount) }),
  };
}

type LastOfEntry = Pick<Entry, 'lastAccuracy' | 'lastTask' | 'lastMae'>;

function lastOf(known: Entry | undefined, told: LastResult | null | undefined): LastOfEntry {
  if (told === null) return { lastAccuracy: null };
  if (told === undefined) {
    const { lastAccuracy = null, lastTask, lastMae } = known ?? {};
    return {
      lastAccuracy,
      ...(lastTask !== undefined && { lastTask }),
      ...(lastMae !== undefined && { lastMae }),
    };
  }
  const { task, accuracy, mae } = told;
  return { lastAccuracy: accuracy, lastTask: task, ...(task === 'regression' && { lastMae: mae }) };
}

function nameOf(folder: string): string {
  // The root of a drive has no name of its own.
  return basename(resolve(folder)) || resolve(folder);
}

async function summarize({ photoFolder, ...entry }: Entry): Promise<ProjectSummary> {
  const there = await Promise.all([entry.folder, photoFolder ?? entry.folder].map(exists));
  const folder = photoFolder ?? entry.folder;
  return { id: projectId(entry.folder), ...entry, folder, missing: there.includes(false) };
}

/**
 * A list that is damaged is put aside and started over: it is a convenience, and the projects themselves
 * are elsewhere. One of a newer Holotype is left as it is.
 */
async function readEntries(path: string): Promise<Entry[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, path);
  }
  try {
    return parseJson(bytes, path, fileSchema).projects;
  } catch {
    const found = tryParse(bytes, path);
    if (found !== undefined && found.version > version) {
      throw new HolotypeError(
        'not-supported',
        `"${path}" was written by a newer Holotype (format ${found.version}; this one knows ${version}).`,
        { remedy: 'Update Holotype, or move that file away to start a new list.', details: { path } },
      );
    }
    await renameReplacing(path, join(dirname(path), 'recent-projects.damaged.json'));
    return [];
  }
}

function tryParse(bytes: Uint8Array, path: string): { version: number } | undefined {
  try {
    return parseJson(bytes, path, versionSchema);
  } catch {
    return undefined;
  }
}
