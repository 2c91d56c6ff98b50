import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import type { RunPhoto, RunSummary } from '../../../src/contract/runs.ts';
import type { FakeProject, World } from './world.ts';

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
    'runs.explain': async ({ project, photo, class: of }) => {
      const answer = [...find(project).runPhotos.values()].flat().find((one) => one.photo === photo);
      const values = Array.from({ length: 49 }, (_, at) => {
        const [x, y] = [at % 7, Math.floor(at / 7)];
        return Math.max(0, 1 - Math.hypot(x - 4, y - 2) / 4);
      });
      return {
        class: of ?? answer?.predicted ?? 'healthy',
        probability: of === undefined ? (answer?.confidence ?? 0.9) : 0.04,
        method: 'grad-cam',
        rows: 7,
        columns: 7,
        values,
        window: { x: 0.125, y: 0, width: 0.75, height: 1 },
      };
    },
    'runs.report': async () => ({
      download: 'report0123456789abcdef',
      name: 'report.html',
      bytes: 80_000,
    }),
  };
}

export const firstRun = '20250301T101500-123Z-0a1b2c3d';

/** Puts a finished run into a project, with answers for every fourth photo: most right, some not, some unsure. */
export function addRun(project: FakeProject): void {
  const classes = project.state.classes.map(({ name }) => name);
  const photos = project.photos
    .filter((_, at) => at % 4 === 0)
    .map((row, at): RunPhoto => {
      const truth = row.labels[0] ?? classes[0] ?? '';
      const predicted = at % 9 === 4 ? (classes.find((name) => name !== truth) ?? truth) : truth;
      const confidence = at % 7 === 3 ? 0.52 : 0.97 - (at % 5) / 50;
      return {
        photo: row.id,
        path: row.path,
        split: 'val',
        truth,
        predicted,
        confidence,
        probabilities: classes.map((name) => (name === predicted ? confidence : (1 - confidence) / 2)),
      };
    });
  const summary: RunSummary = {
    id: firstRun,
    number: 1,
    createdAt: '2025-03-01T10:15:00.123Z',
    state: 'finished',
    backbone: 'mobilenet-v2',
    recipe: 'head',
    accuracy: 0.89,
    accuracyInterval: [0.8, 0.94],
    macroF1: 0.88,
    seconds: 41,
    photos: project.photos.length - photos.length,
    error: null,
  };
  project.runs = [...project.runs, summary];
  project.runPhotos.set(firstRun, photos);
  project.details.set(firstRun, {
    summary,
    settings: {},
    result: null,
    advice: [],
    curves: [],
    unknownBelow: 0.5,
  });
  project.state = { ...project.state, lastRun: firstRun };
}
