import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import type { World } from './world.ts';

/** Runs, as far as a test has put some into the world. */
export function runTable(world: World, _events: Emitter): Partial<Handlers> {
  const find = (id: string) => {
    const project = world.projects.get(id);
    if (project === undefined) throw new HolotypeError('not-found', 'The project is not open.');
    return project;
  };
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new HolotypeError('not-found', 'There is no such run.');
    return value;
  };
  return {
    'runs.list': async ({ project }) => find(project).runs,
    'runs.get': async ({ project, run }) => there(find(project).details.get(run)),
    'runs.photos': async ({ project, run }) => find(project).runPhotos.get(run) ?? [],
    'runs.suspects': async ({ project, run }) => find(project).suspects.get(run) ?? [],
    'runs.remove': async ({ project, run }) => {
      const it = find(project);
      it.runs = it.runs.filter(({ id }) => id !== run);
      return it.runs;
    },
    'runs.report': async () => ({
      download: 'report0123456789abcdef',
      name: 'report.html',
      bytes: 80_000,
    }),
  };
}
