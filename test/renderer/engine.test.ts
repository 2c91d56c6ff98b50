import { appInfo, fakeHandlers } from '../contract/fake-service.ts';
import { describe, expect, it, vi } from 'vitest';
import { serve, type Handlers } from '../../src/contract/server.ts';
import { directTransport, type Transport } from '../../src/contract/transport.ts';
import { connectEngine } from '../../src/renderer/api/engine.ts';
import type { Shell } from '../../src/renderer/api/shell.ts';
import { createAppStore } from '../../src/renderer/state/store.ts';
import { createEmitter } from '../../src/service/emitter.ts';

const project = {
  id: '0123456789abcdef',
  name: 'Leaves',
  folder: '/photos/leaves',
  openedAt: '2026-01-02T03:04:05.000Z',
  lastAccuracy: 0.9,
  missing: false,
};

function fakeShell(over: Partial<Handlers> = {}) {
  const emitter = createEmitter();
  const requests: string[] = [];
  let heard: Parameters<Shell['listen']>[0] | undefined;
  let theirs: Transport | undefined;
  const shell: Shell = {
    request: (reason) => {
      requests.push(reason);
      const [mine, other] = directTransport();
      theirs = other;
      serve(other, {
        events: emitter,
        handlers: fakeHandlers({
          'app.info': async () => appInfo,
          'projects.list': async () => [project],
          'projects.forget': async () => [],
          ...over,
        }),
      });
      heard?.engine(mine);
    },
    listen: (listeners) => (heard = listeners),
  };
  return {
    shell,
    requests,
    emitter,
    crash: (retry: boolean) => {
      theirs?.close();
      heard?.stopped('It stopped.', retry);
    },
  };
}

function start(over: Partial<Handlers> = {}) {
  const fake = fakeShell(over);
  const store = createAppStore();
  const engine = connectEngine(fake.shell, store.dispatch);
  return { ...fake, store, engine };
}

describe("the window's connection to the engine", () => {
  it('loads what the first screen shows', async () => {
    const { store, requests } = start();
    expect(store.getState().projects.status).toBe('loading');
    await vi.waitUntil(() => store.getState().projects.status === 'ready');
    expect(store.getState()).toMatchObject({
      connection: { status: 'ready' },
      projects: { value: [project] },
    });
    expect(requests).toEqual(['automatic']);
  });

  it('shows what other windows change', async () => {
    const { store, emitter } = start();
    await vi.waitUntil(() => store.getState().projects.status === 'ready');
    emitter.emit('projects.changed', { projects: [] });
    await vi.waitFor(() => expect(store.getState().projects).toEqual({ status: 'ready', value: [] }));
  });

  it('forgets a project; when that fails, says why and keeps the list', async () => {
    const good = start();
    await vi.waitUntil(() => good.store.getState().projects.status === 'ready');
    good.engine.forgetProject(project.id);
    await vi.waitFor(() => expect(good.store.getState().projects).toEqual({ status: 'ready', value: [] }));

    const bad = start({
      'projects.forget': async () => {
        throw new Error('No room.');
      },
    });
    await vi.waitUntil(() => bad.store.getState().projects.status === 'ready');
    bad.engine.forgetProject(project.id);
    await vi.waitFor(() => expect(bad.store.getState().problem?.message).toBe('No room.'));
    expect(bad.store.getState().projects).toMatchObject({ value: [project] });
  });

  it('reconnects by itself after a crash', async () => {
    const { store, crash, requests } = start();
    await vi.waitUntil(() => store.getState().projects.status === 'ready');
    crash(true);
    await vi.waitUntil(() => store.getState().connection.status === 'ready');
    expect(requests).toEqual(['automatic', 'automatic']);
    expect(store.getState().projects.status).toBe('ready');
  });

  it('waits for a person when it keeps crashing', async () => {
    const { store, crash, requests, engine } = start();
    await vi.waitUntil(() => store.getState().projects.status === 'ready');
    crash(false);
    expect(store.getState().connection).toEqual({ status: 'stopped', message: 'It stopped.' });
    expect(requests).toHaveLength(1);
    engine.reconnect();
    await vi.waitUntil(() => store.getState().connection.status === 'ready');
    expect(requests).toEqual(['automatic', 'person']);
  });

  it('shows a list that could not be read, and reads it again when asked', async () => {
    let broken = true;
    const { store, engine } = start({
      'projects.list': async () => {
        if (broken) throw new Error('The drive is gone.');
        return [];
      },
    });
    await vi.waitUntil(() => store.getState().projects.status === 'failed');
    broken = false;
    engine.reload();
    await vi.waitUntil(() => store.getState().projects.status === 'ready');
    expect(store.getState().projects).toEqual({ status: 'ready', value: [] });
  });
});
