/** The models on this machine: listing, fetching, importing and removing them. */
import { dirname } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { fileSystem } from './file-system.ts';
import { findModel } from './model-place.ts';
import { storageError } from './storage-error.ts';

export { fetchModel } from './model-fetch.ts';
export type { FetchOptions } from './model-fetch.ts';
export { isThere, listModelFiles, readModelBytes } from './model-files.ts';
export type { ModelBytes, ModelFile } from './model-files.ts';
export { importModelFile } from './model-import.ts';

/**
 * Deletes Holotype's own copy of a model: a downloaded one can be fetched again, an imported one is gone. Files
 * of HOLOTYPE_MODELS belong to the person and stay.
 *
 * @throws HolotypeError 'not-found', 'bad-usage', 'storage'
 */
export async function removeModel(id: string): Promise<void> {
  const file = await findModel(id);
  if (file.origin === 'folder')
    throw new HolotypeError(
      'bad-usage',
      `"${id}" lies in the folder HOLOTYPE_MODELS names: "${file.path}".`,
      {
        remedy: 'Delete the file yourself if you no longer want it.',
      },
    );
  if (!file.installed)
    throw new HolotypeError('not-found', `The model "${id}" is not installed.`, {
      remedy: 'There is nothing to remove.',
    });
  await fileSystem.rm(dirname(file.path), { recursive: true, force: true }).catch((error: unknown) => {
    throw storageError(error, file.path);
  });
}
