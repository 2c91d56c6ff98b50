import { setTimeout as sleep } from 'node:timers/promises';
import { HolotypeError } from '../../contract/errors.ts';
import { isFolder } from '../../store/folders.ts';
import type { LastResult, ProjectSummary } from '../../contract/projects.ts';
import { openProject, projectHolder } from '../../store/project.ts';
import type { Project } from '../../store/project.ts';
import { projectId, sampleCount } from '../../store/recent-projects.ts';
import type { RecentProjects } from '../../store/recent-projects.ts';
import type { Emitter } from '../emitter.ts';
import type { Jobs, JobTools } from '../jobs/jobs.ts';
import { shortPath } from '../short-path.ts';
import { lastFinished } from './last-finished.ts';
import { OpenedProject } from './opened-project.ts';
import type { OpenProjects } from './open-projects.ts';
import { goneMessage, scanPhotos } from './scan.ts';

export interface RegistryDeps {
  readonly events: Emitter;
  readonly jobs: Pick<Jobs, 'light' | 'cancel' | 'ended' | 'isBusy'>;
  readonly recent: RecentProjects;
  readonly cacheFolder: string;
}

/** How often it is looked whether somebody has taken a project over or given it back, or its photos are gone (ms). */
const watchEvery = 2_000;

/** While photos are being made, it is looked for new ones this often (ms). */
const lookEvery = 2_000;

/** Work to be done before the folder is looked through, as a part of that job. */
export type Preparation = (tools: Pick<JobTools, 'signal' | 'progress'>) => Promise<void>;

