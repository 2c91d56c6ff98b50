import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { projectFormat, projectFormatVersion } from '../contract/project.ts';
import type { Asset, LabelOperation, ProjectManifest, Task } from '../contract/project.ts';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import type { RequestedChange } from './label-changes.ts';
import { acquireLock } from './lock.ts';
import { journalName, ProjectFolder } from './project-folder.ts';
import { checkedManifest, manifestName, parseManifest } from './project-manifest.ts';

export type { RequestedChange } from './label-changes.ts';

/** Something in a project's files that could not be used; the rest was. */
export interface ProjectProblem {
  file: string;
  /** Counted from 1; absent when it is not about one line. */
  line?: number;
  reason: string;
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
  /** Changes name, task, classes or settings. */
  updateManifest(
    patch: Partial<Pick<ProjectManifest, 'name' | 'task' | 'classes' | 'settings'>>,
  ): Promise<void>;
  /**
   * Changes photos, all or none, in one undoable step. When the promise resolves the disk has it.
   *
   * @throws HolotypeError 'not-found' for a photo that isn't in the project, 'bad-input' for a label that is no
   *   class or more labels than the task allows, 'storage'; nothing has changed then
   */
  change(description: string, changes: readonly RequestedChange[]): Promise<LabelOperation>;
  /** Takes the newest change back; undefined when there is none. */
  undo(): Promise<LabelOperation | undefined>;
  redo(): Promise<LabelOperation | undefined>;
  /** Writes the present state into dataset.jsonl and shortens the journal to the history worth keeping. */
  compact(): Promise<void>;
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
  });
  await writeJsonAtomic(path, manifest);
  return openProject(folder, options.who === undefined ? {} : { who: options.who });
}

/**
 * Opens a project. Damaged lines are left out and listed in `problems`; a journal line cut off by a crash was
 * never confirmed to anybody and is dropped.
 *
 * @param options.readOnly take no lock and change nothing
 * @param options.who name for the journal (default: the account's)
 * @throws HolotypeError 'not-found', 'busy', 'bad-input' when holotype.json is damaged or no project's,
 *   'not-supported' when a newer Holotype wrote it, 'storage'
 */
export async function openProject(
  folder: string,
  options: { readOnly?: boolean; who?: string } = {},
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
  const lock = acquireLock(join(folder, '.holotype.lock'), what, [join(folder, journalName)]);
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

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // an account without a name, as in some containers
  }
}
