import { basename, join } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import { modelDetailsSchema } from '../../contract/model-details.ts';
import type { Source } from '../../contract/ids.ts';
import type { DeviceList } from '../../contract/devices.ts';
import type { ModelInfo } from '../../contract/models.ts';
import type { Handlers } from '../../contract/server.ts';
import { isFolder, listFolder } from '../../store/folders.ts';
import { isHidden } from '../../store/photos.ts';
import { readPin } from '../../store/trusted-models.ts';
import { listDevices } from '../devices.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import { fetchModel, listModels, removeModel } from '../models.ts';
import type { Places } from '../places.ts';
import type { Uploads } from '../uploads.ts';
import type { ImportRequest } from './model-requests.ts';

export interface MachineDeps {
  readonly jobs: Jobs;
  readonly calls: WorkerCalls;
  readonly places: Places;
  readonly uploads: Pick<Uploads, 'folderOf'>;
  /** Stands in for trying devices in tests. */
  readonly findDevices?: () => Promise<DeviceList>;
}

type MachineMethod = 'devices.list' | Extract<keyof Handlers, `models.${string}`>;

/** What this machine has: devices that compute, and pretrained models. */
export function machineHandlers(deps: MachineDeps): Pick<Handlers, MachineMethod> {
  const { jobs, calls, findDevices = listDevices } = deps;
  let devices: Promise<DeviceList> | undefined;
  return {
    'devices.list': () => {
      devices ??= findDevices().catch((error: unknown) => {
        devices = undefined; // tried again next time
        throw error;
      });
      return devices;
    },
    'models.list': listModels,
    'models.details': async ({ id }, { signal }) =>
      modelDetailsSchema.parse(await calls.call('model-details', { id }, signal)),
    'models.fetch': async ({ id, trust }) => {
      const model = await toFetch(id, trust);
      const { id: job } = jobs.light({
        kind: 'fetch-model',
        model: id,
        title: `Download of ${model.name}`,
        work: async (tools) => {
          const message = `Downloading ${model.name}`;
          const total = model.size > 0 ? model.size : null;
          tools.progress({ message, done: 0, total, unit: 'bytes' });
          await fetchModel(id, {
            signal: tools.signal,
            confirmTrust: async () => trust,
            onProgress: ({ received, total: all }) =>
              tools.progress({ message, done: received, total: all ?? total, unit: 'bytes' }),
          });
        },
      });
      return { job };
    },
    'models.import': async ({ source, id }, { signal }) => {
      const request: ImportRequest = {
        path: await modelIn(source, deps),
        ...(id === undefined ? {} : { name: id }),
      };
      await calls.call('import-model', request, signal);
      return listModels();
    },
    'models.remove': async ({ id }) => {
      await removeModel(id);
      return listModels();
    },
  };
}

/**
 * A model that may be downloaded now.
 *
 * @throws HolotypeError 'not-found', 'untrusted' when a person has to confirm the source first
 */
async function toFetch(id: string, trust: boolean): Promise<ModelInfo> {
  const model = (await listModels()).find((one) => one.id === id);
  if (model === undefined)
    throw new HolotypeError('not-found', `There is no model "${id}" to download.`, {
      remedy: 'Choose one of the list.',
    });
  if (model.installed || !model.asksForTrust || trust || (await readPin(id)) !== undefined) return model;
  throw new HolotypeError(
    'untrusted',
    `Nobody publishes a hash for ${model.name}, so what is downloaded can't be checked the first time.`,
    { remedy: 'Confirm that you trust the source; the file is pinned then.' },
  );
}

/** What was chosen or sent: a file, or a folder with a model.json and what belongs to it. */
async function modelIn(source: Source, { places, uploads }: MachineDeps): Promise<string> {
  const path = 'place' in source ? places.pathOf(source.place) : uploads.folderOf(source.upload);
  if (!(await isFolder(path))) return path;
  const names = (await listFolder(path)).filter((name) => !isHidden(name));
  const [only, another] = names;
  if (only === undefined)
    throw new HolotypeError('bad-input', `There is no model in "${basename(path)}".`, {
      remedy: 'Choose a model file: ONNX, TensorFlow Lite, or a TensorFlow.js model with its weights.',
    });
  // A file that was sent, or a folder that was dropped, lies in the upload's own folder.
  return another === undefined && !names.includes('model.json') ? join(path, only) : path;
}
