import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src/contract/runs.ts';
import type { Answers } from '../../../src/contract/use.ts';
import { noUse, reduceUse, type UseAction, type UseState } from '../../../src/renderer/state/use.ts';
import { finishedRuns } from '../../../src/renderer/state/runs.ts';
import { addRun } from '../fake/runs.ts';
import { someAnswers } from '../fake/use.ts';
import { leafProject } from '../fake/world.ts';

const project = '0123456789abcdef';
const job = 'job-00000001';
const rows = someAnswers(10, ['ant', 'bee']);
const page = (from: number, to: number, more: Partial<Answers> = {}): UseAction => ({
  type: 'use/answered',
  page: {
    job,
    classes: ['ant', 'bee'],
    unknownBelow: 0.6,
    total: to,
    answers: rows.slice(from, to),
    failed: [],
    ...more,
  },
});
const after = (...actions: UseAction[]): UseState =>
  actions.reduce(reduceUse, reduceUse(noUse, { type: 'use/entered', project }));
const shownRows = (state: UseState): number[] => (state.answers?.rows ?? []).map(({ index }) => index);

describe('the models there are', () => {
  it('begin with the newest; what has no model is left out', () => {
    const leaf = leafProject('00000000000000a1', 'Leaves', 8);
    addRun(leaf);
    const [run] = leaf.runs;
    if (run === undefined) throw new Error('A run was added.');
    const runs: RunSummary[] = [
      run,
      { ...run, number: 2, state: 'stopped', accuracy: 0.5 },
      { ...run, number: 3, state: 'failed', accuracy: null },
    ];
    expect(finishedRuns(runs).map(({ number }) => number)).toEqual([2, 1]);
  });
});

describe('the answers of a job', () => {
  it('come page by page, each once', () => {
    const state = after(page(0, 4), page(4, 10));
    expect(shownRows(state)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // A page that was asked for twice overlaps what is there.
    expect(shownRows(after(page(0, 4), page(2, 6)))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('have no gap: a page that comes too early is left out', () => {
    expect(shownRows(after(page(0, 2), page(5, 8)))).toEqual([0, 1]);
  });

  it('stay the same object when a page brings nothing', () => {
    const state = after(page(0, 4));
    expect(reduceUse(state, page(4, 4)).answers?.rows).toEqual(state.answers?.rows);
    expect(reduceUse(state, page(4, 4)).answers?.rows).toBe(state.answers?.rows);
  });

  it('are those of one job only', () => {
    const state = after(page(0, 4), page(0, 2, { job: 'job-00000002' }));
    expect(state.answers?.job).toBe('job-00000002');
    expect(shownRows(state)).toEqual([0, 1]);
  });

  it('know which photos could not be read', () => {
    const failed = [{ path: 'a.jpg', reason: 'It is empty.' }];
    const state = after(page(0, 4), page(4, 4, { failed }));
    expect(state.answers?.failed).toEqual(failed);
    expect(reduceUse(state, page(4, 6, { failed: [...failed] })).answers?.failed).toBe(state.answers?.failed);
  });

  it('are no trouble any more once they come again', () => {
    const error = { code: 'storage' as const, message: 'The drive is gone.' };
    const failing = after(page(0, 4), { type: 'use/failed', job, error });
    expect(failing.error).toEqual(error);
    expect(reduceUse(failing, page(4, 6)).error).toBeUndefined();
  });
});

describe('what is shown', () => {
  const narrowed: UseAction[] = [
    { type: 'use/chosen', choice: { kind: 'unknown' } },
    { type: 'use/searched', search: 'img' },
    { type: 'use/ordered', order: 'least' },
    { type: 'use/view', view: 'table' },
    { type: 'use/looked', index: 3 },
  ];

  it('is everything of a new job, in the order and view that were chosen', () => {
    const state = after(...narrowed, { type: 'use/started', project, job, run: 'run-1' });
    expect(state).toMatchObject({
      job,
      page: 'photos',
      choice: { kind: 'all' },
      search: '',
      looked: undefined,
      order: 'least',
      view: 'table',
    });
    expect(state.runs.get(job)).toBe('run-1');
  });

  it('is nothing of a job that was started for a project that was left', () => {
    const state = after({ type: 'use/started', project: 'f'.repeat(16), job, run: 'run-1' });
    expect(state.job).toBeUndefined();
  });

  it('is what it was when the screen is shown again, and nothing of another project', () => {
    const state = after(...narrowed, page(0, 4));
    expect(reduceUse(state, { type: 'use/entered', project })).toBe(state);
    expect(reduceUse(state, { type: 'use/entered', project: 'f'.repeat(16) })).toMatchObject({
      answers: undefined,
      view: 'grid',
    });
    expect(reduceUse(state, { type: 'project/closed' })).toBe(noUse);
  });
});
