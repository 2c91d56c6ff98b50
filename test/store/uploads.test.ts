import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileSystem } from '../../src/store/file-system.ts';
import { openUploads, storableName, targetOf } from '../../src/store/uploads.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function* chunks(...parts: (string | number)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'number' ? new Uint8Array(part) : Buffer.from(part);
}

describe('files that are sent', () => {
  it('lie below a folder of their own, in their folders', async () => {
    const uploads = openUploads(folder);
    const [one, other] = [uploads.begin(), uploads.begin()];
    expect(await uploads.write(one, 'leaves/rust/a.jpg', chunks('ab', 'c'))).toBe(3);
    await uploads.write(other, 'a.jpg', chunks('other'));
    expect(readFileSync(join(uploads.folderOf(one), 'leaves', 'rust', 'a.jpg'), 'utf8')).toBe('abc');
    expect(uploads.folderOf(one)).toBe(join(folder, one));
    expect(readdirSync(uploads.folderOf(other))).toEqual(['a.jpg']);
  });

  it('of one name: the last one counts', async () => {
    const uploads = openUploads(folder);
    const id = uploads.begin();
    await uploads.write(id, 'a.jpg', chunks('first, and longer'));
    await uploads.write(id, 'a.jpg', chunks('second'));
    expect(readFileSync(join(uploads.folderOf(id), 'a.jpg'), 'utf8')).toBe('second');
  });

  it.each(['nobody', '', '../x', '__proto__'])(
    'to a set that was not given out (%j) are refused',
    async (id) => {
      const uploads = openUploads(folder);
      expect(() => uploads.folderOf(id)).toThrow(expect.objectContaining({ code: 'not-found' }));
      await expect(uploads.write(id, 'a.jpg', chunks('x'))).rejects.toMatchObject({ code: 'not-found' });
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});

describe('names', () => {
  it.each([
    '../a.jpg',
    'a/../../b.jpg',
    '..',
    '.',
    './a.jpg',
    '/etc/passwd',
    '//a',
    'a//b',
    'a/',
    '',
    'a\0.jpg',
    '..\\..\\a.jpg',
    'a\\b',
    `${'a/'.repeat(40)}b`,
  ])('%j lead nowhere', async (path) => {
    const uploads = openUploads(folder);
    await expect(uploads.write(uploads.begin(), path, chunks('x'))).rejects.toMatchObject({
      code: 'bad-usage',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    'ぶどう/うどんこ病.jpg',
    'Möhren/Käfer (2).jpg',
    '🍂/🍁.png',
    'a b/c?d:e*.jpg',
    '...',
    '.hidden',
    'a'.repeat(255),
  ])('%j are kept as they are', async (path) => {
    const uploads = openUploads(folder);
    const id = uploads.begin();
    await uploads.write(id, path, chunks('x'));
    expect(readFileSync(join(uploads.folderOf(id), ...path.split('/')), 'utf8')).toBe('x');
  });

  it('that are too long keep beginning and extension, and stay apart', async () => {
    const [long, longer] = ['ü'.repeat(300), `${'ü'.repeat(300)}x`];
    const names = [long, longer, `${long}/a`].map((name) => storableName(`${name}.jpeg`, 'linux'));
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(name)).toBeGreaterThan(250);
      expect(name).toMatch(/^ü+~[0-9a-f]{8}\.jpeg$/);
    }
    expect(new Set(names).size).toBe(3);
    const uploads = openUploads(folder);
    const id = uploads.begin();
    await uploads.write(id, `${long}/${long}.jpg`, chunks('x'));
    expect(readdirSync(uploads.folderOf(id))).toHaveLength(1);
  });

  it('with control characters, or that Windows has no room for, are changed', () => {
    expect(storableName('a\nb\u0007.jpg', 'linux')).toBe('a_b_.jpg');
    expect(storableName('a<b>:"|?*.jpg', 'win32')).toBe('a_b______.jpg');
    expect(storableName('a<b>:.jpg', 'linux')).toBe('a<b>:.jpg');
    expect(storableName('con.jpg', 'win32')).toBe('_con.jpg');
    expect(storableName('name. .', 'win32')).toBe('name___');
  });

  it('stay inside whatever they are', () => {
    const root = resolve('/data/uploads/x');
    for (const path of ['C:', 'C:x', 'a/C:/b', '~', '%2e%2e', '....', '. .', ' ', '\u202e']) {
      for (const platform of ['linux', 'win32'] as const)
        expect(targetOf(root, path, platform).startsWith(root + sep)).toBe(true);
    }
  });
});

describe('limits', () => {
  const limits = { file: 1000, total: 2500, files: 4 };

  it('stop a file that is too large, and nothing of it is left', async () => {
    const uploads = openUploads(folder, limits);
    const id = uploads.begin();
    await expect(uploads.write(id, 'a', chunks(600, 600))).rejects.toMatchObject({
      code: 'bad-input',
      details: { reason: 'body-too-large' },
    });
    expect(readdirSync(uploads.folderOf(id))).toEqual([]);
    await uploads.write(id, 'a', chunks(1000));
  });

  it('stop a set that is too large, or has too many files', async () => {
    const uploads = openUploads(folder, limits);
    const id = uploads.begin();
    await Promise.all([uploads.write(id, 'a', chunks(900)), uploads.write(id, 'b', chunks(900))]);
    await expect(uploads.write(id, 'c', chunks(900))).rejects.toMatchObject({ code: 'bad-input' });
    await uploads.write(id, 'c', chunks(1));
    await uploads.write(id, 'd', chunks(1));
    await expect(uploads.write(id, 'e', chunks(1))).rejects.toMatchObject({ code: 'bad-input' });
    await uploads.write(uploads.begin(), 'e', chunks(900));
  });

  it('of the disk: a full one is said to be full, and nothing half-written stays', async () => {
    const uploads = openUploads(folder);
    const id = uploads.begin();
    await uploads.write(id, 'a', chunks('x'));
    vi.spyOn(fileSystem, 'rename').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
    );
    await expect(uploads.write(id, 'b', chunks('x'))).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('full'),
    });
    expect(readdirSync(uploads.folderOf(id))).toEqual(['a']);
  });

  it('hold when the sender breaks off', async () => {
    const uploads = openUploads(folder);
    const id = uploads.begin();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      throw new Error('gone');
    };
    await expect(uploads.write(id, 'a', broken())).rejects.toThrow('gone');
    expect(readdirSync(uploads.folderOf(id))).toEqual([]);
  });
});

