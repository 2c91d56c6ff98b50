import { describe, expect, test } from 'vitest';
import { bridge, mapped } from '../../../src/service/train/bridge.ts';

async function collect<T, R>(source: AsyncGenerator<T, R>): Promise<{ values: T[]; result: R }> {
  const values: T[] = [];
  for (;;) {
    const step = await source.next();
    if (step.done === true) return { values, result: step.value };
    values.push(step.value);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('bridge', () => {
  test('yields every report in order, at once or later, then returns the result', async () => {
    const source = bridge<number, string>(async (report) => {
      report(1);
      report(2);
      await pause();
      report(3);
      await pause();
      return 'result';
    });
    expect(await collect(source)).toEqual({ values: [1, 2, 3], result: 'result' });
  });

  test('throws what the task throws, after what it reported', async () => {
    const heard: number[] = [];
    const source = bridge<number, void>(async (report) => {
      report(1);
      throw new Error('trouble');
    });
    const listen = async (): Promise<void> => {
      for await (const value of source) heard.push(value);
    };
    await expect(listen()).rejects.toThrow('trouble');
    expect(heard).toEqual([1]);
  });

  test('passes an abort on', async () => {
    const controller = new AbortController();
    const source = bridge<number, boolean>(async (report, signal) => {
      report(1);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return signal.aborted;
    }, controller.signal);
    await source.next();
    controller.abort();
    expect(await collect(source)).toEqual({ values: [], result: true });
  });

  test('a consumer that leaves ends the task, and waits for it', async () => {
    let ended = false;
    const source = bridge<number, void>(async (report, signal) => {
      report(1);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await pause();
      ended = true;
      throw new Error('nobody wants to know');
    });
    for await (const value of source) {
      expect(value).toBe(1);
      break;
    }
    expect(ended).toBe(true);
  });
});

describe('mapped', () => {
  async function* numbers(log: string[]): AsyncGenerator<number, string> {
    try {
      for (let n = 1; n < 5; n += 1) yield n;
      return 'all';
    } finally {
      log.push('ended');
    }
  }

  test('turns values, leaves some out, keeps the result', async () => {
    const source = mapped(numbers([]), (n) => (n % 2 === 0 ? undefined : `number ${n}`));
    expect(await collect(source)).toEqual({ values: ['number 1', 'number 3'], result: 'all' });
  });

  test('ends the source when the consumer leaves or the turning fails', async () => {
    const log: string[] = [];
    for await (const value of mapped(numbers(log), (n) => n)) {
      expect(value).toBe(1);
      break;
    }
    expect(log).toEqual(['ended']);
    const failing = mapped(numbers(log), () => Promise.reject(new Error('no')));
    await expect(failing.next()).rejects.toThrow('no');
    expect(log).toEqual(['ended', 'ended']);
  });
});
