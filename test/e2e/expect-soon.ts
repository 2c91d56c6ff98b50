import { expect } from 'vitest';

/** Waits until it is so; a busy machine takes its time. */
export async function expectSoon(what: () => unknown, value: unknown): Promise<void> {
  await expect.poll(what, { timeout: 20_000 }).toEqual(value);
}
