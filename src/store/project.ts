import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { projectFormat, projectFormatVersion } from '../contract/project.ts';
import type { Asset, LabelOperation, ProjectManifest, Task } from '../contract/project.ts';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import type { RequestedChange } from './label-changes.ts';
import { acquireLock, lockHolder, seizeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import type { Step } from './label-changes.ts';
import { journalName, lockName, ProjectFolder } from './project-folder.ts';
import { checkedManifest, manifestName, parseManifest } from './project-manifest.ts';
import type { ManifestPatch } from './project-manifest.ts';
import { quiet } from './quiet.ts';

export type { RequestedChange, Step } from './label-changes.ts';

/** Something in a project's files that could not be used; the rest was. */
export interface ProjectProblem {
  file: string;
  /** Counted from 1; absent when it is not about one line. */
  line?: number;
  reason: string;
}

/** A project's files as they would be written now, for a copy of it. */
export interface ProjectFiles {
  readonly manifest: ProjectManifest;
  /** dataset.jsonl, in pieces. */
  readonly dataset: Iterable<Uint8Array>;
  /** labels.journal.jsonl, in pieces. */
  readonly journal: Iterable<Uint8Array>;
}

/** An open project: its settings, its photos, and the operations that change them. */
export interface Project {
  readonly folder: string;
  readonly manifest: ProjectManifest;
  /** By content id. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** What was wrong with the files when the project was opened. */
  readonly problems: readonly ProjectProblem[];
  /** Changes that can be undone and redone now, newest last. */
  readonly undoable: readonly LabelOperation[];
  readonly redoable: readonly LabelOperation[];
  /** Changes name, settings and the like: what is not undone. */
  updateManifest(patch: ManifestPatch): Promise<void>;
  /**
   * Changes photos, all or none, in one undoable step. When the promise resolves the disk has it.
   *
   * @throws HolotypeError 'not-found' for a photo that isn't in the project, 'bad-input' for a label that is no
   *   class or more labels than the task allows, 'busy' when somebody has taken the project over, 'storage'; nothing
   *   has changed then
   */
  change(description: string, changes: readonly RequestedChange[]): Promise<LabelOperation>;
  /**
   * Changes photos and classes in one step that is made up when it is its turn, of photos and classes as they are
   * then; undefined when there turns out to be nothing to do.
   *
   * @throws as {@link change}, and what `make` throws
   */
  step(make: () => Step | undefined): Promise<LabelOperation | undefined>;
  /** Takes the newest change back; undefined when there is none. */
  undo(): Promise<LabelOperation | undefined>;
  redo(): Promise<LabelOperation | undefined>;
  /** Writes the present state into dataset.jsonl and shortens the journal to the history worth keeping. */
  compact(): Promise<void>;
  /** False once somebody else has taken it over, after `close`, and when it was opened for reading. */
  isOurs(): boolean;
  /** Who has taken it over from us, as a phrase; undefined also when its folder is not there at the moment. */
  takenBy(): string | undefined;
  files(): ProjectFiles;
  close(): Promise<void>;
}

/**
 * Makes a project in `folder` (created if need be) and opens it for writing.
 *
 * @throws HolotypeError 'bad-usage' when a holotype.json is there already, 'storage'
 */
export async function createProject(
  folder: string,
  options: {
    name: string;
    task?: Task;
    classes?: readonly string[];
    settings?: Readonly<Record<string, unknown>>;
    /** See {@link ProjectManifest}. */
    photoFolder?: string;
    who?: string;
  },
): Promise<Project> {
  const path = join(folder, manifestName);
  await ensureFolder(folder);
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there)
    throw new HolotypeError('bad-usage', `"${folder}" holds a project or a model already.`, {
      remedy: 'Open it, or choose another folder.',
      details: { path },
    });
  const manifest = checkedManifest({
    format: projectFormat,
    formatVersion: projectFormatVersion,
    name: options.name,
    task: options.task ?? 'single-label',
    classes: [...(options.classes ?? [])],
    settings: { ...options.settings },
    createdAt: new Date().toISOString(),
    ...(options.photoFolder !== undefined && { photoFolder: options.photoFolder }),
  });
  await writeJsonAtomic(path, manifest);
  return openProject(folder, options.who === undefined ? {} : { who: options.who });
}

/**
 * Opens a project. Damaged lines are left out and listed in `problems`; a journal line cut off by a crash was
 * never confirmed to anybody and is dropped.
 *
 * @param options.readOnly take no lock and change nothing
 * @param options.takeOver take the lock from whoever has it: their next write fails with 'busy'
 * @param options.who name for the journal (default: the account's)
 * @throws HolotypeError 'not-found', 'busy', 'bad-input' when holotype.json is damaged or no project's,
 *   'not-supported' when a newer Holotype wrote it, 'storage'
 */
export async function openProject(
  folder: string,
  options: { readOnly?: boolean; takeOver?: boolean; who?: string } = {},
): Promise<Project> {
  const path = join(folder, manifestName);
  const read = () => readJson(path, { parse: parseManifest });
  const who = options.who ?? accountName();
  const { version, manifest } = await read();
  if (options.readOnly === true) {
    const project = new ProjectFolder(folder, manifest, who);
    await project.load(version);
    return project;
  }
  const what = `the project "${manifest.name}"`;
  const lock = options.takeOver === true ? await takeOver(folder) : acquireLock(...lockOf(folder, what));
  let project: ProjectFolder | undefined;
  try {
    const locked = await read(); // it may have changed until the lock was ours
    project = new ProjectFolder(folder, locked.manifest, who);
    await project.load(locked.version, lock);
    return project;
  } catch (error) {
    await project?.close().catch(() => undefined);
    lock.release();
    throw error;
  }
}

/** Who has the project open for writing, as a phrase; undefined when nobody has. */
export function projectHolder(folder: string): string | undefined {
  const [path, , signsOfLife] = lockOf(folder, '');
  return lockHolder(path, signsOfLife);
}

const lockOf = (folder: string, what: string): [string, string, string[]] => [
  join(folder, lockName),
  what,
  [join(folder, journalName)],
];

async function takeOver(folder: string): Promise<Lock> {
  const busy = projectHolder(folder) !== undefined;
  const lock = seizeLock(join(folder, lockName));
  // The other side asks before it writes; what it had asked for already must have reached the disk.
  if (busy) await quiet(folder);
  return lock;
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // an account without a name, as in some containers
  }
}
