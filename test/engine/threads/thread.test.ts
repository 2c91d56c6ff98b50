import { afterEach, describe, expect, it } from 'vitest';
import { Thread } from '../../../src/engine/threads/thread.ts';

const open: Thread[] = [];
afterEach(async () => {
  for (const thread of open.splice(0)) await thread.stop();
});

async function start(program: string, data: object = {}): Promise<{ thread: Thread; ready: unknown }> {
  const started = await Thread.start(program, data);
  open.push(started.thread);
  return started;
}

/** Adds to what it was given; falls over a minus, and is never through with a zero. */
const adding = `async ({ base }) => ({
  ready: 'for ' + base,
  answer: async ({ add }) => {
    if (add === 0) await new Promise(() => undefined);
    if (add < 0) throw new Error('less than nothing');
    return { value: base + add };
  },
})`;

describe('a thread', () => {
  it('says that it is ready, and gives each request its own answer', async () => {
    const { thread, ready } = await start(adding, { base: 10 });
    expect(ready).toBe('for 10');
    const answers = [1, 2, 3].map((add) => thread.ask({ add }));
    expect(thread.load).toBe(3);
    expect(await Promise.all(answers)).toEqual([11, 12, 13]);
    expect(thread.load).toBe(0);
  });

  it('tells what went wrong with one request, and goes on with the next', async () => {
    const { thread } = await start(adding, { base: 10 });
    await expect(thread.ask({ add: -1 })).rejects.toThrow('less than nothing');
    expect(await thread.ask({ add: 1 })).toBe(11);
  });

  it('shares memory, and moves what it may have', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const { thread } = await start(
      `async ({ shared }) => ({
        ready: true,
        answer: ({ own }) => {
          shared[0] = own[0];
          return { value: own, moved: [own.buffer] };
        },
      })`,
      { shared },
    );
    const own = Int32Array.of(7);
    expect(await thread.ask({ own }, [own.buffer])).toEqual(Int32Array.of(7));
    expect(own).toHaveLength(0);
    expect(shared[0]).toBe(7);
  });

  it('leaves nobody waiting when it is ended, nor those who ask later', async () => {
    const { thread } = await start(adding, { base: 10 });
    const answer = thread.ask({ add: 0 });
    await Promise.all([expect(answer).rejects.toThrow('its thread ended'), thread.stop()]);
    await expect(thread.ask({ add: 1 })).rejects.toThrow('its thread ended');
  });

  it('does not start where its program does not', async () => {
    await expect(Thread.start(`async () => { throw new Error('no room') }`, {})).rejects.toThrow('no room');
    await expect(Thread.start(`async () => ({`, {})).rejects.toThrow(SyntaxError);
    await expect(Thread.start(`async () => process.exit(3)`, {})).rejects.toThrow('code 3');
  });
});
