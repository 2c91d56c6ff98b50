import { describe, expect, it } from 'vitest';
import { createNewestFirst } from '../../../src/service/media/newest-first.ts';

/** Work that ends when the test says so, and a note of what was begun. */
function bench() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => (): Promise<string> => {
    begun.push(name);
    return new Promise((resolve) => {
      ends.set(name, () => resolve(name));
    });
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    begun,
    work,
    settle,
    end: async (name: string) => {
      ends.get(name)?.();
      await settle();
    },
  };
}

describe('newest first', () => {
  it('does so much at a time, and of what waits the newest', async () => {
    const { begun, work, end, settle } = bench();
    const queue = createNewestFirst(2);
    const all = ['a', 'b'].map((name) => queue.run(name, work(name)));
    await settle();
    all.push(...['c', 'd', 'e'].map((name) => queue.run(name, work(name))));
    await settle();
    expect(begun).toHaveLength(2);
    await end('a');
    await end('b');
    expect(begun.slice(2)).toEqual(['e', 'd']);
    await end('e');
    await end('d');
    await end('c');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('does the same work once for all who ask, and again when it is asked for later', async () => {
    const { begun, work, end, settle } = bench();
    const queue = createNewestFirst(1);
    const [one, other] = [queue.run('x', work('x')), queue.run('x', work('x'))];
    await settle();
    await end('x');
    expect(await one).toBe('x');
    expect(await other).toBe('x');
    expect(begun).toEqual(['x']);
    const again = queue.run('x', work('x'));
    await settle();
    await end('x');
    await again;
    expect(begun).toEqual(['x', 'x']);
  });

  it('brings what is asked for again to the front', async () => {
    const { begun, work, end, settle } = bench();
    const queue = createNewestFirst(1);
    void queue.run('busy', work('busy'));
    await settle();
    for (const name of ['old', 'new', 'newer']) void queue.run(name, work(name));
    void queue.run('old', work('old'));
    await end('busy');
    expect(begun).toEqual(['busy', 'old']);
  });

  it('never begins what nobody wants any more', async () => {
    const { begun, work, end, settle } = bench();
    const queue = createNewestFirst(1);
    void queue.run('busy', work('busy'));
    await settle();
    const controller = new AbortController();
    const dropped = queue.run('dropped', work('dropped'), controller.signal);
    const [lone, shared] = [new AbortController(), queue.run('shared', work('shared'))];
    const left = queue.run('shared', work('shared'), lone.signal);
    controller.abort();
    lone.abort();
    await expect(dropped).rejects.toMatchObject({ name: 'AbortError' });
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    await end('busy');
    await end('shared');
    expect(await shared).toBe('shared');
    expect(begun).toEqual(['busy', 'shared']);
    await expect(queue.run('late', work('late'), controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(begun).not.toContain('late');
  });

  it('does what was dropped when it is asked for afresh', async () => {
    const { begun, work, end, settle } = bench();
    const queue = createNewestFirst(1);
    void queue.run('busy', work('busy'));
    await settle();
    const controller = new AbortController();
    queue.run('x', work('x'), controller.signal).catch(() => undefined);
    controller.abort();
    const again = queue.run('x', work('x'));
    await end('busy');
    await end('x');
    expect(await again).toBe('x');
    expect(begun).toEqual(['busy', 'x']);
  });

  it('goes on after a failure, which everybody hears who waits', async () => {
    const queue = createNewestFirst(1);
    const fail = async (): Promise<never> => {
      throw new Error('damaged');
    };
    const both = [queue.run('x', fail), queue.run('x', fail)];
    const fine = queue.run('y', async () => 'y');
    for (const failed of both) await expect(failed).rejects.toThrow('damaged');
    expect(await fine).toBe('y');
  });
});
