import { readdirSync, readFileSync } from 'node:fs';
import type { AppInfo, AppSettings, CacheUse } from '../../../src/contract/app.ts';
import type { DeviceList } from '../../../src/contract/devices.ts';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import type { JobSummary } from '../../../src/contract/jobs.ts';
import { modelManifestSchema } from '../../../src/contract/model-manifest.ts';
import type { ModelInfo } from '../../../src/contract/models.ts';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import type { ProjectState, ProjectSummary } from '../../../src/contract/projects.ts';
import type { RunDetail, RunPhoto, RunSummary } from '../../../src/contract/runs.ts';
import type { Suspect } from '../../../src/contract/suspects.ts';
import type { TrainPlan } from '../../../src/contract/train-settings.ts';

/** One project of the fake engine. */
export interface FakeProject {
  state: ProjectState;
  photos: PhotoRow[];
  runs: RunSummary[];
  details: Map<string, RunDetail>;
  runPhotos: Map<string, RunPhoto[]>;
  suspects: Map<string, Suspect[]>;
  /** Labels as they were before each change, newest last. */
  past: { words: string; rows: PhotoRow[]; classes: ProjectState['classes'] }[];
  future: FakeProject['past'];
}

/** All the fake engine knows. */
export interface World {
  info: AppInfo;
  settings: AppSettings;
  cache: CacheUse;
  devices: DeviceList;
  models: ModelInfo[];
  recent: ProjectSummary[];
  projects: Map<string, FakeProject>;
  jobs: Map<string, { summary: JobSummary; events: JobEvent[] }>;
  /** What a plan of a training has that a test wants so. */
  plan?: Partial<TrainPlan>;
}