describe('the end of the engine', () => {
  it('removes what no project needs, and keeps the rest', async () => {
    const uploads = openUploads(folder);
    const [kept, lost] = [uploads.begin(), uploads.begin()];
    const [keptFolder, lostFolder] = [uploads.folderOf(kept), uploads.folderOf(lost)];
    await uploads.write(kept, 'a', chunks('x'));
    await uploads.write(lost, 'a', chunks('x'));
    await uploads.keep(kept);
    await uploads.close();
    expect(existsSync(join(keptFolder, 'a'))).toBe(true);
    expect(existsSync(lostFolder)).toBe(false);
    expect(readdirSync(folder).sort()).toEqual([kept, `${kept}.json`].sort());
  });

  it('that came by surprise is made up for by the next engine, which leaves the living alone', async () => {
    const living = openUploads(folder);
    const used = living.begin();
    await living.write(used, 'a', chunks('x'));
    const kept = living.begin();
    await living.write(kept, 'a', chunks('x'));
    await living.keep(kept);
    // An engine of a process that is no more.
    const note = JSON.parse(readFileSync(join(folder, `${used}.json`), 'utf8')) as { owner: string };
    const dead = note.owner.replace(/-\d+-/, '-999999999-');
    writeFileSync(join(folder, 'left.json'), JSON.stringify({ owner: dead, kept: false }));
    writeFileSync(join(folder, 'needed.json'), JSON.stringify({ owner: dead, kept: true }));
    writeFileSync(join(folder, 'rubbish.json'), '{');
    const next = openUploads(folder);
    await next.write(next.begin(), 'a', chunks('x'));
    const names = readdirSync(folder);
    expect(names).not.toContain('left.json');
    for (const name of [used, kept, 'needed.json', 'rubbish.json']) expect(names).toContain(name);
  });
});
