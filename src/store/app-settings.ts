import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { appSettingsSchema, type AppSettings } from '../contract/app.ts';
import { ensureFolder, parseJson, renameReplacing, writeJsonAtomic } from './atomic.ts';
import { errnoOf, storageError } from './storage-error.ts';

/** What a person has set for all projects, kept in `settings.json`. */
export interface SettingsFile {
  /** The defaults where nothing was set. @throws HolotypeError('storage') */
  read(): Promise<AppSettings>;
  /** Sets what is named and leaves the rest. @returns all of it. @throws HolotypeError('storage') */
  change(patch: Partial<AppSettings>): Promise<AppSettings>;
}

/** Fields of other versions are kept: settings are shared by all versions a person uses. */
const fileSchema = appSettingsSchema.loose();

/**
 * @param folder made when something is set. Changes wait for each other within this process; the file is replaced as
 *   a whole. One that can't be understood is put aside as `settings.damaged.json`
 */
export function openSettings(folder: string): SettingsFile {
  const path = join(folder, 'settings.json');
  let last: Promise<unknown> = Promise.resolve();
  return {
    read: async () => {
      await last;
      return appSettingsSchema.parse(await readAll(path));
    },
    change: (patch) => {
      const turn = last.then(async () => {
        const settings = fileSchema.parse({ ...(await readAll(path)), ...patch });
        await ensureFolder(folder);
        await writeJsonAtomic(path, settings);
        return appSettingsSchema.parse(settings);
      });
      // The next change must not fail because this one did.
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

async function readAll(path: string): Promise<Record<string, unknown>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw storageError(error, path);
  }
  try {
    return parseJson(bytes, path, fileSchema);
  } catch {
    await renameReplacing(path, join(dirname(path), 'settings.damaged.json'));
    return {};
  }
}
