import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { valueOf } from '../../../src/renderer/state/loadable.ts';
import { leaves } from '../fake/world.ts';
import { startApp } from '../start-app.ts';

/** The fake project's photos, open on the screen "Label". */
async function startLabelling() {
  const app = startApp({ hash: `#/project/${leaves}/label` });
  await app.until(() => app.state().project.photosLoad.status === 'ready');
  app.actions.label.enter(leaves);
  const { rows } = app.state().project.photos;
  const ids = rows.map(({ id }) => id);
  return {
    ...app,
    ids,
    labels: (n: number) => app.state().project.photos.rows[n]?.labels,
    classes: () => valueOf(app.state().project.state)?.classes.map(({ name }) => name),
  };
}

describe('labelling', () => {
  beforeEach(() => {
    vi.stubGlobal('document', { documentElement: { dataset: {} }, hasFocus: () => true });
    vi.stubGlobal('window', {});
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('shows a label before the engine answers', async () => {
    const { actions, engine, ids, labels, until, state } = await startLabelling();
    const release = engine.hold('labels.assign');
    const done = actions.label.assign(leaves, ids.slice(0, 2), 'rust');
    expect([labels(0), labels(1)]).toEqual([['rust'], ['rust']]);
    release();
    await done;
    await until(() => valueOf(state().project.state)?.undo !== null);
    expect([labels(0), labels(1)]).toEqual([['rust'], ['rust']]);
    expect(state().project.pending.edits).toEqual([]);
    expect(state().toasts.announcement.text).toBe('2 photos labelled rust');
  });

  it('takes it back and says why when the engine refuses', async () => {
    const { actions, engine, ids, labels, state } = await startLabelling();
    const before = labels(0);
    engine.fail('labels.assign', new HolotypeError('storage', 'The disk is full.'));
    const done = actions.label.assign(leaves, ids.slice(0, 1), 'powdery mildew');
    expect(labels(0)).toEqual(['powdery mildew']);
    await done;
    expect(labels(0)).toEqual(before);
    expect(state().toasts.toasts.map(({ title }) => title)).toEqual(['The disk is full.']);
  });

  it('leaves photos out, adds and takes labels, undoes and does again', async () => {
    const { actions, ids, labels, until, state } = await startLabelling();
    const first = ids.slice(0, 1);
    const before = labels(0);
    await actions.label.exclude(leaves, first, true);
    await actions.label.mark(leaves, first, 'spots', true);
    expect(state().project.photos.rows[0]).toMatchObject({
      excluded: true,
      labels: [...(before ?? []), 'spots'],
    });
    await until(() => valueOf(state().project.state)?.undo !== null);
    await actions.label.undo(leaves);
    await until(() => labels(0)?.includes('spots') === false);
    expect(state().toasts.announcement.text).toMatch(/^Undone: /);
    await actions.label.redo(leaves);
    await until(() => labels(0)?.includes('spots') === true);
  });

  it('takes back a label that the engine is still at, then does it again', async () => {
    const { actions, engine, ids, labels, state } = await startLabelling();
    const before = labels(0);
    const release = engine.hold('labels.assign');
    const done = actions.label.assign(leaves, ids.slice(0, 1), 'powdery mildew');
    const undone = actions.label.undo(leaves);
    expect(labels(0)).toEqual(['powdery mildew']);
    release();
    await Promise.all([done, undone]);
    expect(labels(0)).toEqual(before);
    expect(state().toasts.announcement.text).toMatch(/^Undone: /);
    await Promise.all([actions.label.redo(leaves), actions.label.undo(leaves), actions.label.redo(leaves)]);
    expect(labels(0)).toEqual(['powdery mildew']);
  });

  it('asks the engine for nothing when nothing is meant, or there is nothing to undo', async () => {
    const { actions, engine } = await startLabelling();
    const before = engine.calls.length;
    await actions.label.assign(leaves, [], 'rust');
    await actions.label.undo(leaves);
    await actions.label.redo(leaves);
    expect(engine.calls).toHaveLength(before);
  });

  it('lets the filter follow the class it is about', async () => {
    const { actions, state, classes, until } = await startLabelling();
    const filter = () => state().label.filter;
    actions.label.filter({ kind: 'class', name: 'rust' });
    expect(await actions.label.renameClass(leaves, 'rust', 'leaf rust')).toBe(true);
    expect(filter()).toEqual({ kind: 'class', name: 'leaf rust' });

    const merged = actions.label.mergeClass(leaves, 'leaf rust', 'healthy', 10);
    await until(() => state().dialogs.length === 1);
    expect(state().dialogs[0]).toMatchObject({ kind: 'confirm', danger: false });
    actions.dialogs.close(state().dialogs[0]?.id ?? 0, true);
    await merged;
    expect(filter()).toEqual({ kind: 'class', name: 'healthy' });
    expect(classes()).toEqual(['healthy', 'powdery mildew']);

    const kept = actions.label.removeClass(leaves, 'healthy', 20);
    await until(() => state().dialogs.length === 1);
    expect(state().dialogs[0]).toMatchObject({ danger: true, text: expect.stringContaining('20 photos') });
    actions.dialogs.close(state().dialogs[0]?.id ?? 0, false);
    await kept;
    expect(classes()).toContain('healthy');
  });

  it('says that a class is there already', async () => {
    const { actions, state } = await startLabelling();
    expect(await actions.label.createClass(leaves, 'rust')).toBe(false);
    expect(state().toasts.toasts[0]?.tone).toBe('problem');
    expect(await actions.label.createClass(leaves, 'blight')).toBe(true);
  });

  it('puts photos that are like one first, after that one', async () => {
    const { actions, state, ids } = await startLabelling();
    expect(await actions.label.findSimilar(leaves, ids[4] ?? '')).toBe(true);
    const { similar, sort } = state().label;
    expect(sort).toEqual({ by: 'similarity', descending: true });
    const best = [...(similar?.numbers ?? [])].sort(([, a], [, b]) => b - a)[0];
    expect(best?.[0]).toBe(ids[4]);
  });

  it('takes a list of labels, but not one that is far too large', async () => {
    const { actions, engine, state } = await startLabelling();
    const result = await actions.label.importLabels(leaves, new File(['filename,label\n'], 'labels.csv'));
    expect(result).toMatchObject({ matched: 12 });
    const calls = engine.calls.length;
    const large = { name: 'huge.csv', size: 65 * 2 ** 20 } as File;
    expect(await actions.label.importLabels(leaves, large)).toBeUndefined();
    expect(engine.calls).toHaveLength(calls);
    expect(state().toasts.toasts[0]?.title).toContain('huge.csv');
  });
});