/** A content hash of the number `n`, such as a photo's id. */
export function hashOf(n: number): string {
  return (BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(64, '0').slice(-64);
}

export const leaves = '00000000000000a1';
const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

/** A project of leaves with so many photos, 20 of each hundred without a label. */
export function leafProject(id: string, name: string, count: number): FakeProject {
  const names = ['healthy', 'rust', 'powdery mildew'];
  const photos = Array.from({ length: count }, (_, n): PhotoRow => {
    const label = names[n % 3] ?? 'healthy';
    return {
      id: hashOf(n + Number.parseInt(id, 16) * 100_000),
      path: `${label}/leaf-${String(n + 1).padStart(5, '0')}.jpg`,
      labels: n % 5 === 4 ? [] : [label],
      width: n % 4 === 0 ? 3000 : 4000,
      height: n % 4 === 0 ? 4000 : 3000,
      takenAt: `2025-0${(n % 9) + 1}-1${n % 10}T10:00:00`,
    };
  }).sort((a, b) => (a.path < b.path ? -1 : 1));
  const project: FakeProject = {
    photos,
    runs: [],
    details: new Map(),
    runPhotos: new Map(),
    suspects: new Map(),
    past: [],
    future: [],
    state: {
      id,
      name,
      photoFolders: [`/home/ada/Pictures/${name.toLowerCase()}`],
      folder: `/home/ada/.local/share/holotype/projects/${id}`,
      task: 'single-label',
      classes: names.map((className, color) => ({ name: className, color, count: 0 })),
      counts: { photos: 0, labeled: 0, unlabeled: 0, excluded: 0, missing: 0, skipped: 3 },
      problems: [],
      readOnly: null,
      undo: null,
      redo: null,
      revision: 1,
      scan: null,
      lastRun: null,
      settings: {},
    },
  };
  recount(project);
  return project;
}

/** Brings counts and what can be undone up to date. */
export function recount(project: FakeProject): void {
  const { photos, state } = project;
  const labeled = photos.filter(({ labels }) => labels.length > 0).length;
  project.state = {
    ...state,
    classes: state.classes.map((one) => ({
      ...one,
      count: photos.filter(({ labels }) => labels.includes(one.name)).length,
    })),
    counts: {
      ...state.counts,
      photos: photos.length,
      labeled,
      unlabeled: photos.length - labeled,
      excluded: photos.filter(({ excluded }) => excluded === true).length,
      missing: photos.filter(({ missing }) => missing === true).length,
    },
    undo: project.past.at(-1)?.words ?? null,
    redo: project.future.at(-1)?.words ?? null,
  };
}

export function summaryOf(project: FakeProject, over: Partial<ProjectSummary> = {}): ProjectSummary {
  const { id, name, photoFolders, counts } = project.state;
  return {
    id,
    name,
    folder: photoFolders[0] ?? '/',
    openedAt: ago(0.01),
    lastAccuracy: project.runs.at(-1)?.accuracy ?? null,
    missing: false,
    photos: counts.photos,
    samples: project.photos.slice(0, 6).map((photo) => photo.id),
    ...over,
  };
}

export function startWorld({ photos = 120 }: { photos?: number } = {}): World {
  const first = leafProject(leaves, 'Leaf diseases', photos);
  const samples = (n: number): string[] => Array.from({ length: 6 }, (_, i) => hashOf(n * 1000 + i * 7));
  return {
    info: {
      name: 'Holotype',
      version: '0.1.0',
      platform: 'linux',
      host: 'web',
      dataFolder: '/home/ada/.local/share/holotype',
      cacheFolder: '/home/ada/.cache/holotype',
      logsFolder: '/home/ada/.local/state/holotype/logs',
    },
    settings: { theme: 'system', device: 'auto', cacheLimit: 10e9, notify: true },
    cache: [
      { kind: 'thumbnails', bytes: 341_200_000, files: 9_812 },
      { kind: 'features', bytes: 1_204_000_000, files: 214 },
      { kind: 'facts', bytes: 4_100_000, files: 3 },
      { kind: 'weights', bytes: 98_000_000, files: 4 },
    ],
    devices: devices(),
    models: models(),
    recent: [
      summaryOf(first, { lastAccuracy: 0.9421 }),
      {
        id: '00000000000000a2',
        name: 'Ants and bees',
        folder: '/media/ada/field-drive/2025/hymenoptera',
        openedAt: ago(1.2),
        lastAccuracy: 0.967,
        missing: true,
        photos: 397,
        samples: samples(2),
      },
      {
        id: '00000000000000a3',
        name: 'Mushrooms of the biosphere reserve, all plots and all visits since the survey began in 1987',
        folder:
          '/home/ada/Documents/survey/a very long way down/the tree of folders/until it ends/mushrooms-1987-2025',
        openedAt: ago(9),
        lastAccuracy: null,
        missing: false,
        photos: 48_211,
        samples: samples(3),
      },
      {
        id: '00000000000000a4',
        name: 'Diatoms',
        folder: '/home/ada/diatoms',
        openedAt: ago(40),
        lastAccuracy: 0.81,
        missing: false,
      },
    ],
    projects: new Map([[leaves, first]]),
    jobs: new Map(),
  };
}

function devices(): DeviceList {
  return {
    auto: 'cpu',
    devices: [
      {
        id: 'cpu',
        name: 'Processor',
        runtime: 'onnxruntime',
        state: 'ready',
        selfTests: [],
        speeds: [
          {
            workload: 'training-step',
            batch: 32,
            steps: 5,
            millisecondsPerStep: 412,
            imagesPerSecond: 77.6,
          },
          { workload: 'inference', batch: 32, steps: 5, millisecondsPerStep: 96, imagesPerSecond: 333 },
        ],
      },
      {
        id: 'webgpu',
        name: 'Graphics card (WebGPU)',
        runtime: 'onnxruntime',
        state: 'absent',
        reason: 'No graphics card with a Vulkan driver was found.',
        remedy: 'Install the driver of your graphics card, then restart Holotype.',
        selfTests: [],
        speeds: [],
      },
      {
        id: 'cuda',
        name: 'NVIDIA graphics card (CUDA)',
        runtime: 'onnxruntime',
        state: 'wrong',
        reason: 'Its gradients differ from the right ones by 3 percent.',
        remedy: 'Update the NVIDIA driver.',
        selfTests: [],
        speeds: [],
      },
    ],
  };
}

/** The models that Holotype knows, from their own manifests; two are there. */
function models(): ModelInfo[] {
  const folder = new URL('../../../models/', import.meta.url);
  const known = readdirSync(folder).map((file): ModelInfo => {
    const text: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    const manifest = modelManifestSchema.parse(text);
    const { licence, trust, sha256, imagenetTop1, ...rest } = manifest;
    const installed = ['mobilenet-v2', 'resnet-18'].includes(manifest.id);
    return {
      id: rest.id,
      name: rest.name,
      origin: 'manifest',
      installed,
      format: rest.format,
      size: rest.size,
      asksForTrust: trust === 'first-use',
      licence: licence.spdx,
      family: rest.family,
      input: rest.input,
      features: rest.features,
      parameters: rest.parameters,
      multiplyAdds: rest.multiplyAdds,
      batchNorm: rest.batchNorm,
      card: rest.card,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(imagenetTop1 === undefined ? {} : { imagenetTop1 }),
    };
  });
  const imported: ModelInfo = {
    id: 'herbarium-net',
    name: 'herbarium-net',
    origin: 'imported',
    installed: true,
    path: '/home/ada/.local/share/holotype/models/herbarium-net.onnx',
    format: 'onnx',
    size: 21_400_000,
    asksForTrust: false,
  };
  return [...known, imported];
}

/** The fake project that tests are about. */
export function leavesOf({ projects }: World): FakeProject {
  const project = projects.get(leaves);
  if (project === undefined) throw new Error('The fake world has it.');
  return project;
}
