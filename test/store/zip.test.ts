import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { openZip } from '../../src/store/zip-reader.ts';
import { createZip } from '../../src/store/zip-writer.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, 'archive.zip');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function write(files: Readonly<Record<string, Uint8Array>>, deflate = false): Promise<number> {
  const zip = await createZip(path);
  for (const [name, content] of Object.entries(files)) await zip.add(name, [content], { deflate });
  return zip.finish();
}

async function read(): Promise<Record<string, Uint8Array>> {
  const zip = await openZip(path);
  try {
    const files: [string, Uint8Array][] = [];
    for (const entry of zip.entries) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of zip.read(entry)) chunks.push(chunk);
      files.push([entry.name, Uint8Array.from(Buffer.concat(chunks))]);
    }
    return Object.fromEntries(files);
  } finally {
    await zip.close();
  }
}

const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((name) => {
  const safe = Buffer.from(name).toString() === name && !name.includes('\\');
  return safe && name !== '__proto__';
});
const contents = fc.dictionary(names, fc.uint8Array({ maxLength: 500 }), { maxKeys: 8 });

describe('archives', () => {
  it('hold what was put into them, for us and for others', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.boolean(), async (files, deflate) => {
        expect(await write(files, deflate)).toBe(statSync(path).size);
        const wanted = { ...files };
        expect(await read()).toEqual(wanted);
        expect({ ...unzipSync(readFileSync(path)) }).toEqual(wanted);
      }),
      { numRuns: 50 },
    );
  });

  it('of others are read, too', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.constantFrom(0, 6), async (files, level) => {
        writeFileSync(path, zipSync(files, { level, comment: 'PK\u0005\u0006 is no end here' }));
        expect(await read()).toEqual({ ...files });
      }),
      { numRuns: 50 },
    );
  });

  it('may have more files than the old format can count', async () => {
    const zip = await createZip(path);
    const count = 70_000;
    for (let n = 0; n < count; n += 1) await zip.add(`${n}`, [text(`${n}`)]);
    await zip.finish();
    const zipped = await openZip(path);
    await zipped.close();
    const { entries } = zipped;
    expect(entries).toHaveLength(count);
    expect(entries.at(-1)).toMatchObject({ name: `${count - 1}`, bytes: 5 });
  });

  it('are streamed, and compress text', async () => {
    const zip = await createZip(path);
    const line = text('one and the same line\n'.repeat(1_000));
    async function* lines(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 500; n += 1) yield line;
    }
    await zip.add('text.txt', lines(), { deflate: true });
    expect(await zip.finish()).toBeLessThan(200_000);
    const [name, content] = Object.entries(await read())[0] ?? [];
    expect([name, content?.length]).toEqual(['text.txt', 500 * line.length]);
  });

  it('leave nothing behind when they are given up, or what goes into them fails', async () => {
    const zip = await createZip(path);
    await zip.add('a', [text('a')]);
    for (const deflate of [false, true])
      await expect(
        zip.add(
          'b',
          (async function* () {
            yield text('x');
            throw new Error('drive gone');
          })(),
          { deflate },
        ),
      ).rejects.toThrow('drive gone');
    await zip.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are known by their content', async () => {
    const hash = async (files: Record<string, Uint8Array>): Promise<string> => {
      const zip = await createZip(path);
      for (const [name, content] of Object.entries(files))
        await zip.add(name, [content], { modified: new Date(2026, 1, 1) });
      await zip.finish();
      const zipped = await openZip(path);
      await zipped.close();
      return zipped.contentHash;
    };
    const one = await hash({ a: text('1') });
    expect(await hash({ a: text('1') })).toBe(one);
    expect(await hash({ a: text('2') })).not.toBe(one);
  });
});

describe('a damaged archive', () => {
  it('is refused in words, wherever it is cut', async () => {
    await write({ 'a.txt': text('some text'), 'b.txt': text('other text') }, true);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(read()).rejects.toMatchObject({ code: 'bad-input' });
    }
  });

  it('never passes for a good one when a byte is another', async () => {
    await write({ 'a.txt': text('some text') }, true);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      writeFileSync(path, bytes);
      const outcome = await read().then(
        (files) => Object.values(files).map((content) => Buffer.from(content).toString()),
        (error: unknown) => (error instanceof HolotypeError ? error.code : 'another error'),
      );
      // Names, times and comments have no checksum; contents have.
      expect([['some text'], [], 'bad-input', 'not-supported']).toContainEqual(outcome);
    }
  });

  it('that unpacks to more than it says is stopped', async () => {
    await write({ 'a.txt': new Uint8Array(1_000_000) }, true);
    const bytes = readFileSync(path);
    const central = bytes.lastIndexOf('PK\u0001\u0002');
    bytes.writeUInt32LE(100, central + 24);
    writeFileSync(path, bytes);
    await expect(read()).rejects.toThrow('larger than it says');
  });
});
