import { appInfo } from '../contract/fake-service.ts';
import { describe, expect, it } from 'vitest';
import { initialState, reduce, type Action, type AppState } from '../../src/renderer/state/state.ts';

const project = {
  id: '0123456789abcdef',
  name: 'Leaves',
  folder: '/photos/leaves',
  openedAt: '2026-01-02T03:04:05Z',
  lastAccuracy: null,
  missing: false,
};
const error = { code: 'storage', message: 'Disk full.' } as const;
const info = appInfo;
const after = (...actions: Action[]): AppState => actions.reduce(reduce, initialState);

describe("the window's state", () => {
  it('goes from connecting to ready', () => {
    expect(after().connection).toEqual({ status: 'connecting' });
    expect(after({ type: 'connected', info })).toMatchObject({ connection: { status: 'ready' }, info });
  });

  it('keeps the list on screen while the engine restarts and the list loads again', () => {
    const state = after(
      { type: 'connected', info },
      { type: 'projects-loaded', projects: [project] },
      { type: 'engine-stopped', message: 'It stopped.', retry: true },
      { type: 'projects-loading' },
    );
    expect(state.connection).toEqual({ status: 'restarting', message: 'It stopped.' });
    expect(state.projects).toEqual({ status: 'ready', value: [project] });
  });

  it('waits for a person when the engine stopped for good', () => {
    expect(after({ type: 'engine-stopped', message: 'Gone.', retry: false }).connection).toEqual({
      status: 'stopped',
      message: 'Gone.',
    });
  });

  it('tells a failed list from a failed action', () => {
    expect(after({ type: 'projects-failed', error }).projects).toEqual({ status: 'failed', error });
    expect(after({ type: 'projects-failed', error }, { type: 'projects-loading' }).projects).toEqual({
      status: 'loading',
    });
    const failed = after({ type: 'projects-loaded', projects: [project] }, { type: 'action-failed', error });
    expect(failed).toMatchObject({ problem: error, projects: { status: 'ready' } });
    expect(reduce(failed, { type: 'problem-dismissed' }).problem).toBeUndefined();
  });

  it('is the same object when nothing changes', () => {
    const state = after({ type: 'projects-loaded', projects: [] });
    expect(reduce(state, { type: 'projects-loading' })).toBe(state);
    expect(reduce(state, { type: 'problem-dismissed' })).toBe(state);
  });
});
