import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HolotypeError } from '../contract/errors.ts';
import { modelManifestSchema } from '../contract/model-manifest.ts';
import type { ModelManifest } from '../contract/model-manifest.ts';
import { readJson } from './atomic.ts';
import { storageError } from './storage-error.ts';

/**
 * The folder of model manifests: `HOLOTYPE_MANIFESTS`, or models/ of the package this file belongs to, whether
 * it runs from src/, from the bundle in dist/node/ or from Electron's out/main/.
 *
 * @throws HolotypeError('failed') when the installation has no manifests
 */
export function manifestFolder(
  environment: NodeJS.ProcessEnv = process.env,
  here: string = fileURLToPath(import.meta.url),
): string {
  const own = environment['HOLOTYPE_MANIFESTS'];
  if (own) return resolve(own);
  for (let folder = dirname(here); ; folder = dirname(folder)) {
    const candidate = join(folder, 'models');
    // models/ alone could be anybody's; one beside our package.json is ours.
    if (existsSync(join(folder, 'package.json')) && existsSync(candidate)) return candidate;
    if (dirname(folder) === folder)
      throw new HolotypeError('failed', `This installation has no model manifests above "${here}".`, {
        remedy: 'Install Holotype again, or set HOLOTYPE_MANIFESTS to a folder of manifests.',
      });
  }
}

/**
 * Every manifest of a folder, in order of preference.
 *
 * @throws HolotypeError('bad-input') naming the file and field when one is not valid
 */
export async function readManifests(folder: string = manifestFolder()): Promise<ModelManifest[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw storageError(error, folder);
  }
  const manifests: ModelManifest[] = [];
  for (const name of names.filter((name) => name.endsWith('.json')).sort()) {
    const manifest = await readJson(join(folder, name), modelManifestSchema);
    if (`${manifest.id}.json` !== name)
      throw new HolotypeError('bad-input', `The manifest "${name}" calls its model "${manifest.id}".`, {
        remedy: `Rename the file to "${manifest.id}.json".`,
      });
    manifests.push(manifest);
  }
  return manifests.sort((a, b) => a.preference - b.preference || a.id.localeCompare(b.id, 'en'));
}
