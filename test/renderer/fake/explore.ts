import type { Exploration } from '../../../src/contract/explore.ts';
import type { Task } from '../../../src/contract/project.ts';
import type { Mistake } from '../../../src/contract/suspects.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob, changeJob } from './jobs.ts';
import type { FakeProject, World } from './world.ts';

const found = new WeakMap<World, Map<string, Exploration>>();

/** What exploring finds in a project of the fake engine: a group for every class, in a corner of its own. */
export function explorationOf({ photos, state }: FakeProject, job: string): Exploration {
  const names = state.classes.map(({ name }) => name);
  const groups = photos.map(({ path }) => Math.max(0, names.indexOf(path.split('/')[0] ?? '')));
  const count = Math.max(1, names.length);
  const inGroup = (group: number): number[] => [...photos.keys()].filter((at) => groups[at] === group);
  const open = [...photos.keys()].filter((at) => photos[at]?.labels.length === 0);
  return {
    job,
    madeAt: '2025-03-01T10:00:00.000Z',
    backbone: 'inception-v3',
    complete: true,
    photos: photos.map(({ id }) => id),
    places: groups.flatMap((group, at) => [
      0.2 + 0.6 * (group / count) + 0.08 * Math.sin(at * 7),
      0.5 + 0.3 * Math.cos(group * 2) + 0.08 * Math.cos(at * 5),
    ]),
    map: 'neighbors',
    groups,
    groupCount: count,
    method: 'k-means',
    silhouette: 0.3,
    typical: Array.from({ length: count }, (_, group) => inGroup(group).slice(0, 12)),
    duplicates: [{ kind: 'near', similarity: 0.98, photos: [0, 1] }],
    anomalies: [...photos.keys()].map((photo) => ({
      photo,
      score: 1 - photo / photos.length,
      content: 1 - ((photo + 7) % photos.length) / photos.length,
      ...(photo === 1 ? { reason: { fact: 'size', side: 'below', own: 180, most: [333, 424] } } : {}),
    })),
    labelErrors: [{ photo: 2, ...mistakeOf(state.task, names) }],
    next: open.slice(0, 10).map((photo, at) => ({ photo, score: 1 - at / 10 })),
    nextBy: state.task === 'regression' ? 'diversity' : 'uncertainty',
  };
}

function mistakeOf(task: Task, [first = '', second = '']: readonly string[]): Mistake {
  if (task === 'regression') {
    const number = { given: 40, predicted: 12.5, deviations: 6 };
    return { given: '40', suggested: '12.5', score: 0.5, number };
  }
  if (task === 'single-label') return { given: first, suggested: second, score: 0.9 };
  const label = { name: first, seems: 'extra' as const, confidence: 0.9 };
  return { given: first, suggested: `not ${first}`, score: 0.9, label };
}

/** Puts what was found into the fake engine. */
export function addExploration(world: World, project: string): void {
  const known = world.projects.get(project);
  if (known === undefined) throw new Error('There is no such project.');
  const all = found.get(world) ?? new Map<string, Exploration>();
  found.set(world, all);
  all.set(project, explorationOf(known, 'job-000001'));
}

export function exploreTable(world: World, events: Emitter): Partial<Handlers> {
  return {
    'explore.start': async ({ project }) => {
      const job = addJob(world, events, { kind: 'explore', title: 'Exploring', project, canPause: true });
      addExploration(world, project);
      changeJob(world, events, job, { state: 'done', endedAt: new Date().toISOString() });
      return { job };
    },
    'explore.result': async ({ project }) => found.get(world)?.get(project) ?? null,
  };
}
