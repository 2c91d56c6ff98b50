import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listFolder } from './folders.ts';

/**
 * Waits until nothing has changed among a folder's own files for a while.
 *
 * @param forMs how long a while is
 * @param atMostMs patience: then it returns all the same
 */
export async function quiet(folder: string, forMs = 300, atMostMs = 5_000): Promise<void> {
  const end = Date.now() + atMostMs;
  let last = '';
  let since = Date.now();
  while (Date.now() < end) {
    const now = await fingerprint(folder);
    if (now !== last) since = Date.now();
    else if (Date.now() - since >= forMs) return;
    last = now;
    await sleep(50);
  }
}

async function fingerprint(folder: string): Promise<string> {
  const parts = (await listFolder(folder)).map(async (name) => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return `${name} ${found?.size ?? 0} ${found?.mtimeMs ?? 0}`;
  });
  return (await Promise.all(parts)).join('\n');
}
