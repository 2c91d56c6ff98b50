import { HolotypeError } from '../../../src/contract/errors.ts';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import type { ProjectState } from '../../../src/contract/projects.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob } from './jobs.ts';
import { leafProject, recount, summaryOf, type FakeProject, type World } from './world.ts';

/** Projects, photos, labels and classes, each change undone by a copy of what was before. */
export function projectTable(world: World, events: Emitter): Partial<Handlers> {
  const find = (id: string): FakeProject => {
    const project = world.projects.get(id);
    if (project !== undefined) return project;
    const recent = world.recent.find((one) => one.id === id);
    if (recent === undefined || recent.missing)
      throw new HolotypeError('not-found', `The folder of "${recent?.name ?? id}" is not where it was.`, {
        remedy: 'Connect its drive or move the folder back.',
      });
    const made = leafProject(id, recent.name, 60);
    world.projects.set(id, made);
    return made;
  };
  const open = (id: string): ProjectState => {
    const project = find(id);
    const before = world.recent.find((one) => one.id === id);
    const summary = summaryOf(project, {
      lastAccuracy: before?.lastAccuracy ?? null,
      openedAt: new Date().toISOString(),
    });
    world.recent = [summary, ...world.recent.filter((one) => one.id !== id)];
    events.emit('projects.changed', { projects: world.recent });
    return project.state;
  };
  /** Changes rows and says so; `words` for undo. */
  const change = (
    id: string,
    words: string,
    edit: (project: FakeProject) => void,
    kind: 'new' | 'undo' | 'redo' = 'new',
  ): ProjectState => {
    const project = find(id);
    const before = { words, rows: project.photos, classes: project.state.classes };
    edit(project);
    if (kind === 'undo') project.future.push(before);
    else project.past.push(before);
    if (kind === 'new') project.future = [];
    project.state = { ...project.state, revision: project.state.revision + 1 };
    recount(project);
    const was = new Map(before.rows.map((row) => [row.id, row]));
    events.emit('photos.changed', {
      project: id,
      revision: project.state.revision,
      changed: project.photos.filter((row) => was.get(row.id) !== row),
      removed: [],
    });
    events.emit('project.changed', { state: project.state });
    return project.state;
  };
  const edit = (project: FakeProject, ids: readonly string[], to: (row: PhotoRow) => PhotoRow): void => {
    const wanted = new Set(ids);
    project.photos = project.photos.map((row) => (wanted.has(row.id) ? to(row) : row));
  };
  const travel = (id: string, kind: 'undo' | 'redo'): ProjectState => {
    const project = find(id);
    const step = (kind === 'undo' ? project.past : project.future).pop();
    if (step === undefined) return project.state;
    return change(
      id,
      step.words,
      () => {
        project.photos = step.rows;
        project.state = { ...project.state, classes: step.classes };
      },
      kind,
    );
  };
  const relabel = (project: FakeProject, from: string, to: string | null): void => {
    project.photos = project.photos.map((row) =>
      row.labels.includes(from)
        ? { ...row, labels: row.labels.flatMap((label) => (label === from ? (to ?? []) : label)) }
        : row,
    );
  };
  const list = () => world.recent;
  const made = (name: string, count: number): ProjectState => {
    const id = (0xb000 + world.projects.size).toString(16).padStart(16, '0');
    world.projects.set(id, leafProject(id, name, count));
    world.recent = [summaryOf(find(id)), ...world.recent];
    return open(id);
  };

  return {
    'projects.list': async () => list(),
    'projects.forget': async ({ id }) => {
      world.recent = world.recent.filter((one) => one.id !== id);
      events.emit('projects.changed', { projects: world.recent });
      return world.recent;
    },
    'projects.open': async ({ name }) => made(name ?? 'New photos', 30),
    'projects.openDemo': async () => made('Demo leaves', 45),
    'projects.openArchive': async () => made('Shared leaves', 30),
    'projects.reopen': async ({ project }) => open(project),
    'projects.get': async ({ project }) => find(project).state,
    'projects.close': async () => ({}),
    'projects.rename': async ({ project, name }) =>
      change(project, 'Rename', (it) => (it.state = { ...it.state, name })),
    'projects.changeTask': async ({ project, task }) => {
      const it = find(project);
      it.state = { ...it.state, task };
      events.emit('project.changed', { state: it.state });
      return it.state;
    },
    'projects.takeOver': async ({ project }) => {
      const it = find(project);
      it.state = { ...it.state, readOnly: null };
      events.emit('project.changed', { state: it.state });
      return it.state;
    },
    'projects.rescan': async ({ project }) => ({
      job: addJob(world, events, { kind: 'scan', title: 'Looking through the folder', project }),
    }),
    'projects.skipped': async () => [
      { path: 'rust/notes.txt', reason: 'This is text, not a photo.', code: 'not-a-photo' },
      { path: 'rust/leaf-00090.jpg', reason: 'The file ends before the picture does.', code: 'truncated' },
      { path: 'healthy/empty.jpg', reason: 'The file is empty.', code: 'empty' },
    ],
    'projects.share': async ({ project }) => ({
      job: addJob(world, events, { kind: 'share', title: 'A copy to share', project }),
    }),
    'projects.changeSettings': async ({ project, settings }) => {
      const it = find(project);
      it.state = { ...it.state, settings: { ...it.state.settings, ...settings } };
      events.emit('project.changed', { state: it.state });
      return it.state;
    },

    'photos.list': async ({ project, offset, limit }) => {
      const { photos, state } = find(project);
      return { revision: state.revision, total: photos.length, photos: photos.slice(offset, offset + limit) };
    },
    'photos.get': async ({ project, photo }) => {
      const row = find(project).photos.find(({ id }) => id === photo);
      if (row === undefined) throw new HolotypeError('not-found', 'There is no such photo.');
      const facts = [
        { name: 'Camera', value: 'Fujifilm X-T4' },
        { name: 'Lens', value: '80 mm macro' },
      ];
      return { ...row, bytes: 4_200_000, otherPaths: [], facts, answers: [] };
    },
    'photos.similar': async ({ project, photo, limit }) => ({
      basis: 'features',
      photos: find(project)
        .photos.slice(0, limit)
        .map(({ id }, n) => ({ id, similarity: id === photo ? 1 : 1 / (n + 2) })),
    }),
    'photos.exclude': async ({ project, photos, excluded }) =>
      change(project, excluded ? 'Leave photos out' : 'Take photos back in', (it) =>
        edit(it, photos, (row) => ({ ...row, excluded })),
      ),

    'labels.assign': async ({ project, photos, label, mode }) =>
      change(project, `Label ${photos.length} photos`, (it) =>
        edit(it, photos, (row) => {
          if (label === null) return { ...row, labels: [] };
          if (mode === 'set') return { ...row, labels: [label] };
          const others = row.labels.filter((one) => one !== label);
          return { ...row, labels: mode === 'add' ? [...others, label] : others };
        }),
      ),
    'labels.setTarget': async ({ project, photos, target }) =>
      change(project, `Give ${photos.length} photos a number`, (it) =>
        edit(it, photos, ({ target: _old, ...row }) => (target === null ? row : { ...row, target })),
      ),
    'labels.undo': async ({ project }) => travel(project, 'undo'),
    'labels.redo': async ({ project }) => travel(project, 'redo'),
    'labels.import': async () => ({
      matched: 12,
      unchanged: 3,
      newClasses: [],
      unmatched: [{ line: 4, name: 'nowhere.jpg', reason: 'No photo has this name.' }],
      unmatchedCount: 1,
    }),
    'labels.export': async ({ project }) => ({
      name: 'labels.csv',
      csv: `filename,label\n${find(project)
        .photos.map(({ path, labels }) => `${path},${labels[0] ?? ''}`)
        .join('\n')}\n`,
    }),

    'classes.create': async ({ project, name }) =>
      change(project, `New class "${name}"`, (it) => {
        if (it.state.classes.some((one) => one.name === name))
          throw new HolotypeError('bad-input', `There is a class "${name}" already.`);
        const color = it.state.classes.length % 12;
        it.state = { ...it.state, classes: [...it.state.classes, { name, color, count: 0 }] };
      }),
    'classes.rename': async ({ project, name, to }) =>
      change(project, `Rename "${name}"`, (it) => {
        const classes = it.state.classes.map((one) => (one.name === name ? { ...one, name: to } : one));
        it.state = { ...it.state, classes };
        relabel(it, name, to);
      }),
    'classes.merge': async ({ project, from, into }) =>
      change(project, `Merge "${from}" into "${into}"`, (it) => {
        it.state = { ...it.state, classes: it.state.classes.filter(({ name }) => name !== from) };
        relabel(it, from, into);
      }),
    'classes.remove': async ({ project, name }) =>
      change(project, `Delete class "${name}"`, (it) => {
        it.state = { ...it.state, classes: it.state.classes.filter((one) => one.name !== name) };
        relabel(it, name, null);
      }),
    'classes.recolor': async ({ project, name, color }) =>
      change(project, `Colour of "${name}"`, (it) => {
        const classes = it.state.classes.map((one) => (one.name === name ? { ...one, color } : one));
        it.state = { ...it.state, classes };
      }),
  };
}
