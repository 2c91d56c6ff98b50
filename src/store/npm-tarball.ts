import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar/fs';
import { HolotypeError } from '../contract/errors.ts';
import type { ModelSource } from '../contract/model-manifest.ts';
import { ensureFolder, renameReplacing, syncFolder, temporaryPath } from './atomic.ts';
import { download } from './download.ts';
import { fileSystem } from './file-system.ts';
import { errnoOf, storageError } from './storage-error.ts';

export type NpmSource = Extract<ModelSource, { kind: 'npm' }>;

export interface TarballOptions {
  readonly sha256?: string;
  readonly size?: number;
  readonly signal?: AbortSignal;
  /** npm tells nothing on the way, so this hears of the start and of the end. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
  /** The npm to run; for tests. */
  readonly npm?: string;
}

/**
 * Gets one file out of a package of the npm registry. `npm pack` fetches the tarball, so that registry, proxy,
 * credentials and certificates are whatever the person has configured for npm; without npm on this machine it
 * comes from the public registry. Either way its sha512 must be the one the manifest pins.
 *
 * @param target where the file goes, when everything has been checked
 * @throws HolotypeError 'network', 'checksum', 'storage', 'cancelled'
 */
export async function fetchFromNpm(
  source: NpmSource,
  target: string,
  options: TarballOptions = {},
): Promise<void> {
  await ensureFolder(dirname(target));
  const folder = temporaryPath(target);
  await mkdir(folder).catch((error: unknown) => {
    throw storageError(error, folder);
  });
  try {
    options.onProgress?.(0, options.size);
    const tarball = await packOrDownload(source, folder, options);
    await extractFromTarball(tarball, source, target, options);
    if (options.size !== undefined) options.onProgress?.(options.size, options.size);
  } finally {
    await fileSystem.rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Path of the tarball, somewhere in `folder`. */
async function packOrDownload(source: NpmSource, folder: string, options: TarballOptions): Promise<string> {
  const outcome = await runNpmPack(source, folder, options);
  if (outcome === 'no-npm') {
    const name = source.package.replace(/^@[^/]*\//, '');
    const registry = (process.env['npm_config_registry'] || 'https://registry.npmjs.org').replace(/\/$/, '');
    const url = `${registry}/${source.package}/-/${name}-${source.version}.tgz`;
    const tarball = join(folder, 'package.tgz');
    await download(url, tarball, options.signal ? { signal: options.signal } : {});
    return tarball;
  }
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw npmFailed(source, 'it wrote no tarball');
  return join(folder, name);
}

function runNpmPack(
  source: NpmSource,
  folder: string,
  { signal, npm }: TarballOptions,
): Promise<'done' | 'no-npm'> {
  return new Promise((resolve, reject) => {
    // On Windows npm is a batch file, which only a shell can run. The arguments are safe in any shell: the
    // manifest's schema allows no space or special character in them, and the folder goes by the environment.
    const windows = process.platform === 'win32';
    const child = spawn(
      npm ?? (windows ? 'npm.cmd' : 'npm'),
      [
        'pack',
        `${source.package}@${source.version}`,
        '--ignore-scripts',
        '--loglevel=error',
        // npm's own patience is over a minute, which is long for somebody who is simply offline.
        '--fetch-retries=2',
        '--fetch-retry-mintimeout=1000',
        '--fetch-retry-maxtimeout=5000',
      ],
      {
        env: { ...process.env, npm_config_pack_destination: folder, npm_config_dry_run: 'false' },
        shell: windows,
        windowsHide: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(signal ? { signal } : {}),
      },
    );
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-4000);
    });
    child.on('error', (error) => {
      if (signal?.aborted) reject(new HolotypeError('cancelled', 'The download was cancelled.'));
      else if ('code' in error && error.code === 'ENOENT') resolve('no-npm');
      else reject(npmFailed(source, error.message, error));
    });
    child.on('close', (code) => {
      if (code === 0) resolve('done');
      else if (windows && /is not recognized/.test(complaint)) resolve('no-npm');
      else reject(npmFailed(source, shortComplaint(complaint) ?? `npm ended with code ${code}`));
    });
  });
}

