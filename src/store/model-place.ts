/** Finding models by id, and putting their files where they belong. */
import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { ensureFolder, renameReplacing, syncFolder, temporaryPath, writeFileSynced } from './atomic.ts';
import { fileSystem } from './file-system.ts';
import { listModelFiles } from './model-files.ts';
import type { ModelBytes, ModelFile } from './model-files.ts';
import { storageError } from './storage-error.ts';

/** The listed model with this id. @throws HolotypeError('not-found') */
export async function findModel(id: string): Promise<ModelFile> {
  const file = (await listModelFiles()).find((candidate) => candidate.id === id);
  if (file === undefined) throw unknownId(id);
  return file;
}

export function unknownId(id: string): HolotypeError {
  return new HolotypeError('not-found', `There is no model with the id "${id}".`, {
    remedy: '`holotype models list` shows the ids.',
  });
}

/** Writes files into a new folder and renames it into place: a model is never half there. */
export async function placeFiles(
  model: ModelBytes,
  folder: string,
  rename?: string,
  sidecar?: string,
): Promise<void> {
  await ensureFolder(dirname(folder));
  const temporary = temporaryPath(folder);
  try {
    for (const [i, { name, bytes }] of model.files.entries()) {
      const path = join(temporary, i === 0 && rename !== undefined ? rename : name);
      await ensureFolder(dirname(path));
      await writeFileSynced(path, bytes, {}, join(folder, name));
    }
    if (sidecar !== undefined) await copyFile(sidecar, join(temporary, basename(sidecar)));
    await fileSystem.rm(folder, { recursive: true, force: true });
    await renameReplacing(temporary, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    throw storageError(error, folder);
  } finally {
    await fileSystem.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}
