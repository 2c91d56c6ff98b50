import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../../contract/errors.ts';
import {
  ensureFolder,
  parseJson,
  renameReplacing,
  temporaryPath,
  writeFileSynced,
  writeJsonAtomic,
} from '../../store/atomic.ts';
import { exists, freeBytes, isFolder, listFolder, removeFolder } from '../../store/folders.ts';
import { isHidden } from '../../store/photos.ts';
import { manifestName, parseManifest } from '../../store/project-manifest.ts';
import { folderKind, placeName } from '../../store/project-places.ts';
import { targetOf } from '../../store/uploads.ts';
import { openZip } from '../../store/zip-reader.ts';
import type { ZipEntry, ZipFile } from '../../store/zip-reader.ts';
import { shortPath } from '../short-path.ts';
import { sharedPhotos } from './scan.ts';

/** What an archive may hold; more is no project that somebody has shared. */
export interface ArchiveLimits {
  readonly files: number;
  /** Unpacked, all together. */
  readonly bytes: number;
  /** Of the text files, which are held in memory when the project is opened. */
  readonly textBytes: number;
}

export const archiveLimits: ArchiveLimits = { files: 500_000, bytes: 1024 * 2 ** 30, textBytes: 2 ** 30 };

/** Left free on the disk. */
const reserve = 256 * 2 ** 20;
/** What of an archive is a project; all else in it is left alone. */
const own = /^(holotype\.json|dataset\.jsonl|labels\.journal\.jsonl|(photos|runs|models)\/.+)$/;

/**
 * Unpacks a project that somebody has shared, as a whole or not at all. An archive that was opened before leads to the
 * project it was unpacked to, with all that was done there since.
 *
 * @param path of the archive, or of a folder that holds it and nothing else
 * @param projects the folder it is unpacked into
 * @returns the project's folder
 * @throws HolotypeError 'bad-input' when it is no such archive, is damaged, or would write outside of its folder,
 *   'storage' when there is no room, 'cancelled'
 */
export async function unpackProject(
  path: string,
  projects: string,
  { signal, limits = archiveLimits }: { signal?: AbortSignal; limits?: ArchiveLimits } = {},
): Promise<string> {
  const archive = await archiveAt(path);
  const zip = await openZip(archive);
  try {
    const wanted = wantedEntries(zip, archive, limits);
    const manifest = wanted.find(({ name }) => name === manifestName);
    if (manifest === undefined)
      throw refusal(archive, 'it holds no project of Holotype', 'Choose an archive that "Share" has made.');
    const about = parseJson(await bytesOf(zip, manifest.entry), manifestName, z.looseObject({}));
    const { name } = parseManifest(about).manifest;
    const folder = join(projects, placeName(name, zip.contentHash.slice(0, 10)));
    if ((await exists(folder)) && (await folderKind(folder)) === 'project') return folder;

    const size = wanted.reduce((sum, { entry }) => sum + entry.bytes, 0);
    await ensureFolder(projects);
    if (size + reserve > (await freeBytes(projects)))
      throw new HolotypeError(
        'storage',
        `There is no room for the project "${name}": it needs ${inGB(size)}.`,
        { remedy: `Free some space on the disk of "${shortPath(projects)}".` },
      );
    // Whatever the archive says: its photos are those in it.
    await unpack(zip, wanted, { folder, about: { ...about, photoFolder: sharedPhotos } }, signal);
    return folder;
  } finally {
    await zip.close();
  }
}

interface Wanted {
  /** Relative to the project's folder. */
  readonly name: string;
  readonly entry: ZipEntry;
}

async function archiveAt(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  const names = (await listFolder(path)).filter((name) => !isHidden(name));
  const [only, ...more] = names;
  if (only !== undefined && more.length === 0) return join(path, only);
  throw new HolotypeError('bad-input', 'One archive is opened at a time.', {
    remedy: 'Drop a single file that "Share" has made.',
  });
}

/** @throws HolotypeError('bad-input') for what no program packs by accident, and for too much */
function wantedEntries({ entries }: ZipFile, archive: string, limits: ArchiveLimits): Wanted[] {
  const wrapper = wrapperOf(entries);
  const names = new Set<string>();
  const wanted: Wanted[] = [];
  let bytes = 0;
  let packed = 0;
  for (const entry of entries) {
    // Even a part that would be left alone: such an archive is not to be trusted.
    if (isDangerous(entry))
      throw refusal(archive, `"${entry.name.slice(0, 100)}" in it is not a file inside a folder`);
    const name = entry.name.slice(wrapper.length);
    if (entry.name.endsWith('/') || !entry.name.startsWith(wrapper) || !own.test(name)) continue;
    if (names.has(name)) throw refusal(archive, `"${name}" is in it twice`);
    names.add(name);
    wanted.push({ name, entry });
    bytes += entry.bytes;
    packed += entry.packed;
    const text = !name.includes('/') && entry.bytes > limits.textBytes;
    if (text) throw refusal(archive, `"${name}" in it is too large (${inGB(entry.bytes)})`);
  }
  if (wanted.length > limits.files)
    throw refusal(
      archive,
      `it holds ${wanted.length.toLocaleString('en')} files; up to ${limits.files.toLocaleString('en')} are unpacked`,
    );
  if (bytes > limits.bytes)
    throw refusal(archive, `it unpacks to ${inGB(bytes)}; up to ${inGB(limits.bytes)} are unpacked`);
  // Files that share their bytes are how a small archive unpacks to a full disk.
  const last = entries.reduce((end, { offset, packed: length }) => Math.max(end, offset + length), 0);
  if (packed > last) throw refusal(archive, 'its files overlap');
  return wanted;
}

/** The folder that everything lies in, with its slash, where somebody has packed the folder and not what is in it. */
function wrapperOf(entries: readonly ZipEntry[]): string {
  if (entries.some(({ name }) => name === manifestName)) return '';
  const found = entries.find(({ name }) => /^[^/]+\/holotype\.json$/.test(name));
  return found === undefined ? '' : found.name.slice(0, -manifestName.length);
}

function isDangerous({ name, link }: ZipEntry): boolean {
  const parts = name.replace(/\/$/, '').split('/');
  return (
    link ||
    /^[a-z]:/i.test(name) ||
    name.includes('\0') ||
    parts.some((part) => ['', '.', '..'].includes(part))
  );
}

async function unpack(
  zip: ZipFile,
  wanted: readonly Wanted[],
  { folder, about }: { folder: string; about: object },
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = temporaryPath(folder);
  const made = new Set<string>();
  try {
    await ensureFolder(join(temporary, sharedPhotos));
    for (const { name, entry } of wanted) {
      if (signal?.aborted === true) throw new HolotypeError('cancelled', 'Cancelled.');
      const target = targetOf(temporary, name);
      if (!made.has(dirname(target))) await ensureFolder(dirname(target));
      made.add(dirname(target));
      if (name === manifestName) await writeJsonAtomic(target, about);
      else await writeFileSynced(target, zip.read(entry));
    }
    await renameReplacing(temporary, folder);
  } finally {
    await removeFolder(temporary).catch(() => undefined);
  }
}

async function bytesOf(zip: ZipFile, entry: ZipEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of zip.read(entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function refusal(
  archive: string,
  reason: string,
  remedy = 'Ask whoever has sent it for another copy.',
): HolotypeError {
  return new HolotypeError('bad-input', `The archive "${shortPath(archive)}" can't be opened: ${reason}.`, {
    remedy,
  });
}

const inGB = (bytes: number): string =>
  `${(bytes / 1e9).toLocaleString('en', { maximumSignificantDigits: 3 })} GB`;
