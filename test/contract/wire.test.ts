import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { EventName } from '../../src/contract/events.ts';
import { appInfo, fakeHandlers } from './fake-service.ts';
import type { ProjectSummary } from '../../src/contract/projects.ts';
import { joinHandlers, serve, type Handlers, type Service } from '../../src/contract/server.ts';
import { socketCloseCodes, socketTransport, type SocketLike } from '../../src/contract/transport.ts';
import { closeTransports, transports } from './transports.ts';

const project: ProjectSummary = {
  id: '0123456789abcdef',
  name: 'Leaves',
  folder: '/home/ada/leaves',
  openedAt: '2026-01-02T03:04:05.000Z',
  lastAccuracy: 0.942,
  missing: false,
};

function fakeService(
  over: Partial<Handlers> = {},
): Service & { emit: (payload: unknown) => void; heard: () => number } {
  const listeners = new Set<(payload: never) => void>();
  return {
    handlers: fakeHandlers({
      'app.info': async () => appInfo,
      'projects.list': async () => [project],
      'projects.forget': async ({ id }) => (id === project.id ? [] : [project]),
      ...over,
    }),
    events: {
      on: (_event: EventName, listener: (payload: never) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    emit: (payload) => {
      for (const listener of listeners) listener(payload as never);
    },
    heard: () => listeners.size,
  };
}

afterEach(closeTransports);

describe.each(Object.entries(transports))('the contract over %s', (_name, connect) => {
  it('carries a call and its result', async () => {
    const [mine, theirs] = await connect();
    serve(theirs, fakeService());
    const client = createClient(mine);
    expect(await client.call('projects.list', {})).toEqual([project]);
    expect(await client.call('projects.forget', { id: project.id })).toEqual([]);
  });

  it('keeps calls apart that overlap and finish out of order', async () => {
    const [mine, theirs] = await connect();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    serve(
      theirs,
      fakeService({
        'projects.list': async () => {
          await held;
          return [project];
        },
      }),
    );
    const client = createClient(mine);
    const slow = client.call('projects.list', {});
    expect((await client.call('app.info', {})).version).toBe('1');
    release?.();
    expect(await slow).toEqual([project]);
  });

  it('refuses an input that is not what the method takes, before the handler sees it', async () => {
    const [mine, theirs] = await connect();
    const forget = vi.fn(async () => []);
    serve(theirs, fakeService({ 'projects.forget': forget }));
    const client = createClient(mine);
    const error: unknown = await client.call('projects.forget', { id: '../../etc' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HolotypeError);
    expect(error).toMatchObject({ code: 'bad-usage', details: { issues: [{ path: ['id'] }] } });
    // @ts-expect-error a key the contract doesn't know
    await expect(client.call('app.info', { extra: 1 })).rejects.toMatchObject({ code: 'bad-usage' });
    expect(forget).not.toHaveBeenCalled();
  });

  it('refuses methods and events that do not exist, also those every object has', async () => {
    const [mine, theirs] = await connect();
    serve(theirs, fakeService());
    const client = createClient(mine);
    for (const method of ['projects.burn', 'constructor', '__proto__', 'toString']) {
      await expect(client.call(method as 'app.info', {})).rejects.toMatchObject({ code: 'bad-usage' });
    }
    const refused = new Promise((resolve) => {
      client.subscribe('no.such.event' as EventName, () => undefined, resolve);
    });
    expect(await refused).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('no.such.event'),
    });
  });

  it('passes errors on with code, message, remedy and details; others as failed', async () => {
    const [mine, theirs] = await connect();
    serve(
      theirs,
      fakeService({
        'projects.list': async () => {
          throw new HolotypeError('storage', 'Disk full.', { remedy: 'Free some.', details: { path: '/x' } });
        },
        'app.info': async () => {
          throw new TypeError('boom');
        },
      }),
    );
    const client = createClient(mine);
    await expect(client.call('projects.list', {})).rejects.toMatchObject({
      code: 'storage',
      message: 'Disk full.',
      remedy: 'Free some.',
      details: { path: '/x' },
    });
    await expect(client.call('app.info', {})).rejects.toMatchObject({ code: 'failed', message: 'boom' });
  });

  it('answers with an error when a handler breaks its promise', async () => {
    const [mine, theirs] = await connect();
    serve(theirs, fakeService({ 'projects.list': async () => [{ ...project, lastAccuracy: 7 }] }));
    await expect(createClient(mine).call('projects.list', {})).rejects.toMatchObject({ code: 'failed' });
  });

  it('cancels: the caller hears at once, the handler through its signal', async () => {
    const [mine, theirs] = await connect();
    const aborted = new Promise<void>((resolve) => {
      serve(
        theirs,
        fakeService({
          'projects.list': (_input, { signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                resolve();
                reject(new DOMException('stop', 'AbortError'));
              });
            }),
        }),
      );
    });
    const client = createClient(mine);
    const controller = new AbortController();
    const call = client.call('projects.list', {}, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await aborted;
    expect((await client.call('app.info', {})).name).toBe('Holotype');
    await expect(client.call('app.info', {}, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('delivers events while subscribed and not after', async () => {
    const [mine, theirs] = await connect();
    const service = fakeService();
    serve(theirs, service);
    const client = createClient(mine);
    const got: number[] = [];
    const stop = client.subscribe('projects.changed', ({ projects }) => got.push(projects.length));
    await client.call('app.info', {});
    service.emit({ projects: [project] });
    await client.call('app.info', {});
    expect(got).toEqual([1]);
    stop();
    stop();
    await client.call('app.info', {});
    expect(service.heard()).toBe(0);
    service.emit({ projects: [] });
    await client.call('app.info', {});
    expect(got).toEqual([1]);
  });

  it('fails what is pending when the connection closes, and ends what the other side had open', async () => {
    const [mine, theirs] = await connect();
    const service = fakeService({
      'projects.list': (_input, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('gone')));
        }),
    });
    serve(theirs, service);
    const client = createClient(mine);
    const lost = vi.fn();
    client.onClose(lost);
    const refused = vi.fn();
    client.subscribe('projects.changed', () => undefined, refused);
    await client.call('app.info', {});
    const call = client.call('projects.list', {});
    theirs.close();
    await expect(call).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('closed') });
    await expect(client.call('app.info', {})).rejects.toMatchObject({ code: 'failed' });
    await vi.waitFor(() => expect(service.heard()).toBe(0));
    expect(lost).toHaveBeenCalledTimes(1);
    expect(refused).toHaveBeenCalledTimes(1);
    const late = vi.fn();
    client.onClose(late);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('survives anything malformed on the server side, and says so where it can', async () => {
    const [mine, theirs] = await connect();
    serve(theirs, fakeService());
    const answers: unknown[] = [];
    const rubbish = [
      null,
      3,
      'call',
      [],
      {},
      { kind: 'call' },
      { kind: 'explode', id: 7 },
      { kind: 'call', id: 8, method: 5 },
    ];
    await new Promise<void>((resolve) => {
      mine.onMessage((message) => {
        answers.push(message);
        if (answers.length === 3) resolve();
      });
      for (const message of rubbish) mine.send(message);
      mine.send({ kind: 'call', id: 9, method: 'app.info', input: {} });
    });
    expect(answers).toMatchObject([
      { kind: 'error', id: 7, error: { code: 'bad-usage' } },
      { kind: 'error', id: 8, error: { code: 'bad-usage' } },
      { kind: 'result', id: 9 },
    ]);
  });

  it('survives anything malformed on the client side', async () => {
    const [mine, theirs] = await connect();
    const client = createClient(mine);
    theirs.onMessage((message) => {
      const { id, method } = message as { id: number; method: string };
      for (const rubbish of [null, 1, {}, { kind: 'result' }, { kind: 'result', id: 999, output: 1 }]) {
        theirs.send(rubbish);
      }
      if (method === 'app.info') theirs.send({ kind: 'result', id, output: { name: 'Holotype' } });
      else if (method === 'projects.list') theirs.send({ kind: 'event', id, payload: {} });
      else theirs.send({ kind: 'resul', id });
    });
    await expect(client.call('app.info', {})).rejects.toMatchObject({ code: 'failed' });
    await expect(client.call('projects.list', {})).rejects.toMatchObject({ code: 'failed' });
    await expect(client.call('projects.forget', { id: project.id })).rejects.toMatchObject({
      code: 'failed',
    });
  });

  it('reports a malformed event and goes on with the next', async () => {
    const [mine, theirs] = await connect();
    theirs.onMessage((message) => {
      const { id } = message as { id: number };
      theirs.send({ kind: 'event', id, payload: { projects: 'none' } });
      theirs.send({ kind: 'event', id, payload: { projects: [] } });
    });
    const problems = vi.fn();
    const got = await new Promise((resolve) => {
      createClient(mine).subscribe('projects.changed', resolve, problems);
    });
    expect(got).toEqual({ projects: [] });
    expect(problems).toHaveBeenCalledTimes(1);
  });

  it('does not let a second call take over an id that is in use', async () => {
    const [mine, theirs] = await connect();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const list = vi.fn(async () => {
      await held;
      return [project];
    });
    serve(theirs, fakeService({ 'projects.list': list }));
    const answers: unknown[] = [];
    await new Promise<void>((resolve) => {
      mine.onMessage((message) => {
        answers.push(message);
        release?.();
        if (answers.length === 2) resolve();
      });
      mine.send({ kind: 'call', id: 1, method: 'projects.list', input: {} });
      mine.send({ kind: 'call', id: 1, method: 'projects.list', input: {} });
      mine.send({ kind: 'call', id: 2, method: 'app.info', input: {} });
    });
    expect(answers.map((answer) => (answer as { id: number }).id)).toEqual([2, 1]);
    expect(list).toHaveBeenCalledTimes(1);
  });
});

describe("a WebSocket's transport", () => {
  /** A socket of which a test says what happens. */
  function fakeSocket(over: Partial<SocketLike> = {}) {
    const listeners = new Map<string, (event: { data: unknown }) => void>();
    const sent: string[] = [];
    const closed: unknown[] = [];
    const socket: SocketLike = {
      readyState: 1,
      bufferedAmount: 0,
      send: (text) => sent.push(text),
      close: (...why) => closed.push(why),
      addEventListener: (type: string, listener: (event: { data: unknown }) => void) =>
        listeners.set(type, listener),
      ...over,
    };
    return {
      socket,
      sent,
      closed,
      happen: (type: string, data?: unknown) => listeners.get(type)?.({ data }),
    };
  }

  it.each([
    ['text that is no JSON', '{"kind":'],
    ['nothing', ''],
    ['bytes', new Uint8Array([123, 125])],
    ['a blob', {}],
  ])('is closed by %s, and nothing of it is passed on', (_what, data) => {
    const { socket, closed, happen } = fakeSocket();
    const transport = socketTransport(socket);
    const heard = vi.fn();
    const lost = vi.fn();
    transport.onMessage(heard);
    transport.onClose(lost);
    happen('message', data);
    happen('message', '{}');
    expect(closed).toEqual([[socketCloseCodes.malformed, expect.any(String)]]);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(heard).not.toHaveBeenCalled();
  });

  it('is closed when the other side no longer reads, instead of piling up what it is told', () => {
    const { socket, sent, closed } = fakeSocket({ bufferedAmount: 1001 });
    const transport = socketTransport(socket, 1000);
    transport.send({ n: 1 });
    transport.send({ n: 2 });
    expect(closed).toEqual([[socketCloseCodes.slow, expect.any(String)]]);
    expect(sent).toEqual([]);
  });

  it('sends what was said before it was open, in order, and nothing once it is closing', () => {
    const state = { readyState: 0 };
    const { socket, sent, happen } = fakeSocket();
    Object.defineProperty(socket, 'readyState', { get: () => state.readyState });
    const transport = socketTransport(socket);
    transport.send(1);
    transport.send(2);
    expect(sent).toEqual([]);
    state.readyState = 1;
    happen('open');
    transport.send(3);
    state.readyState = 2;
    transport.send(4);
    expect(sent).toEqual(['1', '2', '3']);
  });
});

describe('joining handler tables', () => {
  const { handlers } = fakeService();
  const { 'app.info': info, ...projects } = handlers;

  it('joins tables that together are the contract', () => {
    expect(Object.keys(joinHandlers({ 'app.info': info }, projects)).sort()).toEqual(
      Object.keys(handlers).sort(),
    );
  });
  it('refuses a method that two tables handle', () => {
    expect(() => joinHandlers(handlers, { 'app.info': info })).toThrow(/"app.info" has two/);
  });
  it('refuses a method the contract does not have', () => {
    expect(() => joinHandlers(handlers, { 'app.explode': info } as Partial<Handlers>)).toThrow(
      /no method "app.explode"/,
    );
  });
  it('refuses to start with a method nobody handles', () => {
    expect(() => joinHandlers(projects)).toThrow(/Nobody handles "app.info"/);
  });
});
