import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeviceList } from '../../../src/contract/devices.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import { createJobs } from '../../../src/service/jobs/create-jobs.ts';
import type { Jobs } from '../../../src/service/jobs/jobs.ts';
import { createWorkerCalls } from '../../../src/service/jobs/worker-calls.ts';
import { WorkerHost } from '../../../src/service/jobs/worker-host.ts';
import { machineHandlers } from '../../../src/service/machine/handlers.ts';
import { createPlaces } from '../../../src/service/places.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { realTasks, remove, useFolders } from '../runs/work-testing.ts';
import { writeBackbone } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const places = createPlaces();
const uploads = join(scratch, 'uploads');
const context = { signal: new AbortController().signal };
const findDevices = vi.fn<() => Promise<DeviceList>>();
let jobs: Jobs;
let handlers: Pick<Handlers, 'devices.list' | Extract<keyof Handlers, `models.${string}`>>;

beforeAll(() => {
  useFolders(scratch);
  const launch = realTasks();
  jobs = createJobs({ events: createEmitter(), worker: new WorkerHost(launch) });
  handlers = machineHandlers({
    jobs,
    calls: createWorkerCalls(new WorkerHost(launch)),
    places,
    uploads: { folderOf: (id) => join(uploads, id) },
    findDevices,
  });
});
afterAll(() => remove(scratch));

const ids = async (): Promise<string[]> => {
  const models = await handlers['models.list']({}, context);
  return models.filter(({ origin }) => origin === 'imported').map(({ id }) => id);
};

describe('devices', () => {
  it('are looked for once; a failure is not remembered', async () => {
    findDevices.mockRejectedValueOnce(new Error('no process'));
    findDevices.mockResolvedValue({ devices: [] });
    await expect(handlers['devices.list']({}, context)).rejects.toThrow('no process');
    const both = [handlers['devices.list']({}, context), handlers['devices.list']({}, context)];
    expect(await Promise.all(both)).toEqual([{ devices: [] }, { devices: [] }]);
    expect(findDevices).toHaveBeenCalledTimes(2);
  });
});

describe('models', () => {
  it('are imported from a place or an upload, under a name of the person’s own, looked at and removed', async () => {
    const file = writeBackbone(join(scratch, 'brought'));
    const source = { place: places.grant(file) };
    await handlers['models.import']({ source }, context);
    expect(await ids()).toEqual(['tiny']);
    const { blocks } = await handlers['models.details']({ id: 'tiny' }, context);
    expect(blocks.length).toBeGreaterThan(3);

    mkdirSync(join(uploads, 'alone'), { recursive: true });
    copyFileSync(file, join(uploads, 'alone', 'sent.onnx'));
    await handlers['models.import']({ source: { upload: 'alone' }, id: 'my own: model' }, context);
    expect(await ids()).toEqual(['my-own-model', 'tiny']);

    const left = await handlers['models.remove']({ id: 'my-own-model' }, context);
    expect(left.some(({ id }) => id === 'my-own-model')).toBe(false);
  });

  it('that are none are refused, and so are empty uploads', async () => {
    const path = join(scratch, 'text.onnx');
    writeFileSync(path, 'no model');
    const wrong = handlers['models.import']({ source: { place: places.grant(path) } }, context);
    await expect(wrong).rejects.toMatchObject({ code: 'bad-input' });
    mkdirSync(join(uploads, 'empty'), { recursive: true });
    const none = handlers['models.import']({ source: { upload: 'empty' } }, context);
    await expect(none).rejects.toThrow(/no model/);
  });

  it('are fetched as jobs; who publishes no hash has to be trusted first', async () => {
    const models = await handlers['models.list']({}, context);
    const untrusted = models.find(({ asksForTrust }) => asksForTrust)?.id ?? '';
    const fetching = handlers['models.fetch']({ id: untrusted, trust: false }, context);
    await expect(fetching).rejects.toMatchObject({ code: 'untrusted' });
    expect(jobs.list()).toEqual([]);
    await expect(handlers['models.fetch']({ id: 'nonsense', trust: true }, context)).rejects.toMatchObject({
      code: 'not-found',
    });
    // What is there already is there at once.
    const { job } = await handlers['models.fetch']({ id: 'tiny', trust: false }, context);
    expect(await jobs.ended(job)).toMatchObject({ kind: 'fetch-model', state: 'done', project: null });
  });
});