/** The line of npm's complaint that says why; its first lines are codes. */
function shortComplaint(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/i, '').trim())
    .filter((line) => line !== '' && !/^(npm warn|A complete log|code |errno )/i.test(line));
  return lines.find((line) => /request|network|ENOTFOUND|ECONN|40\d|50\d/i.test(line)) ?? lines[0];
}

function npmFailed(source: NpmSource, reason: string, cause?: unknown): HolotypeError {
  const spec = `${source.package}@${source.version}`;
  return new HolotypeError('network', `npm could not fetch ${spec}: ${reason.replace(/\.$/, '')}.`, {
    remedy: `Check the connection and npm's settings (\`npm ping\`). Without a connection, run \`npm pack ${spec}\` on another machine and \`holotype models import FILE.tgz\` here.`,
    cause,
  });
}

/**
 * Checks a tarball's sha512 and takes the one file out of it, streaming, checked by its sha256.
 *
 * @throws HolotypeError 'checksum' when tarball or file aren't the published ones, 'bad-input' when the tarball
 *   doesn't hold the file or can't be read
 */
export async function extractFromTarball(
  tarball: string,
  source: NpmSource,
  target: string,
  options: { sha256?: string } = {},
): Promise<void> {
  const found = await integrityOf(tarball);
  if (found !== source.integrity)
    throw new HolotypeError(
      'checksum',
      `The npm package ${source.package}@${source.version} is not the published one: its integrity is ${found} instead of ${source.integrity}.`,
      { remedy: 'Check which registry npm uses (`npm config get registry`); nothing was installed.' },
    );
  const folder = temporaryPath(target);
  await ensureFolder(folder);
  try {
    const file = await unpackOne(tarball, source.path, folder);
    const sha256 = await hashOf(file, 'sha256', 'hex');
    if (options.sha256 !== undefined && options.sha256 !== sha256)
      throw new HolotypeError(
        'checksum',
        `"${source.path}" of ${source.package}@${source.version} has the sha256 ${sha256} instead of ${options.sha256}.`,
        { remedy: 'Report this: the manifest and the package disagree. Nothing was installed.' },
      );
    const handle = await fileSystem.open(file, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameReplacing(file, target);
    await syncFolder(dirname(target));
  } finally {
    await fileSystem.rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A file's hash in the form the npm registry publishes (`sha512-<base64>`). */
export async function integrityOf(path: string): Promise<string> {
  return `sha512-${await hashOf(path, 'sha512', 'base64')}`;
}

async function hashOf(path: string, algorithm: string, encoding: 'hex' | 'base64'): Promise<string> {
  const hash = createHash(algorithm);
  const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
  try {
    for await (const chunk of chunks) hash.update(chunk);
  } catch (error) {
    throw storageError(error, path);
  }
  return hash.digest(encoding);
}

/** Unpacks one entry of a .tgz into `folder`, streaming; everything else is passed over. @returns its path */
async function unpackOne(tarball: string, name: string, folder: string): Promise<string> {
  const wanted = 'wanted';
  let found = false;
  const unpack = unpackTar(folder, {
    strict: true,
    filter: (header) => header.name === name && (header.type ?? 'file') === 'file',
    map: (header) => {
      found = true;
      return { ...header, name: wanted, mode: 0o644 };
    },
  });
  try {
    await pipeline(createReadStream(tarball), createGunzip(), unpack);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // Errors of the disk have a code of the system; those of gzip and tar don't.
    throw /^E[A-Z]+$/.test(errnoOf(error) ?? '')
      ? storageError(error, folder)
      : unreadable(tarball, reason, error);
  }
  if (!found) throw unreadable(tarball, `it holds no "${name}"`);
  return join(folder, wanted);
}

function unreadable(tarball: string, reason: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', `The package "${basename(tarball)}" can't be used: ${reason}.`, {
    remedy: 'Report this: the manifest and the package disagree.',
    cause,
  });
}
