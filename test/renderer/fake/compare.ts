import type { ComparedBackbone, Comparison } from '../../../src/contract/compare.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob, changeJob } from './jobs.ts';
import type { World } from './world.ts';

const all = new WeakMap<World, Map<string, Comparison>>();

function comparisonsOf(world: World): Map<string, Comparison> {
  const known = all.get(world) ?? new Map<string, Comparison>();
  all.set(world, known);
  return known;
}

function backbone(id: string, name: string, over: Partial<ComparedBackbone>): ComparedBackbone {
  return {
    id,
    name,
    accuracy: 0.9,
    interval: [0.84, 0.94],
    macroF1: 0.89,
    behind: false,
    photosPerSecond: 40,
    size: 14_246_826,
    features: 1280,
    imagenetTop1: null,
    licence: 'Apache-2.0',
    domain: null,
    ...over,
  };
}

/** Three backbones: the second may be as good as the first, the third is not. */
export const aComparison: Comparison = {
  createdAt: '2025-06-14T09:12:00.000Z',
  photos: 120,
  classes: ['healthy', 'rust', 'powdery mildew'],
  folds: 5,
  seed: 0,
  device: 'cpu',
  backbones: [
    backbone('resnet-18', 'ResNet-18', {
      accuracy: 0.942,
      interval: [0.884, 0.972],
      photosPerSecond: 21.4,
      size: 46_800_000,
      features: 512,
      imagenetTop1: 69.76,
      domain: {
        photos: 96,
        confidence: 0.24,
        interval: [0.2, 0.28],
        sure: 0.12,
        entropy: 0.61,
        expected: 0.6976,
        nearness: 'far',
      },
    }),
    backbone('mobilenet-v2', 'MobileNetV2 1.0', {
      accuracy: 0.925,
      interval: [0.864, 0.96],
      photosPerSecond: 58.2,
      imagenetTop1: 70.94,
      domain: {
        photos: 96,
        confidence: 0.41,
        interval: [0.36, 0.46],
        sure: 0.3,
        entropy: 0.44,
        expected: 0.7094,
        nearness: 'between',
      },
    }),
    backbone('herbarium-net', 'herbarium-net', {
      accuracy: 0.808,
      interval: [0.729, 0.868],
      behind: true,
      photosPerSecond: 33,
      size: 21_400_000,
      licence: null,
    }),
  ],
  failed: [],
  skipped: [],
  seconds: 41,
};

/** The same three for numbers: the less they are off the better. */
export const aNumberComparison: Comparison = {
  ...aComparison,
  task: 'regression',
  classes: [],
  backbones: aComparison.backbones.map((one, at) => ({
    ...one,
    accuracy: null,
    interval: null,
    macroF1: null,
    numbers: {
      mae: 2.4 + 0.3 * at,
      maeInterval: [2.1 + 0.3 * at, 2.8 + 0.3 * at],
      r2: 0.84 - 0.1 * at,
      r2Interval: [0.7 - 0.1 * at, 0.9 - 0.1 * at],
      maeOfMean: 9.5,
    },
  })),
};

/** What came of an earlier comparison of a project. */
export function addComparison(world: World, project: string, comparison: Comparison = aComparison): void {
  comparisonsOf(world).set(project, comparison);
}

/** The comparison that runs is done. */
export function finishComparing(world: World, events: Emitter, job: string, project: string): void {
  addComparison(world, project);
  changeJob(world, events, job, { state: 'done', endedAt: new Date().toISOString() });
}

/** Comparing backbones. */
export function compareTable(world: World, events: Emitter): Partial<Handlers> {
  return {
    'compare.start': async ({ project }) => ({
      job: addJob(world, events, {
        kind: 'compare',
        title: 'Backbones for Leaf diseases',
        project,
        canPause: true,
        progress: {
          stage: null,
          message: 'Looking at the photos with ResNet-18 (2 of 3)',
          done: 80,
          total: 120,
          unit: 'photos',
          rate: 21,
          eta: 38,
        },
      }),
    }),
    'compare.latest': async ({ project }) => comparisonsOf(world).get(project) ?? null,
  };
}
