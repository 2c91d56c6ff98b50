import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { HolotypeError } from '../../src/contract/errors.ts';
import {
  cleanTemporaryFiles,
  readJson,
  storageError,
  temporaryPath,
  writeFileAtomic,
  writeJsonAtomic,
} from '../../src/store/atomic.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = scratchFolder();
  path = join(folder, 'file.txt');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const errno = (code: string) => Object.assign(new Error(`${code}: injected`), { code });

describe('writing a file atomically', () => {
  it('writes texts, bytes and streams', async () => {
    await writeFileAtomic(path, 'größer');
    expect(readFileSync(path, 'utf8')).toBe('größer');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    const stream = async function* () {
      yield Uint8Array.of(4);
      await Promise.resolve();
      yield new Uint8Array(0);
      yield Uint8Array.of(5, 6);
    };
    await writeFileAtomic(path, stream());
    expect([...readFileSync(path)]).toEqual([4, 5, 6]);
    expect(readdirSync(folder)).toEqual(['file.txt']);
  });

  it.skipIf(process.platform === 'win32')('sets the permissions asked for', async () => {
    await writeFileAtomic(path, 'secret', { mode: 0o600 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes a name as long as the disk allows, and explains one that is longer', async () => {
    await writeFileAtomic(join(folder, 'x'.repeat(255)), 'long');
    expect(readFileSync(join(folder, 'x'.repeat(255)), 'utf8')).toBe('long');
    await expect(writeFileAtomic(join(folder, 'x'.repeat(256)), 'too long')).rejects.toMatchObject({
      code: 'storage',
      details: { errno: 'ENAMETOOLONG' },
    });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.skipIf(process.platform !== 'linux')('keeps the old content when the disk is full', async () => {
    await writeFileAtomic(path, 'old');
    const open = fileSystem.open;
    vi.spyOn(fileSystem, 'open').mockImplementation((name, ...rest) =>
      String(name).endsWith('.tmp') ? open('/dev/full', 'w') : open(name, ...rest),
    );
    const error: unknown = await writeFileAtomic(path, 'new').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HolotypeError);
    expect(error).toMatchObject({
      code: 'storage',
      message: `The disk is full: "${path}" could not be written.`,
    });
    expect(error).toHaveProperty('remedy', 'Free some space and try again.');
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it.each(['EROFS', 'EACCES', 'EPERM', 'EIO'])('cleans up when renaming fails with %s', async (code) => {
    await writeFileAtomic(path, 'old');
    vi.spyOn(fileSystem, 'rename').mockRejectedValue(errno(code));
    await expect(writeFileAtomic(path, 'new')).rejects.toMatchObject({
      code: 'storage',
      details: { errno: code },
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file.txt']);
  });

  it('cleans up when its source fails, and passes that error on', async () => {
    await writeFileAtomic(path, 'old');
    const offline = new HolotypeError('network', 'The connection broke.');
    const source = async function* () {
      yield await Promise.resolve(Uint8Array.of(1));
      throw offline;
    };
    await expect(writeFileAtomic(path, source())).rejects.toBe(offline);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file.txt']);
  });

  it('explains a folder that has vanished, and a file in the place of a folder', async () => {
    await expect(writeFileAtomic(join(folder, 'gone', 'x'), '')).rejects.toMatchObject({
      code: 'storage',
      details: { errno: 'ENOENT' },
    });
    writeFileSync(path, '');
    await expect(writeFileAtomic(join(path, 'x'), '')).rejects.toMatchObject({
      code: 'storage',
      details: { errno: 'ENOTDIR' },
    });
  });

  it('is not disturbed by a second writer of the same file', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['file.txt']);
  });
});

describe('storage errors', () => {
  it.each([
    'ENOSPC',
    'EDQUOT',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENOENT',
    'ENOTDIR',
    'EISDIR',
    'ENAMETOOLONG',
    'EBUSY',
  ])('%s gets words and a remedy', (code) => {
    const error = storageError(errno(code), path);
    expect(error.code).toBe('storage');
    expect(error.message).toContain(path);
    expect(error.message).not.toContain(code);
    expect(error.remedy).toMatch(/^[A-Z].*\.$/);
  });

  it('keeps other errors what they are', () => {
    const known = new HolotypeError('busy', 'In use.');
    expect(storageError(known, path)).toBe(known);
    expect(storageError(new TypeError('x is undefined'), path)).toMatchObject({
      code: 'failed',
      message: 'x is undefined',
    });
    expect(storageError(errno('EWEIRD'), path).message).toContain('EWEIRD');
  });
});

describe('reading JSON', () => {
  const schema = z.object({ version: z.number(), names: z.array(z.string()) });
  const value = { version: 1, names: ['ä', 'b'] };

  it('reads what was written', async () => {
    await writeJsonAtomic(path, value);
    expect(await readJson(path, schema)).toEqual(value);
    writeFileSync(path, `\uFEFF${JSON.stringify(value)}`);
    expect(await readJson(path, schema)).toEqual(value);
  });

  it('says clearly what is wrong, wherever the file is cut', async () => {
    const bytes = Buffer.from(JSON.stringify(value));
    for (let length = 0; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(readJson(path, schema)).rejects.toMatchObject({ code: 'bad-input', details: { path } });
    }
  });

  it('names the field', async () => {
    await writeJsonAtomic(path, { version: 1, names: ['a', 2] });
    await expect(readJson(path, schema)).rejects.toThrow('names.1: ');
    await expect(readJson(join(folder, 'none.json'), schema)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('temporary files', () => {
  const leftover = (pid: number, host?: string) => {
    const own = temporaryPath(path).split(/[/\\]/).at(-1) ?? '';
    const [, ownHost = '', , started = ''] = /^\.holotype-([0-9a-f]+)-(\d+)-([0-9a-f]+)-/.exec(own) ?? [];
    return join(
      folder,
      own.replace(`${ownHost}-${process.pid}-${started}`, `${host ?? ownHost}-${pid}-${started}`),
    );
  };

  it('of dead processes are removed, and only those', async () => {
    const deadPid = 2 ** 22 + 1; // above Linux' highest
    const dead = leftover(deadPid);
    const foreign = leftover(1, '00000000');
    const old = leftover(1, '00000001');
    for (const name of [dead, foreign, old, temporaryPath(path), path, join(folder, '.holotype-x.tmp')])
      writeFileSync(name, '');
    const before = Date.now() / 1000 - 2 * 24 * 60 * 60;
    utimesSync(old, before, before);
    const deadFolder = leftover(deadPid).replace('.tmp', '0.tmp');
    mkdirSync(deadFolder);
    writeFileSync(join(deadFolder, 'x'), '');

    const removed = await cleanTemporaryFiles(folder);
    expect(removed.sort()).toEqual(
      [dead, deadFolder, old].map((name) => name.slice(folder.length + 1)).sort(),
    );
    expect(readdirSync(folder)).toHaveLength(4);
    expect(await cleanTemporaryFiles(join(folder, 'none'))).toEqual([]);
  });
});
