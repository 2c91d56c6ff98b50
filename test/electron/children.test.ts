import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeChannel, FakeChild } from './fakes.ts';

const world = vi.hoisted(() => ({ forked: [] as unknown[] }));
vi.mock('electron', async () => {
  const fakes = await import('./fakes.ts');
  return {
    utilityProcess: {
      fork: (entry: string, _args: string[], options: object) => {
        const child = new fakes.FakeChild(entry, options);
        world.forked.push(child);
        return child;
      },
    },
    MessageChannelMain: fakes.FakeChannel,
  };
});
const { createChildren } = await import('../../electron/main/children.ts');
const { createLaunches } = await import('../../electron/main/launches.ts');

const entries = { engine: '/out/engine.js', worker: '/out/worker.js', probe: '/out/probe.js' };
const forked = (): FakeChild[] => world.forked as FakeChild[];
beforeEach(() => {
  world.forked.length = 0;
});
const flush = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

/** An engine process and, in it, the other half: what it hears from the main process reaches its launches. */
function engineWithLaunches() {
  const heard: unknown[] = [];
  const engine = createChildren(entries).start('engine', (message) =>
    heard.push(message),
  ) as unknown as FakeChild;
  const launches = createLaunches((message) => engine.emit('message', message));
  engine.postMessage = (message, ports) => {
    launches.hear(message as Parameters<typeof launches.hear>[0], ports[0] as FakeChannel['port1']);
  };
  return { engine, launches, heard };
}

/** The employer's port as the new process gets it. */
function employerOf(child: FakeChild | undefined): FakeChannel['port1'] {
  expect(child?.messages).toEqual([{ kind: 'employer' }]);
  return child?.posted[0]?.ports[0] as FakeChannel['port1'];
}

describe('processes of our own', () => {
  it('are started by name, never by path', () => {
    const { engine } = engineWithLaunches();
    expect(forked().map(({ entry }) => entry)).toEqual(['/out/engine.js']);
    for (const rubbish of [
      null,
      'launch',
      {},
      { kind: 'launch' },
      { kind: 'launch', id: 0, program: '/bin/sh' },
      { kind: 'launch', id: 0, program: 'constructor' },
      { kind: 'launch', id: '0', program: 'worker' },
      { kind: 'kill', id: 99 },
      { kind: 'explode', id: 1 },
    ])
      engine.emit('message', rubbish);
    expect(forked()).toHaveLength(1);
  });

  it('pass on what is not about processes', () => {
    const { engine, heard } = engineWithLaunches();
    const answer = { kind: 'answer', id: 1, answer: { about: 'save' } };
    engine.emit('message', answer);
    engine.emit('message', { kind: 'answer', id: 1 });
    expect(heard).toEqual([answer]);
  });
});

describe('a worker', () => {
  it('talks to the engine over a port of their own, also what was said before it was there', async () => {
    const { launches } = engineWithLaunches();
    const worker = launches.worker();
    const got: unknown[] = [];
    worker.onMessage((message) => got.push(message));
    worker.post({ n: 1 });
    const port = employerOf(forked()[1]);
    const there: unknown[] = [];
    if ('on' in port) port.on('message', (event) => there.push(event?.data));
    port.start();
    worker.post({ n: 2 });
    port.postMessage('hello');
    await vi.waitFor(() => expect([got, there]).toEqual([['hello'], [{ n: 1 }, { n: 2 }]]));
    expect(forked()[1]?.entry).toBe('/out/worker.js');
  });

  it('is heard to end, and can be ended', async () => {
    const { launches } = engineWithLaunches();
    const ends: unknown[] = [];
    launches.worker().onExit((code) => ends.push(code));
    const second = launches.worker();
    second.onExit((code) => ends.push(code));
    forked()[1]?.emit('exit', 134);
    second.kill();
    await flush();
    expect(forked()[2]?.killed).toBe(true);
    expect(ends).toEqual([134, 15]);
  });

  it('ends with the engine', () => {
    const { engine, launches } = engineWithLaunches();
    launches.worker();
    launches.probe();
    engine.emit('exit', 1);
    expect(forked().map(({ killed }) => killed)).toEqual([false, true, true]);
  });

  it('may start processes that try devices, which end with it', () => {
    const { launches } = engineWithLaunches();
    launches.worker();
    forked()[1]?.emit('message', { kind: 'launch', id: 0, program: 'probe' });
    expect(forked()[2]?.entry).toBe('/out/probe.js');
    expect(forked()[1]?.messages).toEqual([{ kind: 'employer' }, { kind: 'launched', id: 0 }]);
    forked()[1]?.emit('exit', 0);
    expect(forked()[2]?.killed).toBe(true);
  });
});

describe('a process that tries a device', () => {
  it('leaves its last words', async () => {
    const { launches } = engineWithLaunches();
    const ended = vi.fn();
    launches.probe().onEnd(ended);
    const [, child] = forked();
    expect(child?.options.stdio).toEqual(['ignore', 'ignore', 'pipe']);
    child?.stderr.emit('data', Buffer.from('x'.repeat(9000)));
    child?.stderr.emit('data', Buffer.from('driver: giving up'));
    child?.emit('exit', 139);
    expect(ended).toHaveBeenCalledExactlyOnceWith(
      'exit code 139',
      expect.stringMatching(/^x+driver: giving up$/),
    );
    expect(ended.mock.calls[0]?.[1]).toHaveLength(8000);
  });
});
