import type { Exploration } from '../../../src/contract/explore.ts';
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
    anomalies: [...photos.keys()].map((photo) => ({ photo, score: 1 - photo / photos.length })),
    labelErrors: [{ photo: 2, given: names[0] ?? '', suggested: names[1] ?? '', score: 0.9 }],
    next: open.slice(0, 10).map((photo, at) => ({ photo, score: 1 - at / 10 })),
  };
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
