import { describe, expect, it } from 'vitest';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import { changePhoto, type PhotoChange } from '../../../src/renderer/state/photo-edits.ts';
import { noProject, reduceProject, type OpenProject } from '../../../src/renderer/state/project.ts';

const row = (id: string, labels: string[] = []): PhotoRow => ({ id, path: `${id}.jpg`, labels });
const set = (label: string | null): PhotoChange => ({ kind: 'label', label, mode: 'set' });
const opened = reduceProject(
  { ...noProject, id: 'p' },
  {
    type: 'photos/loaded',
    project: 'p',
    photos: [row('a', ['x']), row('b'), row('c')],
    revision: 1,
  },
);
const edit = (state: OpenProject, id: number, photos: string[], change: PhotoChange): OpenProject =>
  reduceProject(state, {
    type: 'photos/edited',
    project: 'p',
    edit: { id, photos: new Set(photos), change },
  });
const end = (state: OpenProject, id: number, refused = false): OpenProject =>
  reduceProject(state, { type: 'photos/edit-ended', project: 'p', edit: id, refused });
const told = (state: OpenProject, revision: number, ...changed: PhotoRow[]): OpenProject =>
  reduceProject(state, { type: 'photos/changed', project: 'p', changed, removed: [], revision });
const labels = ({ photos }: OpenProject) => photos.rows.map((one) => one.labels.join('+'));

describe('changes that are shown before the engine has made them', () => {
  it('change labels in all the ways there are', () => {
    const many = row('a', ['x', 'y']);
    expect(changePhoto(many, set('z')).labels).toEqual(['z']);
    expect(changePhoto(many, set(null)).labels).toEqual([]);
    expect(changePhoto(many, { kind: 'label', label: 'y', mode: 'remove' }).labels).toEqual(['x']);
    expect(changePhoto(many, { kind: 'label', label: 'x', mode: 'add' }).labels).toEqual(['y', 'x']);
    expect(changePhoto(many, { kind: 'exclude', excluded: true })).toEqual({ ...many, excluded: true });
    const numbered = changePhoto(many, { kind: 'number', target: 2.5 });
    expect(numbered).toEqual({ ...many, target: 2.5 });
    expect(changePhoto(numbered, { kind: 'number', target: null })).toEqual(many);
  });

  it('are seen at once and stay when the engine agrees, before or after it tells so', () => {
    const before = edit(opened, 1, ['a', 'b'], set('y'));
    expect(labels(before)).toEqual(['y', 'y', '']);
    const answeredFirst = told(end(before, 1), 2, row('a', ['y']), row('b', ['y']));
    const toldFirst = end(told(before, 2, row('a', ['y']), row('b', ['y'])), 1);
    for (const after of [answeredFirst, toldFirst]) {
      expect(labels(after)).toEqual(['y', 'y', '']);
      expect(after.pending.truth.size).toBe(0);
    }
  });

  it('are taken back when the engine refuses', () => {
    const after = end(edit(opened, 1, ['a', 'c'], set('y')), 1, true);
    expect(labels(after)).toEqual(['x', '', '']);
    expect(after.pending).toEqual({ edits: [], truth: new Map() });
  });

  it('do not flicker when the engine tells of an earlier one', () => {
    let state = edit(opened, 1, ['a'], set('y'));
    state = edit(state, 2, ['a'], set('z'));
    state = told(state, 2, row('a', ['y']));
    expect(labels(state)[0]).toBe('z');
    state = told(end(end(state, 1), 2), 3, row('a', ['z']));
    expect(labels(state)[0]).toBe('z');
  });

  it('that are refused leave those after them, and what the engine told in the meantime', () => {
    let state = edit(opened, 1, ['a', 'b'], set('y'));
    state = edit(state, 2, ['b'], { kind: 'label', label: 'z', mode: 'add' });
    state = told(state, 2, row('a', ['elsewhere']));
    state = end(state, 1, true);
    expect(labels(state)).toEqual(['elsewhere', 'z', '']);
    expect(labels(end(state, 2, true))).toEqual(['elsewhere', '', '']);
  });

  it('stay when the whole table is loaded again', () => {
    const state = reduceProject(edit(opened, 1, ['b'], set('y')), {
      type: 'photos/loaded',
      project: 'p',
      photos: [row('a', ['x']), row('b')],
      revision: 3,
    });
    expect(labels(state)).toEqual(['x', 'y']);
    expect(labels(end(state, 1, true))).toEqual(['x', '']);
  });

  it('of photos that are gone, or of another project, change nothing', () => {
    expect(labels(edit(opened, 1, ['nowhere'], set('y')))).toEqual(['x', '', '']);
    const other = reduceProject(opened, {
      type: 'photos/edited',
      project: 'q',
      edit: { id: 1, photos: new Set(['a']), change: set('y') },
    });
    expect(other).toBe(opened);
    expect(end(opened, 9).photos).toBe(opened.photos);
  });
});
