/** Engines with projects and nothing else, and what a window sees of them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createClient, type Client } from '../../../src/contract/client.ts';
import type { EventName, EventPayload } from '../../../src/contract/events.ts';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import type { ProjectState } from '../../../src/contract/projects.ts';
import { serve } from '../../../src/contract/server.ts';
import { directTransport } from '../../../src/contract/transport.ts';
import { createDownloads, type Downloads } from '../../../src/service/downloads.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { createJobs } from '../../../src/service/jobs/create-jobs.ts';
import { jobHandlers } from '../../../src/service/jobs/handlers.ts';
import type { Jobs } from '../../../src/service/jobs/jobs.ts';
import { WorkerHost } from '../../../src/service/jobs/worker-host.ts';
import { createPlaces } from '../../../src/service/places.ts';
import { createProjects, type ProjectsDeps } from '../../../src/service/projects/create-projects.ts';
import type { OpenProjects } from '../../../src/service/projects/open-projects.ts';
import { openRecentProjects } from '../../../src/store/recent-projects.ts';
import { openUploads, type UploadStore } from '../../../src/store/uploads.ts';
import { fakeHandlers } from '../../contract/fake-service.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { fakeWorkers } from '../jobs/fake-worker.ts';

/** A folder of photos that a test writes, and the engine's own folders. */
export interface Scratch {
  readonly root: string;
  /** Of photos. */
  readonly photos: string;
  readonly data: string;
  put(path: string, content: Uint8Array | string): string;
  remove(): void;
}

export function scratch(): Scratch {
  const root = scratchFolder();
  const photos = join(root, 'photos');
  mkdirSync(photos);
  return {
    root,
    photos,
    data: join(root, 'data'),
    put(path, content) {
      const full = join(photos, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, content);
      return full;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

let photos = 0;
/** A photo like no other, unless the seed says which. */
export function photo(seed = (photos += 1) + 5_000): Promise<Buffer> {
  return blobs(seed, 40, 30).jpeg().toBuffer();
}

/** Photos in folders of classes: `{ ants: 3, bees: 2 }` is ants/1.jpg to bees/2.jpg. */
export async function putClasses(place: Scratch, classes: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, count] of Object.entries(classes))
    for (let n = 1; n <= count; n += 1) place.put(join(name, `${n}.jpg`), await photo());
}

/** One engine: what runs in one process, with any number of windows. */
export interface Engine {
  readonly client: Client;
  readonly jobs: Jobs;
  readonly projects: OpenProjects;
  readonly downloads: Downloads;
  readonly uploads: UploadStore;
  /** The token of a folder or file, as a dialog would give it. */
  place(path: string): string;
  /** Opens a folder and waits until it has been looked through. */
  open(path: string): Promise<ProjectState>;
  /** Waits for a project's look through its folder, if there is one. */
  looked(project: string): Promise<ProjectState>;
  photos(project: string): Promise<PhotoRow[]>;
  /** One more window. */
  connect(): Client;
  close(): Promise<void>;
}

export function startEngine(place: Scratch, over: Partial<ProjectsDeps> = {}): Engine {
  const events = createEmitter();
  const jobs = createJobs({ events, worker: new WorkerHost(fakeWorkers().launch) });
  const places = createPlaces();
  const downloads = createDownloads();
  const uploads = openUploads(join(place.data, 'uploads'));
  const { projects, handlers } = createProjects({
    events,
    jobs,
    places,
    downloads,
    uploads,
    recentProjects: openRecentProjects(place.data),
    dataFolder: place.data,
    cacheFolder: join(place.root, 'cache'),
    ...over,
  });
  const connect = (): Client => {
    const [mine, theirs] = directTransport();
    serve(theirs, { events, handlers: fakeHandlers({ ...handlers, ...jobHandlers(jobs) }) });
    return createClient(mine);
  };
  const client = connect();
  const engine: Engine = {
    client,
    jobs,
    projects,
    downloads,
    uploads,
    connect,
    place: (path) => places.grant(path),
    async open(path) {
      const { id } = await client.call('projects.open', { source: { place: places.grant(path) } });
      return engine.looked(id);
    },
    async looked(project) {
      const { scan } = await client.call('projects.get', { project });
      if (scan !== null) {
        const { error } = await jobs.ended(scan);
        if (error !== null) throw new Error(`${error.message} ${error.remedy ?? ''}`);
      }
      return client.call('projects.get', { project });
    },
    async photos(project) {
      return (await client.call('photos.list', { project, offset: 0 })).photos;
    },
    async close() {
      await jobs.close();
      await projects.close();
      await uploads.close();
    },
  };
  return engine;
}

/** All events of a name from now on, and a way to wait for one. */
export function listen<E extends EventName>(
  client: Client,
  event: E,
): { heard: EventPayload<E>[]; until: (found: (payload: EventPayload<E>) => boolean) => Promise<void> } {
  const heard: EventPayload<E>[] = [];
  const waiting = new Set<() => void>();
  client.subscribe(event, (payload) => {
    heard.push(payload);
    for (const check of waiting) check();
  });
  return {
    heard,
    until: (found) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!heard.some(found)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Path and labels of each photo. */
export const labelsOf = (rows: readonly PhotoRow[]): Record<string, string[]> =>
  Object.fromEntries(rows.map(({ path, labels }) => [path, labels]));