/** The projects that windows of this engine have open: each once, however many windows. */
export class ProjectRegistry implements OpenProjects {
  readonly #deps: RegistryDeps;
  readonly #open = new Map<string, OpenedProject>();
  readonly #opening = new Map<string, Promise<OpenedProject>>();
  readonly #watch: NodeJS.Timeout;
  #looking = false;
  readonly #stopListening: () => void;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#watch = setInterval(() => void this.#look(), watchEvery);
    this.#watch.unref();
    // One that was closed while a job worked on it is given back when that ends.
    this.#stopListening = deps.events.on('job.changed', ({ job }) => {
      const open = job.project === null ? undefined : this.#open.get(job.project);
      if (open?.users === 0 && !deps.jobs.isBusy(open.id)) void this.#giveBack(open);
    });
  }

  get(id: string): OpenedProject {
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    throw new HolotypeError('not-found', 'This project is not open.', { remedy: 'Open it again.' });
  }

  /**
   * Opens a project's folder for one more window, and looks through its photos. One that somebody else is writing is
   * opened for reading only.
   *
   * @throws HolotypeError as {@link openProject}
   */
  async open(folder: string, prepare?: Preparation): Promise<OpenedProject> {
    const id = projectId(folder);
    let opening = this.#opening.get(id);
    if (opening === undefined) {
      opening = this.#openOnce(id, folder).finally(() => this.#opening.delete(id));
      this.#opening.set(id, opening);
    }
    const open = await opening;
    open.users += 1;
    if (open.scanJob === undefined) this.scan(open, prepare);
    await this.remember(open);
    return open;
  }

  /** One window less has it open. Without any, it is given back as soon as no job works on it. */
  async release(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.users = Math.max(0, open.users - 1);
    if (open.users > 0) return;
    await this.#stopScan(open);
    if (!this.#deps.jobs.isBusy(id)) await this.#giveBack(open);
  }

  /** Makes a project ours for writing, whoever has it. @throws HolotypeError as {@link openProject} */
  async takeOver(id: string): Promise<OpenedProject> {
    const open = this.get(id);
    if (!open.readOnly) return open;
    await open.replace(await openProject(open.folder, { takeOver: true }), undefined);
    this.scan(open);
    return open;
  }

  /** Looks through the photos; joins a look that is being taken. @returns the job, undefined for one that is read only */
  scan(open: OpenedProject, prepare?: Preparation): string | undefined {
    if (open.scanJob !== undefined) return open.scanJob;
    if (open.readOnly) {
      void isFolder(open.photoFolder).then((there) => {
        if (!there) open.scanned({ gone: goneMessage(open) });
      });
      return undefined;
    }
    const { id } = this.#deps.jobs.light({
      kind: 'scan',
      project: open.id,
      title: `Looking through ${open.name}`,
      work: async (tools) => {
        try {
          if (prepare !== undefined) await this.#lookMeanwhile(open, prepare, tools);
          await scanPhotos(open, this.#deps.cacheFolder, tools);
        } finally {
          await this.remember(open, false);
          open.scanJob = undefined;
          open.announce();
        }
      },
    });
    open.scanJob = id;
    open.announce();
    return id;
  }

  async runFinished(id: string, run: string | null, last: LastResult | null): Promise<void> {
    const { recent } = this.#deps;
    const open = this.#open.get(id);
    if (open !== undefined) {
      open.lastRun = run ?? undefined;
      open.last = last;
      open.announce();
    }
    const folder = open?.folder ?? (await recent.folderOf(id).catch(() => undefined));
    if (folder === undefined) return;
    await recent.update({ folder, last });
    await this.#tellRecent();
  }

  changed(id: string): void {
    this.#open.get(id)?.announce();
  }

  /**
   * Keeps the list of recent projects up to date.
   *
   * @param opened it moves to the top of the list
   */
  async remember(open: OpenedProject, opened = true): Promise<void> {
    const { counts, name } = open.state();
    const known = {
      folder: open.folder,
      name,
      photoFolder: open.photoFolder,
      photos: counts.photos,
      samples: open.samples(sampleCount),
      ...(open.last !== undefined && { last: open.last }),
    };
    // A list that can't be written is no reason to keep a person from their project.
    await (opened ? this.#deps.recent.remember(known) : this.#deps.recent.update(known)).catch(
      () => undefined,
    );
    await this.#tellRecent().catch(() => undefined);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#stopListening();
    await Promise.allSettled(this.#opening.values());
    await Promise.all(
      [...this.#open.values()].map(async (open) => {
        await this.#stopScan(open);
        await this.#giveBack(open);
      }),
    );
  }

  async #openOnce(id: string, folder: string): Promise<OpenedProject> {
    const known = this.#open.get(id);
    if (known !== undefined) {
      await this.#regain(known);
      return known;
    }
    const { project, holder } = await openOrRead(folder);
    const open = new OpenedProject(project, holder, this.#deps.events);
    const last = await lastFinished(folder);
    open.lastRun = last?.run;
    open.last = last === undefined ? null : last.result;
    this.#open.set(id, open);
    return open;
  }

  /** Shows the photos that are there already while more are being made. */
  async #lookMeanwhile(open: OpenedProject, prepare: Preparation, tools: JobTools): Promise<void> {
    const ready = prepare(tools).then(() => true);
    ready.catch(() => undefined); // it is waited for below, maybe after another failure
    const silent = { signal: tools.signal, progress: () => undefined };
    while (!(await Promise.race([ready, sleep(lookEvery, false)])))
      await scanPhotos(open, this.#deps.cacheFolder, silent);
  }

  /** What could only be read is ours again, where nobody has it any more. */
  async #regain(open: OpenedProject): Promise<void> {
    if (!open.readOnly || projectHolder(open.folder) !== undefined) return;
    const project = await openProject(open.folder).catch(() => undefined);
    if (project === undefined) return; // somebody was faster, or it can't be written at all
    await open.replace(project, undefined);
    this.scan(open);
  }

  async #look(): Promise<void> {
    // A drive that takes its time is not asked once more meanwhile.
    if (this.#looking) return;
    this.#looking = true;
    for (const open of this.#open.values()) {
      try {
        open.checkOurs();
        await this.#regain(open);
        await this.#lookForPhotos(open);
      } catch {
        // A drive that can't be asked now; whoever writes is told.
      }
    }
    this.#looking = false;
  }

  /** Notices that the folder of photos is gone, and that it is back. */
  async #lookForPhotos(open: OpenedProject): Promise<void> {
    const absent = !(await isFolder(open.photoFolder));
    const before = open.absent;
    open.absent = absent;
    if (absent && !open.isGone && open.scanJob === undefined) open.scanned({ gone: goneMessage(open) });
    if (absent || !before) return;
    if (open.readOnly) open.scanned({ gone: undefined });
    else this.scan(open);
  }

  async #stopScan({ scanJob }: OpenedProject): Promise<void> {
    if (scanJob === undefined) return;
    this.#deps.jobs.cancel(scanJob);
    await this.#deps.jobs.ended(scanJob);
  }

  async #giveBack(open: OpenedProject): Promise<void> {
    this.#open.delete(open.id);
    // All that was confirmed is on the disk; a drive that is gone must not keep the project open for ever.
    await open.close().catch(() => undefined);
  }

  async #tellRecent(): Promise<void> {
    const projects = await listRecent(this.#deps.recent);
    this.#deps.events.emit('projects.changed', { projects });
  }
}

/** The recent projects as the window shows them. */
export async function listRecent(recent: RecentProjects): Promise<ProjectSummary[]> {
  return (await recent.list()).map((summary) => ({ ...summary, folder: shortPath(summary.folder) }));
}

/** @returns `holder`: who keeps us from writing it */
async function openOrRead(folder: string): Promise<{ project: Project; holder: string | undefined }> {
  try {
    return { project: await openProject(folder), holder: undefined };
  } catch (error) {
    const holder = holderIn(error);
    if (holder === undefined) throw error;
    return { project: await openProject(folder, { readOnly: true }), holder };
  }
}

function holderIn(error: unknown): string | undefined {
  if (!(error instanceof HolotypeError)) return undefined;
  const { code, details } = error;
  if (code === 'busy') return typeof details?.['holder'] === 'string' ? details['holder'] : 'another program';
  const refused = ['EROFS', 'EACCES', 'EPERM'].includes(String(details?.['errno']));
  return code === 'storage' && refused ? 'a write-protected folder' : undefined;
}
