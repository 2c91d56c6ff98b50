import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it, vi } from 'vitest';

class FakeChild extends EventEmitter {
  posted: { message: unknown; ports: unknown[] }[] = [];
  killed = false;
  postMessage(message: unknown, ports: unknown[]): void {
    this.posted.push({ message, ports });
  }
  kill(): boolean {
    this.killed = true;
    this.emit('exit', 15);
    return true;
  }
}
const children: FakeChild[] = [];
const fork = vi.fn((_entry: string) => {
  const child = new FakeChild();
  children.push(child);
  return child;
});

vi.mock('electron', () => ({
  utilityProcess: { fork: (entry: string) => fork(entry) },
  MessageChannelMain: class {
    readonly port1 = { end: 'engine' };
    readonly port2 = { end: 'page' };
  },
}));

const { createEngineProcess } = await import('../../electron/main/engine-process.ts');

let time: number;
const news: { message: string; retry: boolean }[] = [];
const engine = () =>
  createEngineProcess(
    '/out/engine-entry.js',
    (item) => news.push(item),
    () => time,
  );

beforeEach(() => {
  children.length = 0;
  news.length = 0;
  fork.mockClear();
  time = 0;
});

describe("the engine's process", () => {
  it('starts with the first connection and gives each page a channel of its own', () => {
    const process = engine();
    expect(fork).not.toHaveBeenCalled();
    const first = process.connect('automatic');
    const second = process.connect('automatic');
    expect(first).toEqual({ end: 'page' });
    expect(second).not.toBe(first);
    expect(fork).toHaveBeenCalledExactlyOnceWith('/out/engine-entry.js');
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

  it('is silent about an end it was asked for, and stays down', () => {
    const process = engine();
    process.connect('automatic');
    process.stop();
    expect(children[0]?.killed).toBe(true);
    expect(news).toEqual([]);
    expect(process.connect('person')).toBeUndefined();
    expect(children).toHaveLength(1);
  });
});
