import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { fileSystem } from '../../src/store/file-system.ts';
import { appendJsonl, readJsonl } from '../../src/store/jsonl.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, 'log.jsonl');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function write(records: readonly unknown[]): Promise<void> {
  const writer = await appendJsonl(path);
  await Promise.all(records.map((record) => writer.append(record)));
  await writer.close();
}

describe('a JSONL file', () => {
  it('gives back what was appended, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (records) => {
        rmSync(path, { force: true });
        await write(records.slice(0, 5));
        await write(records.slice(5));
        const stored: unknown = JSON.parse(JSON.stringify(records));
        expect(await readJsonl(path)).toEqual({ records: stored, torn: false, badLines: [] });
      }),
      { numRuns: 30 },
    );
  });

  it('reads lines longer than a chunk, and chunks that end in the middle of a letter', async () => {
    const records = ['ä'.repeat(3_000_000), { x: 'ö'.repeat(700_001) }, 1];
    await write(records);
    expect((await readJsonl(path)).records).toEqual(records);
  });

  it('survives being cut at every byte, and can be written again', async () => {
    const records = [{ n: 1, s: 'ä' }, [2], { n: 3, deep: { x: [] } }];
    await write(records);
    const bytes = readFileSync(path);
    const ends: number[] = [];
    for (const record of records)
      ends.push((ends.at(-1) ?? -1) + 1 + Buffer.byteLength(JSON.stringify(record)));
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      const atBoundary = length === 0 || ends.some((end) => end === length || end + 1 === length);
      expect(await readJsonl(path)).toEqual({
        records: records.slice(0, whole),
        torn: !atBoundary,
        badLines: [],
      });
      await write(['more']);
      expect(await readJsonl(path)).toEqual({
        records: [...records.slice(0, whole), 'more'],
        torn: false,
        badLines: [],
      });
    }
  });

  it('does not take a cut number for a number', async () => {
    writeFileSync(path, '1\n12');
    expect(await readJsonl(path)).toEqual({ records: [1], torn: true, badLines: [] });
  });

  it('reports bad lines in the middle and goes on', async () => {
    writeFileSync(
      path,
      Buffer.concat([
        Buffer.from('\uFEFF{"n":1}\r\n\n{"n":2\n'),
        Buffer.of(0x22, 0xff, 0x22, 0x0a),
        Buffer.from('{"n":"x"}\n{"n":3}\n\0\0\0\0'),
      ]),
    );
    const { records, torn, badLines } = await readJsonl(path, z.object({ n: z.number() }));
    expect(records).toEqual([{ n: 1 }, { n: 3 }]);
    expect(torn).toBe(true);
    expect(badLines.map(({ line }) => line)).toEqual([3, 4, 5]);
    expect(badLines[0]?.reason).toBe('not valid JSON');
    expect(badLines[1]?.reason).toBe('not valid UTF-8');
    expect(badLines[2]?.reason).toMatch(/^n: /);
  });

  it('is empty when it is not there', async () => {
    expect(await readJsonl(path)).toEqual({ records: [], torn: false, badLines: [] });
  });

  it('refuses what is no JSON, and writing after closing', async () => {
    const writer = await appendJsonl(path);
    await expect(writer.append(undefined)).rejects.toThrow(TypeError);
    await writer.append(1, { sync: true });
    await writer.flush();
    await writer.close();
    await writer.close();
    await expect(writer.append(2)).rejects.toThrow('has been closed');
    expect((await readJsonl(path)).records).toEqual([1]);
  });

  it('removes the half record of a failed write, and the next one is whole again', async () => {
    const opened = vi.spyOn(fileSystem, 'open');
    const writer = await appendJsonl(path);
    await writer.append({ n: 1 });
    const handle = opened.mock.settledResults.at(-2); // the last one is the folder's, for fsync
    if (handle?.type !== 'fulfilled') throw new Error('the file has not been opened');
    const full = Object.assign(new Error('injected'), { code: 'ENOSPC' });
    const write = vi.spyOn(handle.value, 'write').mockImplementationOnce(() => {
      appendFileSync(path, '{"n"');
      return Promise.reject(full);
    });
    await expect(writer.append({ n: 2 })).rejects.toMatchObject({
      code: 'storage',
      details: { errno: 'ENOSPC' },
    });
    expect(write).toHaveBeenCalledOnce();
    expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n');
    await writer.append({ n: 3 });
    await writer.close();
    expect((await readJsonl(path)).records).toEqual([{ n: 1 }, { n: 3 }]);
  });
});
