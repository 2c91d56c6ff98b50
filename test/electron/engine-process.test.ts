import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Program } from '../../electron/main/child-messages.ts';
import type { Children } from '../../electron/main/children.ts';
import { FakeChild } from './fakes.ts';

vi.mock('electron', () => ({
  utilityProcess: {},
  MessageChannelMain: class {
    readonly port1 = { end: 'engine' };
    readonly port2 = { end: 'page' };
  },
}));
const { createEngineProcess } = await import('../../electron/main/engine-process.ts');

let time: number;
const news: { message: string; retry: boolean }[] = [];
const children: FakeChild[] = [];
const start = vi.fn((program: Program, heard?: (message: unknown) => void) => {
  const child = new FakeChild(program);
  child.on('message', (message) => heard?.(message));
  children.push(child);
  return child;
});
const engine = () =>
  createEngineProcess(
    // Only what the engine uses of a process is played.
    { start } as unknown as Children,
    (item) => news.push(item),
    () => time,
  );

beforeEach(() => {
  children.length = 0;
  news.length = 0;
  start.mockClear();
  time = 0;
});

describe("the engine's process", () => {
  it('starts with the first connection and gives each page a channel of its own', () => {
    const process = engine();
    expect(start).not.toHaveBeenCalled();
    const first = process.connect('automatic');
    const second = process.connect('automatic');
    expect(first).toEqual({ end: 'page' });
    expect(second).not.toBe(first);
    expect(start).toHaveBeenCalledExactlyOnceWith('engine', expect.any(Function));
    expect(children[0]?.posted).toEqual([
      { message: { kind: 'connect' }, ports: [{ end: 'engine' }] },
      { message: { kind: 'connect' }, ports: [{ end: 'engine' }] },
    ]);
  });

  it('tells of a crash in words for people and starts again on the next connection', () => {
    const process = engine();
    process.connect('automatic');
    children[0]?.emit('exit', 139);
    expect(news).toEqual([
      { retry: true, message: expect.stringMatching(/stopped unexpectedly.*139.*saved is safe/) },
    ]);
    expect(process.connect('automatic')).toEqual({ end: 'page' });
    expect(children).toHaveLength(2);
  });

  it('gives up after three crashes within a minute, until a person asks', () => {
    const process = engine();
    for (let n = 0; n < 3; n++) {
      expect(process.connect('automatic')).toBeDefined();
      children[n]?.emit('exit', 1);
      time += 1000;
    }
    expect(news.map(({ retry }) => retry)).toEqual([true, true, false]);
    expect(process.connect('automatic')).toBeUndefined();
    expect(children).toHaveLength(3);
    // A page that asked must hear why it gets nothing.
    expect(news.at(-1)).toEqual({ retry: false, message: expect.stringContaining('3 times') });
    expect(process.connect('person')).toEqual({ end: 'page' });
    expect(children).toHaveLength(4);
  });

  it('forgives crashes that are more than a minute apart', () => {
    const process = engine();
    for (let n = 0; n < 6; n++) {
      expect(process.connect('automatic')).toBeDefined();
      children[n]?.emit('exit', 1);
      time += 40_000;
    }
    expect(news.every(({ retry }) => retry)).toBe(true);
  });
});

describe('pictures', () => {
  it('have a channel each, while the engine runs', () => {
    const process = engine();
    expect(process.openMedia()).toBeUndefined();
    process.connect('automatic');
    expect(process.openMedia()).toEqual({ end: 'page' });
    expect(children[0]?.posted.at(-1)).toEqual({ message: { kind: 'media' }, ports: [{ end: 'engine' }] });
    children[0]?.emit('exit', 1);
    expect(process.openMedia()).toBeUndefined();
  });
});

describe('questions to the engine', () => {
  it('get the answer with their number, in whatever order', async () => {
    const process = engine();
    process.connect('automatic');
    const [child] = children;
    const [one, other] = [
      process.ask({ about: 'grant', paths: ['/a'] }),
      process.ask({ about: 'save', download: 'd', path: '/p' }),
    ];
    expect(child?.messages.slice(1)).toEqual([
      { kind: 'ask', id: 0, question: { about: 'grant', paths: ['/a'] } },
      { kind: 'ask', id: 1, question: { about: 'save', download: 'd', path: '/p' } },
    ]);
    child?.emit('message', { kind: 'answer', id: 1, answer: { about: 'save' } });
    child?.emit('message', { kind: 'answer', id: 0, answer: { about: 'grant', places: ['token'] } });
    child?.emit('message', { kind: 'answer', id: 77, answer: { about: 'save' } });
    expect(await one).toEqual({ about: 'grant', places: ['token'] });
    expect(await other).toEqual({ about: 'save' });
  });

  it('fail with the reason the engine gives, when it crashes, and when it does not run', async () => {
    const process = engine();
    await expect(process.ask({ about: 'logs' })).rejects.toMatchObject({ code: 'failed' });
    process.connect('automatic');
    const trouble = process.ask({ about: 'logs' });
    children[0]?.emit('message', {
      kind: 'answer',
      id: 0,
      answer: { about: 'trouble', message: 'The disk is full.', remedy: 'Free some.' },
    });
    await expect(trouble).rejects.toMatchObject({ message: 'The disk is full.', remedy: 'Free some.' });
    const lost = process.ask({ about: 'logs' });
    children[0]?.emit('exit', 1);
    await expect(lost).rejects.toMatchObject({ message: expect.stringContaining('not running') });
  });
});

describe('the end', () => {
  it('is asked for first; an engine that goes is no news and stays down', async () => {
    const process = engine();
    process.connect('automatic');
    const stopped = process.stop();
    expect(children[0]?.messages.at(-1)).toEqual({ kind: 'quit' });
    expect(children[0]?.killed).toBe(false);
    children[0]?.emit('exit', 0);
    await stopped;
    expect(children[0]?.killed).toBe(false);
    expect(news).toEqual([]);
    expect(process.connect('person')).toBeUndefined();
    expect(children).toHaveLength(1);
  });

  it('comes by force when the engine does not go', async () => {
    vi.useFakeTimers();
    try {
      const process = engine();
      process.connect('automatic');
      const stopped = process.stop();
      vi.advanceTimersByTime(2_000);
      expect(children[0]?.killed).toBe(false);
      vi.advanceTimersByTime(2_000);
      expect(children[0]?.killed).toBe(true);
      await stopped;
    } finally {
      vi.useRealTimers();
    }
  });

  it('of an engine that never ran is there at once', async () => {
    await engine().stop();
    expect(children).toEqual([]);
  });
});
