import { HolotypeError } from '../../../src/contract/errors.ts';
import type { FolderList } from '../../../src/contract/folders.ts';
import type { ModelDetails } from '../../../src/contract/model-details.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { hashOf, type World } from './world.ts';
import { addJob } from './jobs.ts';

/** The app itself: settings, caches, devices, models, folders. */
export function appTable(world: World, events: Emitter): Partial<Handlers> {
  const model = (id: string) => {
    const found = world.models.find((one) => one.id === id);
    if (found === undefined) throw new HolotypeError('not-found', `There is no model "${id}".`);
    return found;
  };
  return {
    'app.info': async () => world.info,
    'app.settings': async () => world.settings,
    'app.changeSettings': async (change) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      world.settings = { ...world.settings, ...given };
      events.emit('settings.changed', { settings: world.settings });
      return world.settings;
    },
    'app.cacheUse': async () => world.cache,
    'app.clearCache': async ({ kinds }) => {
      world.cache = world.cache.map((use) =>
        kinds.includes(use.kind) ? { ...use, bytes: 0, files: 0 } : use,
      );
      return world.cache;
    },
    'app.licences': async () => [
      { name: 'onnxruntime-node', version: '1.30.0', licence: 'MIT', text: 'MIT License\n\nCopyright (c) …' },
      { name: 'react', version: '19.3.1', licence: 'MIT', text: 'MIT License\n\nCopyright (c) …' },
      { name: 'sharp', version: '0.35.5', licence: 'Apache-2.0' },
    ],
    'app.problemReport': async () => ({
      download: 'report0123456789abcdef',
      name: 'holotype-problem.txt',
      bytes: 2048,
    }),
    'devices.list': async () => world.devices,
    'folders.list': async ({ folder }) => folderList(folder),
    'uploads.begin': async () => ({ upload: 'upload0123456789abcdef' }),
    'models.list': async () => world.models,
    'models.details': async ({ id }) => details(id, model(id).name),
    'models.fetch': async ({ id, trust }) => {
      const found = model(id);
      if (found.asksForTrust && !trust) throw new HolotypeError('untrusted', 'Nobody publishes a hash.');
      return {
        job: addJob(world, events, {
          kind: 'fetch-model',
          title: `Download of ${found.name}`,
          model: id,
          progress: {
            stage: null,
            message: `${found.name}: downloading`,
            done: found.size * 0.37,
            total: found.size,
            unit: 'bytes',
            rate: 4e6,
            eta: 12,
          },
        }),
      };
    },
    'models.import': async () => world.models,
    'models.remove': async ({ id }) => {
      const { origin } = model(id);
      world.models =
        origin === 'imported'
          ? world.models.filter((one) => one.id !== id)
          : world.models.map((one) => (one.id === id ? { ...one, installed: false } : one));
      return world.models;
    },
  };
}

const place = (name: string): string => `place-${name}`.padEnd(22, '0');
const tree: Record<string, { parent: string | null; path: string; folders: string[] }> = {
  top: { parent: null, path: '', folders: ['ada', 'drive'] },
  ada: { parent: 'top', path: '/home/ada', folders: ['Pictures', 'Documents', 'leaves-project'] },
  drive: { parent: 'top', path: '/media/ada/field-drive', folders: [] },
  Pictures: { parent: 'ada', path: '/home/ada/Pictures', folders: ['leaves', 'ants', 'bees'] },
};

function folderList(folder: string | undefined): FolderList {
  const key = Object.keys(tree).find((name) => place(name) === folder) ?? 'top';
  const at = folder === undefined || key !== 'top' ? tree[key] : undefined;
  const { parent, path, folders } = at ?? {
    parent: 'Pictures',
    path: '/home/ada/Pictures/leaves',
    folders: [],
  };
  return {
    id: folder ?? place('top'),
    path,
    parent: parent === null ? null : place(parent),
    entries: folders.map((name, n) => ({
      id: place(name),
      name,
      pictures: n * 124,
      project: name.endsWith('-project'),
    })),
    files: [{ id: place('archive'), name: 'leaves.holotype', bytes: 44_000_000 }],
  };
}

function details(id: string, name: string): ModelDetails {
  const blocks = ['stem', 'block 1', 'block 2', 'block 3', 'block 4', 'block 5', 'top', 'classifier'];
  const share = 1 / blocks.length;
  return {
    id,
    name,
    path: `/models/${id}.onnx`,
    format: 'onnx',
    sha256: hashOf(7),
    licence: 'Apache-2.0',
    input: { height: 224, width: 224, resize: 'crop', cropFraction: 0.875, mean: [0, 0, 0], std: [1, 1, 1] },
    parameters: 3_538_984,
    multiplyAdds: 300_774_272,
    freezeUntil: 'block 3',
    blocks: blocks.map((block, n) => ({
      name: block,
      outputShape: block === 'classifier' ? [1000] : [Math.max(7, 112 >> n), Math.max(7, 112 >> n), 16 << n],
      nodes: 8 + n,
      parameters: 900 * 3 ** n,
      multiplyAdds: 300_774_272 * share,
      share,
      cumulativeShare: Math.min(1, share * (n + 1)),
      role: block === 'classifier' ? 'replaced' : n > 3 ? 'trained' : 'frozen',
    })),
  };
}
