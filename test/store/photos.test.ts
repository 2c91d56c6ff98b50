import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isHidden, listFiles, readHead, readPhoto } from '../../src/store/photos.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holotype-photos-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), path);
  }
}

async function list(): Promise<{ paths: string[]; folders: string[]; problems: string[] }> {
  const found = { paths: [] as string[], folders: [] as string[], problems: [] as string[] };
  const report = {
    folder: (path: string) => found.folders.push(path),
    problem: (path: string, reason: string) => found.problems.push(`${path}: ${reason}`),
  };
  for await (const { path } of listFiles(folder, undefined, report)) found.paths.push(path);
  return found;
}

describe('listing files', () => {
  it('finds all, sorted, with size and time', async () => {
    await put('b/2.jpg', 'b/10.jpg', 'a/x/1.jpg', 'Z.jpg', 'a.jpg');
    const { paths, folders } = await list();
    expect(paths).toEqual(['Z.jpg', 'a/x/1.jpg', 'a.jpg', 'b/10.jpg', 'b/2.jpg']);
    expect(folders).toEqual(['a', 'a/x', 'b']);
    for await (const { path, bytes, mtimeMs } of listFiles(folder)) {
      expect(bytes).toBe(path.length);
      expect(mtimeMs).toBeGreaterThan(1e12);
    }
  });

  it('passes over what systems leave behind', async () => {
    await put(
      'a/.DS_Store',
      'a/._1.jpg',
      'a/Thumbs.db',
      'a/desktop.ini',
      '__MACOSX/a/1.jpg',
      '.ipynb_checkpoints/1.jpg',
      '@eaDir/1.jpg',
      '.git/config',
      'a/1.jpg',
    );
    const { paths, folders } = await list();
    expect(paths).toEqual(['a/1.jpg']);
    expect(folders).toEqual(['a']);
    expect(isHidden('Thumbs.db')).toBe(true);
    expect(isHidden('thumbs.jpg')).toBe(false);
  });

  it('keeps Unicode and very long names as they are', async () => {
    const names = ['Käfer/蜂 🐝.jpg', 'Ka\u0308fer2/n\u0303.jpg', `long/${'x'.repeat(240)}.jpg`];
    await put(...names);
    const { paths } = await list();
    expect(new Set(paths)).toEqual(new Set(names));
    for (const path of paths) expect(Buffer.from(await readPhoto(folder, path)).toString()).toBe(path);
  });

  it('follows links, but not round in circles', async () => {
    await put('a/1.jpg');
    await symlink(folder, join(folder, 'a', 'up'));
    await symlink(join(folder, 'a', '1.jpg'), join(folder, 'b.jpg'));
    await symlink(join(folder, 'a'), join(folder, 'c'));
    await symlink(join(folder, 'nowhere'), join(folder, 'd.jpg'));
    const { paths, problems } = await list();
    expect(paths).toEqual(['a/1.jpg', 'b.jpg', 'c/1.jpg']);
    expect(problems).toEqual(['d.jpg: a link to something that is not there']);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'reports a folder it may not enter (not as root, who may)',
    async () => {
      await put('a/1.jpg', 'b/1.jpg');
      await chmod(join(folder, 'a'), 0);
      const { paths, problems } = await list();
      await chmod(join(folder, 'a'), 0o700);
      expect(paths).toEqual(['b/1.jpg']);
      expect(problems).toEqual(['a: no permission to read it']);
    },
  );

  it('stops when cancelled', async () => {
    await put('a/1.jpg', 'b/1.jpg');
    const controller = new AbortController();
    const files = listFiles(folder, controller.signal);
    expect((await files.next()).value).toMatchObject({ path: 'a/1.jpg' });
    controller.abort();
    await expect(files.next()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('says when there is no such folder, or it is a file', async () => {
    await put('a.jpg');
    await expect(listFiles(join(folder, 'no')).next()).rejects.toMatchObject({ code: 'not-found' });
    await expect(listFiles(join(folder, 'a.jpg')).next()).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe('reading a photo', () => {
  it('never leaves its folder', async () => {
    await put('in/a.jpg', 'secret.txt', 'inside/b.jpg');
    const root = join(folder, 'in');
    expect(Buffer.from(await readPhoto(root, 'a.jpg')).toString()).toBe('in/a.jpg');
    for (const path of ['../secret.txt', '../inside/b.jpg', join(folder, 'secret.txt'), '.', '', 'a.jpg\0']) {
      await expect(readPhoto(root, path)).rejects.toMatchObject({ code: 'bad-usage' });
    }
  });

  it('names the file that can not be read', async () => {
    await expect(readPhoto(folder, 'gone.jpg')).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('gone.jpg') as unknown,
    });
  });

  it('reads a beginning', async () => {
    await put('abc.jpg');
    expect(Buffer.from(await readHead(folder, 'abc.jpg', 3)).toString()).toBe('abc');
    expect(await readHead(folder, 'abc.jpg', 100)).toHaveLength(7);
  });
});
