/** Making a manifest's model available offline. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { ModelManifest, ModelSource } from '../contract/model-manifest.ts';
import type { FetchProgress } from '../contract/models.ts';
import { ensureFolder, temporaryPath } from './atomic.ts';
import { download } from './download.ts';
import { fileSystem } from './file-system.ts';
import { manifestFolder } from './manifests.ts';
import { readModelBytes, shardsOf } from './model-files.ts';
import type { ModelBytes, ModelFile } from './model-files.ts';
import { findModel, placeFiles, unknownId } from './model-place.ts';
import { fetchFromNpm } from './npm-tarball.ts';
import { pinsPath, readPin, writePin } from './trusted-models.ts';

export interface FetchOptions {
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
  /**
   * Asked before a model is fetched for the first time from a source that publishes no hash for it. Without it,
   * or when it says no, such a model is refused.
   */
  readonly confirmTrust?: (question: { id: string; url: string; holder: string }) => Promise<boolean>;
}

/**
 * Makes a manifest's model available offline. Its sources are tried in turn; a model that is there already is
 * left as it is.
 *
 * @throws HolotypeError 'not-found' (no manifest has this id), 'untrusted' (nobody confirmed the source),
 *   'network', 'checksum', 'storage', 'cancelled'
 */
export async function fetchModel(id: string, options: FetchOptions = {}): Promise<ModelFile> {
  const file = await findModel(id);
  if (file.installed) return file;
  const { manifest } = file;
  if (manifest === undefined) throw unknownId(id); // only manifests list what isn't installed
  const failures: HolotypeError[] = [];
  for (const source of manifest.sources) {
    try {
      await fetchFrom(source, manifest, file.path, options);
      return await findModel(id);
    } catch (error) {
      const passing =
        error instanceof HolotypeError && ['network', 'checksum', 'not-found'].includes(error.code);
      if (!passing) throw error;
      failures.push(error);
    }
  }
  throw asOne(manifest, failures);
}

/** The error of the only source, or one that tells what each of them said. */
function asOne(manifest: ModelManifest, failures: HolotypeError[]): HolotypeError {
  const [first] = failures;
  if (first === undefined) return unknownId(manifest.id);
  if (failures.length === 1) return first;
  // A wrong file matters more than one that couldn't be had.
  const code = failures.find((failure) => failure.code === 'checksum')?.code ?? first.code;
  const reasons = failures.map((failure) => failure.message).join(' ');
  return new HolotypeError(code, `None of the sources of "${manifest.id}" could be used. ${reasons}`, {
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
    cause: first,
  });
}

async function fetchFrom(
  source: ModelSource,
  manifest: ModelManifest,
  target: string,
  options: FetchOptions,
): Promise<void> {
  const { id, size, sha256 } = manifest;
  const known = {
    ...(manifest.trust === 'published' ? { size } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(options.signal ? { signal: options.signal } : {}),
    onProgress: (received: number, total: number | undefined) =>
      options.onProgress?.({ id, received, ...(total ? { total } : {}) }),
  };
  if (source.kind === 'npm') return fetchFromNpm(source, target, known);
  if (source.kind === 'file') {
    const model = await readModelBytes(resolve(manifestFolder(), source.path));
    return install(model, manifest, target);
  }
  const sharded = manifest.format === 'tfjs-layers' || manifest.format === 'tfjs-graph';
  if (!sharded && sha256 !== undefined) {
    await download(source.url, target, known);
    return;
  }
  await requireTrust(manifest, source.url, options);
  const folder = temporaryPath(dirname(target));
  await ensureFolder(folder);
  try {
    const main = join(folder, basename(target));
    if (sharded) await downloadShards(source.url, main, manifest, options);
    else await download(source.url, main, { ...known, resume: false });
    await install(await readModelBytes(main), manifest, target);
  } finally {
    await fileSystem.rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function requireTrust(manifest: ModelManifest, url: string, options: FetchOptions): Promise<void> {
  const { id, licence } = manifest;
  if (manifest.trust === 'published' || (await readPin(id)) !== undefined) return;
  if (await options.confirmTrust?.({ id, url, holder: licence.holder })) return;
  throw new HolotypeError(
    'untrusted',
    `Nobody publishes a hash for "${id}", so what ${new URL(url).host} sends can't be checked the first time.`,
    {
      remedy: `If you trust that site, run \`holotype models fetch ${id}\` and confirm; the file is pinned then.`,
    },
  );
}

/** model.json and what it names, a few at a time; progress counts the bytes of all of them. */
async function downloadShards(
  url: string,
  main: string,
  manifest: ModelManifest,
  options: FetchOptions,
): Promise<void> {
  const received = new Map<string, number>();
  const fetchOne = async (name: string, address: string, target: string): Promise<void> => {
    await download(address, target, {
      ...(options.signal ? { signal: options.signal } : {}),
      resume: false,
      onProgress: (bytes) => {
        received.set(name, bytes);
        const sum = [...received.values()].reduce((total, value) => total + value, 0);
        options.onProgress?.({ id: manifest.id, received: sum, total: Math.max(manifest.size, sum) });
      },
    });
  };
  await fetchOne('model.json', url, main);
  const shards = shardsOf(await readFile(main), main);
  const next = shards.values();
  const worker = async (): Promise<void> => {
    for (const shard of next) {
      const address = new URL(shard.split('/').map(encodeURIComponent).join('/'), url).href;
      await fetchOne(shard, address, join(dirname(main), shard));
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/**
 * Puts a model's files where the manifest's model belongs, if they are what the manifest (or the pin) says; the
 * first files from a source somebody trusted are pinned.
 */
async function install(model: ModelBytes, manifest: ModelManifest, target: string): Promise<void> {
  const pin = manifest.sha256 === undefined ? await readPin(manifest.id) : undefined;
  const expected = manifest.sha256 ?? pin?.sha256;
  if (expected !== undefined && model.sha256 !== expected)
    throw new HolotypeError(
      'checksum',
      pin === undefined
        ? `The file for "${manifest.id}" has the sha256 ${model.sha256} instead of ${expected}.`
        : `"${manifest.id}" is not what you trusted on ${pin.at.slice(0, 10)}: its sha256 is ${model.sha256} instead of ${expected}.`,
      {
        remedy:
          pin === undefined
            ? 'Get the file again, or from another place.'
            : `If you expected the change, remove "${manifest.id}" from "${pinsPath()}" and fetch it again.`,
      },
    );
  await placeFiles(model, dirname(target), basename(target));
  if (expected === undefined) {
    const [source] = manifest.sources;
    const url = source?.kind === 'https' ? source.url : model.path;
    await writePin(manifest.id, { sha256: model.sha256, url, at: new Date().toISOString() });
  }
}
