import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStream } from '../../src/store/streams.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return all;
}
/** Files this process has open, where the system tells. */
const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('a file that is read piece by piece', () => {
  it.each([0, 1, 256 * 1024, 1_000_000])('comes whole when it has %i bytes', async (bytes) => {
    const content = Buffer.alloc(bytes, 'holotype');
    writeFileSync(path, content);
    const stream = await openStream(path);
    expect(stream.bytes).toBe(bytes);
    const pieces = await collect(stream.chunks);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    for (const { length } of pieces) expect(length).toBeLessThanOrEqual(256 * 1024);
  });

  it('has as many bytes as were promised, whatever is added meanwhile', async () => {
    writeFileSync(path, 'abc');
    const { chunks } = await openStream(path);
    writeFileSync(path, 'abcdef');
    expect(Buffer.concat(await collect(chunks)).toString()).toBe('abc');
  });

  it('that is shortened, gone or a folder is a trouble with storage', async () => {
    writeFileSync(path, new Uint8Array(1000));
    const shortened = await openStream(path);
    truncateSync(path, 10);
    await expect(collect(shortened.chunks)).rejects.toMatchObject({ code: 'storage' });
    const gone = await openStream(path);
    rmSync(path);
    await expect(collect(gone.chunks)).rejects.toMatchObject({ code: 'storage' });
    await expect(openStream(path)).rejects.toMatchObject({ code: 'storage' });
    mkdirSync(path);
    await expect(openStream(path)).rejects.toMatchObject({ code: 'storage' });
  });

  it.skipIf(process.platform !== 'linux')('is open only while it is read', async () => {
    writeFileSync(path, new Uint8Array(1_000_000));
    const before = openFiles();
    const unread = await openStream(path);
    expect(openFiles()).toBe(before);
    for await (const chunk of unread.chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(openFiles()).toBe(before);
  });
});
