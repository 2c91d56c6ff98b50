import { rm } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import { ensureFolder, readJson, writeFileAtomic, writeJsonAtomic } from './atomic.ts';
import { isFolder, listFolder } from './folders.ts';
import { tokenState, uniqueToken } from './process-identity.ts';

/** What a person may send. */
export interface UploadLimits {
  /** Bytes of one file. */
  readonly file: number;
  /** Bytes and number of all files of a set. */
  readonly total: number;
  readonly files: number;
}

/** A model or an archive is the largest file, a season's photos the largest set. */
export const uploadLimits: UploadLimits = { file: 4 * 2 ** 30, total: 256 * 2 ** 30, files: 200_000 };

/** `details.reason` of an error about more bytes or files than may be sent. */
export const bodyTooLarge = 'body-too-large';

/** Longest name (bytes of UTF-8): what nearly all disks take. */
const longestName = 255;
const deepest = 32;

const noteSchema = z.object({ owner: z.string(), kept: z.boolean() });

/** Files sent by a window, a set in a folder of its own: `<folder>/<id>/`, with a note beside it: `<folder>/<id>.json`. */
export interface UploadStore {
  begin(): string;
  /** @throws HolotypeError('not-found') */
  folderOf(id: string): string;
  /**
   * Saves one file; one of the same name is replaced.
   *
   * @param path relative, with `/`; names this disk can't hold are changed, not refused
   * @returns bytes written
   * @throws HolotypeError 'not-found', 'bad-usage' for a path that leaves the folder, 'bad-input' when a limit is
   *   passed, 'storage'
   */
  write(id: string, path: string, data: AsyncIterable<Uint8Array>): Promise<number>;
  /** The set is of lasting use: it stays when the engine ends. */
  keep(id: string): Promise<void>;
  /** Removes what nobody has kept. */
  close(): Promise<void>;
}

interface UploadSet {
  readonly id: string;
  bytes: number;
  files: number;
  kept: boolean;
  /** Its folder and note are on the disk. */
  ready?: Promise<void>;
}

/** @param folder made at the first file; what engines left that ended without `close` is removed then */
export function openUploads(folder: string, limits: UploadLimits = uploadLimits): UploadStore {
  const sets = new Map<string, UploadSet>();
  const owner = uniqueToken();
  let cleaned: Promise<void> | undefined;
  const known = (id: string): UploadSet => {
    const set = sets.get(id);
    if (set !== undefined) return set;
    throw new HolotypeError('not-found', 'These files were sent in an earlier session.', {
      remedy: 'Drop them on the window again.',
    });
  };
  const note = (set: UploadSet): Promise<void> =>
    writeJsonAtomic(join(folder, `${set.id}.json`), { owner, kept: set.kept });
  const prepare = async (set: UploadSet): Promise<void> => {
    await (cleaned ??= removeAbandoned(folder));
    await ensureFolder(join(folder, set.id));
    await note(set);
  };
  return {
    begin: () => {
      const id = randomBytes(18).toString('base64url');
      sets.set(id, { id, bytes: 0, files: 0, kept: false });
      return id;
    },
    folderOf: (id) => join(folder, known(id).id),
    write: async (id, path, data) => {
      const set = known(id);
      const target = targetOf(join(folder, set.id), path);
      if (set.files >= limits.files)
        throw tooMuch(`More than ${limits.files.toLocaleString('en')} files can't be sent at once.`);
      set.files += 1;
      let bytes = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of data) {
          bytes += chunk.length;
          set.bytes += chunk.length;
          if (bytes > limits.file) throw tooMuch(`A file of more than ${inGiB(limits.file)} can't be sent.`);
          if (set.bytes > limits.total)
            throw tooMuch(`More than ${inGiB(limits.total)} can't be sent at once.`);
          yield chunk;
        }
      };
      try {
        await (set.ready ??= prepare(set));
        await ensureFolder(dirname(target));
        await writeFileAtomic(target, counted());
      } catch (error) {
        set.files -= 1;
        set.bytes -= bytes;
        throw error;
      }
      return bytes;
    },
    keep: async (id) => {
      const set = known(id);
      set.kept = true;
      await (set.ready ??= prepare(set));
      await note(set);
    },
    close: async () => {
      for (const set of sets.values()) if (!set.kept && set.ready !== undefined) await remove(folder, set.id);
      sets.clear();
    },
  };
}

/** Where a file goes: below `root`, whatever its path says. @throws HolotypeError('bad-usage') */
export function targetOf(root: string, path: string, platform: NodeJS.Platform = process.platform): string {
  const refused = (): HolotypeError =>
    new HolotypeError('bad-usage', 'A file was sent under a name that is no path inside a folder.', {
      details: { name: path.slice(0, 200) },
    });
  const names = path.split('/');
  if (names.length > deepest || names.some((name) => ['', '.', '..'].includes(name) || /[\0\\]/.test(name)))
    throw refused();
  const target = resolve(root, ...names.map((name) => storableName(name, platform)));
  // By construction it is inside; this is the one check that must hold should the lines above ever change.
  if (!target.startsWith(resolve(root) + sep)) throw refused();
  return target;
}

/**
 * A name as this disk can hold it: as it is wherever possible, for folders' names become classes. A name that is too
 * long keeps its beginning and extension, and gets a few digits that tell it from others with the same beginning.
 */
export function storableName(name: string, platform: NodeJS.Platform): string {
  // Names with a lone half of a character can't be written as UTF-8.
  let safe = Buffer.from(name)
    .toString()
    .replace(/\p{Cc}/gu, '_');
  if (platform === 'win32') {
    safe = safe.replace(/[<>:"|?*]/g, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length));
    if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe)) safe = `_${safe}`;
  }
  if (Buffer.byteLength(safe) <= longestName) return safe;
  const extension = Array.from(extname(safe)).length <= 16 ? extname(safe) : '';
  const ending = `~${createHash('sha256').update(name).digest('hex').slice(0, 8)}${extension}`;
  let stem = '';
  for (const character of safe) {
    if (Buffer.byteLength(stem + character + ending) > longestName) break;
    stem += character;
  }
  return stem + ending;
}

function tooMuch(message: string): HolotypeError {
  return new HolotypeError('bad-input', message, {
    remedy: 'Put the photos on the machine Holotype runs on, and open their folder there.',
    details: { reason: bodyTooLarge },
  });
}

const inGiB = (bytes: number): string => `${(bytes / 2 ** 30).toLocaleString('en')} GiB`;

async function remove(folder: string, id: string): Promise<void> {
  // A courtesy: what can't be removed now is removed when it is next tried.
  await rm(join(folder, id), { recursive: true, force: true }).catch(() => undefined);
  if (!(await isFolder(join(folder, id))))
    await rm(join(folder, `${id}.json`), { force: true }).catch(() => undefined);
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await listFolder(folder).catch(() => [])) {
    const id = /^([\w-]+)\.json$/.exec(name)?.[1];
    if (id === undefined) continue;
    const note = await readJson(join(folder, name), noteSchema).catch(() => undefined);
    if (note?.kept === false && tokenState(note.owner) === 'dead') await remove(folder, id);
  }
}
