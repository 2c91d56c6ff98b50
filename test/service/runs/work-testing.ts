/** The part of the service that works, on a project of its own, without windows or a host. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import type { JobSummary } from '../../../src/contract/jobs.ts';
import {
  methods,
  type MethodInput,
  type MethodName,
  type MethodOutput,
} from '../../../src/contract/methods.ts';
import type { LastResult, ProjectState } from '../../../src/contract/projects.ts';
import type { Asset } from '../../../src/contract/project.ts';
import { appSettingsSchema } from '../../../src/contract/app.ts';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { createWork, type Work } from '../../../src/service/app/work.ts';
import { createDownloads, type Downloads } from '../../../src/service/downloads.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { createJobs } from '../../../src/service/jobs/create-jobs.ts';
import type { Jobs } from '../../../src/service/jobs/jobs.ts';
import { createWorkerCalls } from '../../../src/service/jobs/worker-calls.ts';
import { WorkerHost } from '../../../src/service/jobs/worker-host.ts';
import type { WorkerLauncher } from '../../../src/service/jobs/worker-link.ts';
import { createPlaces, type Places } from '../../../src/service/places.ts';
import type { OpenProject } from '../../../src/service/projects/open-projects.ts';
import { tasks } from '../../../src/service/worker/tasks.ts';
import { createProject, openProject, type Project } from '../../../src/store/project.ts';
import { projectId } from '../../../src/store/recent-projects.ts';
import { inProcessWorkers } from '../jobs/fake-worker.ts';

/** Workers that do the real tasks in this process. */
export const realTasks = (): WorkerLauncher => inProcessWorkers(tasks);

/** What a test may change of the project's state. */
export interface Changes {
  state?: Partial<ProjectState>;
  readOnly?: boolean;
}

/** A project made of a folder with a folder per class. */
export class ProjectForTests implements OpenProject {
  readonly id: string;
  readonly project: Project;
  readonly folder: string;
  readonly photoFolder: string;
  readonly changes: Changes = {};

  private constructor(project: Project, photoFolder: string) {
    this.project = project;
    this.folder = project.folder;
    this.photoFolder = photoFolder;
    this.id = projectId(project.folder);
  }

  /** @param folder of the project. @param photos folder of its photos */
  static async create(folder: string, photos: string, name = 'Leaves'): Promise<ProjectForTests> {
    const classes = readdirSync(photos);
    const project = await createProject(folder, { name, classes });
    const assets = classes.flatMap((label) =>
      readdirSync(join(photos, label)).map((file): Asset => {
        const bytes = readFileSync(join(photos, label, file));
        const id = createHash('sha256').update(bytes).digest('hex');
        return { id, path: `${label}/${file}`, bytes: bytes.length, labels: [label] };
      }),
    );
    await project.change(
      'Add photos',
      assets.map((asset) => ({ id: asset.id, to: asset })),
    );
    return new ProjectForTests(project, photos);
  }

  static async open(folder: string, photos: string): Promise<ProjectForTests> {
    return new ProjectForTests(await openProject(folder), photos);
  }

  get readOnly(): boolean {
    return this.changes.readOnly ?? false;
  }

  state(): ProjectState {
    const assets = [...this.project.assets.values()];
    const labeled = assets.filter(({ labels }) => labels.length > 0).length;
    return {
      id: this.id,
      name: this.project.manifest.name,
      photoFolders: [this.photoFolder],
      folder: this.folder,
      task: this.project.manifest.task,
      classes: [],
      counts: {
        photos: assets.length,
        labeled,
        unlabeled: assets.length - labeled,
        excluded: 0,
        missing: 0,
        skipped: 0,
      },
      problems: [],
      readOnly: null,
      undo: null,
      redo: null,
      revision: 0,
      scan: null,
      lastRun: null,
      settings: {},
      ...this.changes.state,
    };
  }

  asset(photo: string): Asset {
    const found = this.project.assets.get(photo);
    if (found === undefined) throw new HolotypeError('not-found', 'No such photo.');
    return found;
  }

  /** Changes some photos. @param which by path */
  async patch(which: (path: string) => boolean, patch: Partial<Asset>): Promise<void> {
    const some = [...this.project.assets.values()].filter(({ path }) => which(path));
    await this.project.change(
      'Change photos',
      some.map(({ id }) => ({ id, to: patch })),
    );
  }
}

export interface WorkForTests {
  readonly work: Work;
  readonly jobs: Jobs;
  readonly places: Places;
  readonly downloads: Downloads;
  readonly events: JobEvent[];
  readonly changes: JobSummary[];
  /** What was told of finished runs. */
  readonly finished: { run: string | null; last: LastResult | null }[];
  /** Uploads by token. */
  readonly uploads: Map<string, string>;
  /** Calls a method as a window does: input and output are checked. */
  call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>>;
  /** Opens the project as a window would. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** @param scratch for the caches */
export function startWork(project: ProjectForTests, scratch: string, launch = realTasks()): WorkForTests {
  const emitter = createEmitter();
  const events: JobEvent[] = [];
  const changes: JobSummary[] = [];
  emitter.on('job.event', ({ event }) => events.push(event));
  emitter.on('job.changed', ({ job }) => changes.push(job));
  const jobs = createJobs({ events: emitter, worker: new WorkerHost(launch) });
  const calls = createWorkerCalls(new WorkerHost(launch));
  const places = createPlaces();
  const downloads = createDownloads();
  const finished: WorkForTests['finished'] = [];
  const uploads = new Map<string, string>();
  const work = createWork({
    jobs,
    calls,
    places,
    downloads,
    uploads: { folderOf: (upload) => uploads.get(upload) ?? '' },
    settings: { read: async () => appSettingsSchema.parse({ device: 'cpu' }) },
    cacheFolder: join(scratch, 'cache'),
    projects: {
      get: (id) => {
        if (id === project.id) return project;
        throw new HolotypeError('not-found', 'This project is not open.');
      },
      runFinished: async (_, run, last) => void finished.push({ run, last }),
    },
  });
  const opening = work.offeringUnfinished({ 'projects.reopen': async () => project.state() });
  const handlers: Record<string, unknown> = Object.assign({}, opening, ...work.tables);
  return {
    work,
    jobs,
    places,
    downloads,
    events,
    changes,
    finished,
    uploads,
    async call(method, input) {
      const handler = handlers[method] as (input: unknown, context: object) => Promise<unknown>;
      const parsed = methods[method].input.parse(input);
      const output = await handler(parsed, { signal: new AbortController().signal });
      // What crosses a wire.
      return methods[method].output.parse(structuredClone(output)) as MethodOutput<typeof method>;
    },
    open: async () => {
      await opening['projects.reopen']?.({ project: project.id }, { signal: new AbortController().signal });
    },
    close: async () => {
      calls.close();
      await jobs.close();
      await work.close();
    },
  };
}

/** Points every cache and data folder into the scratch folder. */
export function useFolders(scratch: string): void {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  delete process.env['HOLOTYPE_MODELS'];
}

export const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });
