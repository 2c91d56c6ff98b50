/**
 * The desktop's processes as they are built, working together: main process code here, engine, worker and probe each
 * in a thread that looks to it like Electron's utility process. What only Electron itself can show is in test/e2e.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from '../../src/contract/client.ts';
import { portTransport } from '../../src/contract/transport.ts';
import type { JobState } from '../../src/contract/jobs.ts';
import { thumbPath } from '../../src/contract/media.ts';
import { bin } from '../hosts/cli/cli-testing.ts';
import { writeBackbone, writePhotos } from '../service/train/training-fixtures.ts';
import { scratchFolder } from '../store/scratch.ts';

const world = vi.hoisted(() => ({
  running: [] as { entry: string; end: () => void }[],
  media: undefined as unknown,
}));
vi.mock('electron', async () => {
  const { EventEmitter } = await import('node:events');
  const { MessageChannel, Worker } = await import('node:worker_threads');
  class ThreadProcess extends EventEmitter {
    readonly stderr: NodeJS.ReadableStream | null;
    readonly #worker: InstanceType<typeof Worker>;
    constructor(entry: string, options: { stdio?: unknown }) {
      super();
      this.#worker = new Worker(new URL('thread-process.mjs', import.meta.url), {
        workerData: { entry },
        stderr: options.stdio !== 'inherit',
      });
      this.stderr = options.stdio === 'inherit' ? null : this.#worker.stderr;
      this.#worker.on('message', (message) => this.emit('message', message));
      this.#worker.on('error', (error) =>
        process.stderr.write(`${entry}: ${error.stack ?? error.message}\n`),
      );
      this.#worker.on('exit', (code) => this.emit('exit', code));
      world.running.push({ entry, end: () => void this.#worker.terminate() });
    }
    postMessage(message: unknown, ports: MessagePort[] = []): void {
      this.#worker.postMessage({ message, ports }, ports);
    }
    kill(): boolean {
      void this.#worker.terminate();
      return true;
    }
  }
  return {
    utilityProcess: {
      fork: (entry: string, _args: string[], options: object) => new ThreadProcess(entry, options),
    },
    MessageChannelMain: MessageChannel,
    protocol: { handle: (_scheme: string, handler: unknown) => (world.media = handler) },
    shell: {},
  };
});
const { createChildren } = await import('../../electron/main/children.ts');
const { createEngineProcess } = await import('../../electron/main/engine-process.ts');
const { handleMedia, mediaOfPage } = await import('../../electron/main/media.ts');

const built = (name: string): string =>
  fileURLToPath(new URL(`../../dist/node/${name}.mjs`, import.meta.url));
const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let engine: ReturnType<typeof createEngineProcess>;
let client: Client;
let project: string;

beforeAll(async () => {
  // The command line makes the build where it is older than the source.
  if (spawnSync(process.execPath, [bin, '--version']).status !== 0) throw new Error('The build fails.');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  await writePhotos(photos, { red: 12, blue: 12 });
  writeBackbone(join(scratch, 'models'));
  engine = createEngineProcess(
    createChildren({
      engine: built('desktop-engine'),
      worker: built('desktop-worker'),
      probe: built('desktop-probe'),
    }),
    () => undefined,
  );
  const port = engine.connect('person');
  if (port === undefined) throw new Error('no engine');
  // Node's own port, as the page has it.
  client = createClient(portTransport(port));
});
afterAll(async () => {
  await engine.stop();
  for (const { end } of world.running) end();
  rmSync(scratch, { recursive: true, force: true });
});

/** How Electron's ports look, over Node's. */
const openMedia = () => {
  const port = engine.openMedia() as unknown as MessagePort | undefined;
  if (port === undefined) return undefined;
  return {
    postMessage: (message: unknown) => port.postMessage(message),
    close: () => port.close(),
    start: () => port.start(),
    on: (type: string, listener: (event?: unknown) => void) =>
      type === 'message'
        ? port.on('message', (data) => listener({ data }))
        : port.on('close', () => listener()),
  } as unknown as Electron.MessagePortMain;
};

describe("the desktop's processes", () => {
  it('answer the contract', async () => {
    expect(await client.call('app.info', {})).toMatchObject({
      host: 'desktop',
      dataFolder: join(scratch, 'data'),
    });
  });

  it('turn a chosen folder into a project, with pictures', async () => {
    const { places } = await engine.ask({ about: 'grant', paths: [photos] });
    ({ id: project } = await client.call('projects.open', { source: { place: places[0] ?? '' } }));
    await vi.waitFor(
      async () => {
        const { scan, classes } = await client.call('projects.get', { project });
        expect(scan).toBeNull();
        expect(classes.map(({ name, count }) => [name, count])).toEqual([
          ['blue', 12],
          ['red', 12],
        ]);
      },
      { timeout: 30_000, interval: 100 },
    );
    const { photos: rows } = await client.call('photos.list', { project, offset: 0 });
    handleMedia(openMedia);
    const read = world.media as (request: Request) => Promise<Response>;
    const picture = await read(new Request(`media://holotype${thumbPath(project, rows[0]?.id ?? '', 128)}`));
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect([...new Uint8Array(await picture.arrayBuffer())].slice(0, 2)).toEqual([0xff, 0xd8]);
  });

  it('train in a process of its own, with what was built for it', async () => {
    const { job } = await client.call('train.start', {
      project,
      settings: { backbone: 'tiny', recipe: 'head', epochs: 4, device: 'cpu' },
    });
    let state: JobState = 'queued';
    await vi.waitFor(
      async () => {
        const found = (await client.call('jobs.list', {})).find(({ id }) => id === job);
        state = found?.state ?? 'queued';
        expect(found?.endedAt, JSON.stringify(found)).not.toBeNull();
      },
      { timeout: 50_000, interval: 200 },
    );
    expect(state).toBe('done');
    expect(world.running.some(({ entry }) => entry.includes('desktop-worker'))).toBe(true);
    expect(await client.call('runs.list', { project })).toHaveLength(1);
  });

  it('take and save files', async () => {
    const { upload } = await client.call('uploads.begin', {});
    const sent = await mediaOfPage(
      openMedia,
      new Request(`app://holotype/media/upload/${upload}/a.jpg`, { method: 'PUT', body: 'abc' }),
    );
    expect([sent?.status, await sent?.json()]).toEqual([201, { bytes: 3 }]);

    const { download } = await client.call('app.problemReport', { note: 'hello' });
    const path = join(scratch, 'report.txt');
    await engine.ask({ about: 'save', download, path });
    expect(readFileSync(path, 'utf8')).toContain('hello');
    await expect(engine.ask({ about: 'save', download: 'A'.repeat(24), path })).rejects.toMatchObject({
      message: expect.stringContaining('no longer there'),
    });
    expect(await engine.ask({ about: 'logs' })).toEqual({
      about: 'logs',
      folder: join(scratch, 'data', 'logs'),
    });
  });

  it('try devices in processes of their own, and say what came of it', async () => {
    const { devices } = await client.call('devices.list', {});
    expect(devices.find(({ id }) => id === 'cpu')?.state).toBe('ready');
    expect(world.running.some(({ entry }) => entry.includes('desktop-probe'))).toBe(true);
  });
});
