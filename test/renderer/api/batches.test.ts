import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inBatches } from '../../../src/renderer/api/batches.ts';

describe('batches of what comes often', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hands on the first at once and the others together, in order, none twice', () => {
    const batches: (readonly number[])[] = [];
    const hear = inBatches<number>(100, (batch) => batches.push(batch));
    hear(1);
    expect(batches).toEqual([[1]]);
    hear(2);
    hear(3);
    expect(batches).toEqual([[1]]);
    vi.advanceTimersByTime(100);
    expect(batches).toEqual([[1], [2, 3]]);
    hear(4);
    vi.advanceTimersByTime(99);
    expect(batches).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(batches).toEqual([[1], [2, 3], [4]]);
    vi.advanceTimersByTime(1_000);
    hear(5);
    expect(batches.at(-1)).toEqual([5]);
  });
});
