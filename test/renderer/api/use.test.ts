import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { changeJob } from '../fake/jobs.ts';
import { addRun, firstRun } from '../fake/runs.ts';
import { addAnswers, compareAnswers } from '../fake/use.ts';
import { leaves } from '../fake/world.ts';
import { startApp } from '../start-app.ts';

/** A window with the fake project's tab "Use". */
async function open() {
  const app = startApp({ hash: `#/project/${leaves}/use` });
  const project = app.engine.world.projects.get(leaves);
  if (project === undefined) throw new Error('The fake engine has no project.');
  addRun(project);
  await app.until(() => app.state().project.state.status === 'ready');
  app.actions.use.enter(leaves);
  return app;
}

beforeEach(() => {
  vi.stubGlobal('document', { documentElement: { dataset: {} }, hasFocus: () => true });
  vi.stubGlobal('window', {});
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('letting a model answer', () => {
  it('asks for a folder, starts and shows the new job', async () => {
    const { actions, state, engine } = await open();
    await actions.use.answerFolder(leaves, firstRun);
    expect(engine.calls.findLast(({ method }) => method === 'predict.start')?.input).toEqual({
      project: leaves,
      run: firstRun,
      source: { place: 'place-chosen-0000000000' },
    });
    const { job, runs } = state().use;
    expect(runs.get(job ?? '')).toBe(firstRun);
  });

  it('fetches all there is, page by page, and then only what is new', async () => {
    const { actions, state, engine } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 4_500 });
    await actions.use.fetchAnswers(job);
    expect(state().use.answers?.rows).toHaveLength(4_500);
    const offsets = () =>
      engine.calls
        .filter(({ method }) => method === 'predict.answers')
        .map(({ input }) => Reflect.get(input as object, 'offset'));
    expect(offsets()).toEqual([0, 2_000, 4_000]);
    await actions.use.fetchAnswers(job);
    expect(offsets()).toEqual([0, 2_000, 4_000, 4_500]);
  });

  it('reads all once more when comparing the photos has made some of them unknown', async () => {
    const { actions, state, engine } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 2_500 });
    await actions.use.fetchAnswers(job);
    const unlike = () => state().use.answers?.rows.filter((row) => row.unlike === true).length;
    expect(unlike()).toBe(0);
    compareAnswers(engine.world, job);
    await actions.use.fetchAnswers(job);
    expect(state().use.answers).toMatchObject({ total: 2_500, novelty: { photos: 2_500, marked: 500 } });
    expect(unlike()).toBe(500);
    expect(state().use.answers?.rows.every(({ index }, at) => index === at)).toBe(true);
    const before = engine.calls.length;
    await actions.use.fetchAnswers(job);
    expect(engine.calls.length).toBe(before + 1);
  });

  it('asks once more when it was asked to while it was asking', async () => {
    const { actions, engine } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 5 });
    const release = engine.hold('predict.answers');
    const first = actions.use.fetchAnswers(job);
    await actions.use.fetchAnswers(job);
    release();
    await first;
    expect(engine.calls.filter(({ method }) => method === 'predict.answers')).toHaveLength(2);
  });

  it('leaves answers of a job alone that is shown no more', async () => {
    const { actions, state, engine } = await open();
    const old = addAnswers(engine.world, engine.events, leaves, { count: 5 });
    const next = addAnswers(engine.world, engine.events, leaves, { count: 7 });
    const release = engine.hold('predict.answers');
    const first = actions.use.fetchAnswers(old);
    const second = actions.use.fetchAnswers(next);
    release();
    await Promise.all([first, second]);
    expect(state().use.answers).toMatchObject({ job: next, total: 7 });
  });

  it('says why when answers can’t be had, and takes it back when they can', async () => {
    const { actions, state, engine } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 5 });
    engine.fail('predict.answers', new HolotypeError('not-found', 'These answers are no longer there.'));
    await actions.use.fetchAnswers(job);
    expect(state().use.error?.message).toBe('These answers are no longer there.');
    engine.fail('predict.answers', null);
    await actions.use.fetchAnswers(job);
    expect(state().use.error).toBeUndefined();
  });

  it('cancels a job that nobody wants, and leaves one alone that has ended', async () => {
    const { actions, state, engine, until } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 5, total: 10 });
    await until(() => state().jobs.byId.has(job));
    await actions.use.discard(job);
    expect(state().jobs.byId.get(job)?.state).toBe('cancelled');
    expect(state().use.job).toBeNull();
    await actions.use.discard(job);
    expect(engine.calls.filter(({ method }) => method === 'jobs.cancel')).toHaveLength(1);
  });
});

describe('what becomes of the answers', () => {
  it('is a table to be saved', async () => {
    const { actions, saved, engine } = await open();
    await actions.use.saveTable(addAnswers(engine.world, engine.events, leaves, { count: 5 }));
    expect(saved).toEqual(['download0123456789abcdef garden.csv']);
  });

  it('is copies in a folder that is asked for, or in an archive', async () => {
    const { actions, saved, engine, until, state } = await open();
    const job = addAnswers(engine.world, engine.events, leaves, { count: 6 });
    await actions.use.sort(job, 'folder');
    expect(engine.calls.at(-1)?.input).toEqual({ job, into: 'place-chosen-0000000000' });
    const sorting = (await actions.use.sort(job, 'archive')) ?? '';
    expect(engine.calls.at(-1)?.input).toEqual({ job });
    changeJob(engine.world, engine.events, sorting, { state: 'done' });
    await until(() => state().jobs.byId.get(sorting)?.state === 'done');
    await actions.jobs.download(sorting);
    expect(saved).toEqual(['download0123456789abcdef garden, sorted.zip']);
  });

  it('is an export, whose formats are saved one by one', async () => {
    const { actions, saved } = await open();
    const { signal } = new AbortController();
    const job = (await actions.use.exportModel(leaves, firstRun, ['onnx', 'tfjs'], undefined)) ?? '';
    const [, tfjs] = await actions.use.exported(job, signal);
    if (tfjs === undefined) throw new Error('Two formats were exported.');
    await actions.use.saveExport(tfjs, 'Leaves');
    expect(saved).toEqual(['download0123456789abcdef Leaves-tfjs.zip']);
  });
});
