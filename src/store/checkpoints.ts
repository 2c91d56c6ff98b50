import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import {
  cleanTemporaryFiles,
  ensureFolder,
  leftoverNames,
  renameReplacing,
  syncFolder,
  temporaryPath,
  writeFileSynced,
  writeJsonAtomic,
} from './atomic.ts';
import { checkpointVersion, decodeManifest, encodeManifest } from './checkpoint-manifest.ts';
import type { CheckpointManifest } from './checkpoint-manifest.ts';
import { fileSystem } from './file-system.ts';

import { decodeSafetensors, safetensorsChunks } from './safetensors.ts';
import type { StoredTensor, TensorToWrite } from './safetensors.ts';
import { errnoOf, storageError } from './storage-error.ts';

/** Besides the best one. */
const keptCheckpoints = 2;

export interface CheckpointToSave {
  /** Optimizer steps taken so far; names the checkpoint. A second one of the same step replaces the first. */
  step: number;
  /** Weights, and the optimizer's moments under names of their own. */
  tensors: ReadonlyMap<string, TensorToWrite>;
  /** Everything else it takes to go on: RNG, epoch, schedule, history. JSON; NaN and infinities are kept too. */
  state: Readonly<Record<string, unknown>>;
  /** How good it is, higher is better; the best checkpoint is never removed. */
  score?: number;
}

export interface Checkpoint {
  step: number;
  score: number | undefined;
  /** ISO 8601, UTC. */
  savedAt: string;
  tensors: Map<string, StoredTensor>;
  state: Record<string, unknown>;
}

export interface LoadedCheckpoint {
  /** Undefined when there is none that is intact. */
  checkpoint: Checkpoint | undefined;
  /** What was wrong with the ones that would have been preferred. */
  problems: { path: string; reason: string }[];
}

export type WhichCheckpoint = 'latest' | 'best' | number;

type Found = { name: string; path: string } & ({ manifest: CheckpointManifest } | { problem: string });

/** The checkpoints of one run: `checkpoints/<step>/{model.safetensors,state.json}` and `latest.json`. */
export class CheckpointFolder {
  readonly #runFolder: string;
  readonly #folder: string;
  /** Checkpoints that turned out to be damaged when loaded; they go with the next one that is saved. */
  readonly #damaged = new Set<string>();

  constructor(runFolder: string) {
    this.#runFolder = runFolder;
    this.#folder = join(runFolder, 'checkpoints');
  }

  /** Removes what a killed process left half-written, and puts back what it had only moved aside. */
  async cleanUp(): Promise<void> {
    await this.#recover();
    await cleanTemporaryFiles(this.#folder);
    await cleanTemporaryFiles(this.#runFolder);
  }

  async save(checkpoint: CheckpointToSave): Promise<void> {
    const { step, tensors, state, score } = checkpoint;
    if (!Number.isSafeInteger(step) || step < 0)
      throw new HolotypeError('failed', `A checkpoint's step must be a whole number from 0, not ${step}.`);
    await ensureFolder(this.#folder);
    const found = await this.#scan();
    const order = 1 + Math.max(0, ...found.map((other) => ('manifest' in other ? other.manifest.order : 0)));
    const path = join(this.#folder, String(step));
    const temporary = temporaryPath(path);
    try {
      await fileSystem.mkdir(temporary);
      const hash = createHash('sha256');
      let modelBytes = 0;
      const hashed = function* (): Generator<Uint8Array> {
        for (const chunk of safetensorsChunks(tensors)) {
          hash.update(chunk);
          modelBytes += chunk.length;
          yield chunk;
        }
      };
      await writeFileSynced(join(temporary, 'model.safetensors'), hashed());
      const modelSha256 = hash.digest('hex');
      const savedAt = new Date().toISOString();
      const text = encodeManifest({ step, order, score, savedAt, modelSha256, modelBytes, state });
      await writeFileSynced(join(temporary, 'state.json'), text);
      await syncFolder(temporary);
      await this.#putInPlace(temporary, path);
    } catch (error) {
      await removeFolder(temporary);
      throw storageError(error, path);
    }
    await syncFolder(this.#folder);
    this.#damaged.delete(path);
    await writeJsonAtomic(join(this.#runFolder, 'latest.json'), {
      version: checkpointVersion,
      step,
      order,
      path: `checkpoints/${step}`,
    });
    await this.#prune();
  }

  async load(which: WhichCheckpoint): Promise<LoadedCheckpoint> {
    const problems: LoadedCheckpoint['problems'] = [];
    const candidates: Extract<Found, { manifest: CheckpointManifest }>[] = [];
    for (const found of await this.#scan()) {
      if (typeof which === 'number' && found.name !== String(which)) continue;
      if ('manifest' in found) candidates.push(found);
      else problems.push({ path: found.path, reason: found.problem });
    }
    candidates.sort((a, b) => b.manifest.order - a.manifest.order);
    if (which === 'best') candidates.sort((a, b) => scoreOf(b) - scoreOf(a));
    for (const { path, manifest } of candidates) {
      try {
        const tensors = await readModel(join(path, 'model.safetensors'), manifest);
        const { step, score, savedAt, state } = manifest;
        return { checkpoint: { step, score, savedAt, tensors, state }, problems };
      } catch (error) {
        problems.push({ path, reason: error instanceof Error ? error.message : String(error) });
        this.#damaged.add(path);
      }
    }
    return { checkpoint: undefined, problems };
  }

  /** Renames the finished folder to its name; one of the same step makes room first. */
  async #putInPlace(temporary: string, path: string): Promise<void> {
    const aside = temporaryPath(path);
    let moved = false;
    try {
      await fileSystem.rename(path, aside);
      moved = true;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
    try {
      await renameReplacing(temporary, path);
    } catch (error) {
      if (moved) await fileSystem.rename(aside, path).catch(() => undefined);
      throw error;
    }
    if (moved) await removeFolder(aside);
  }

  /**
   * A process killed while it replaced the checkpoint of a step leaves two complete folders under temporary
   * names, and none at the step's own. The newer one gets its place.
   */
  async #recover(): Promise<void> {
    const complete: { path: string; manifest: CheckpointManifest }[] = [];
    for (const name of await leftoverNames(this.#folder)) {
      const path = join(this.#folder, name);
      try {
        const manifest = decodeManifest(await readFile(join(path, 'state.json')), path);
        const { size } = await stat(join(path, 'model.safetensors'));
        if (size === manifest.modelBytes) complete.push({ path, manifest });
      } catch {
        // half-written, or half-deleted
      }
    }
    complete.sort((a, b) => b.manifest.order - a.manifest.order);
    const taken = new Set((await this.#scan()).map(({ name }) => name));
    for (const { path, manifest } of complete) {
      const name = String(manifest.step);
      if (taken.has(name)) continue;
      taken.add(name);
      await renameReplacing(path, join(this.#folder, name));
    }
  }

  /** Keeps the newest two and the best; damaged ones go first and don't count. */
  async #prune(): Promise<void> {
    const good: Extract<Found, { manifest: CheckpointManifest }>[] = [];
    const surplus: string[] = [];
    for (const found of await this.#scan()) {
      if ('manifest' in found && !this.#damaged.has(found.path)) good.push(found);
      else surplus.push(found.path);
    }
    good.sort((a, b) => b.manifest.order - a.manifest.order);
    const kept = new Set(good.slice(0, keptCheckpoints));
    const best = good.toSorted((a, b) => scoreOf(b) - scoreOf(a))[0];
    if (best) kept.add(best);
    surplus.push(...good.filter((found) => !kept.has(found)).map(({ path }) => path));
    for (const path of surplus) {
      // Under a temporary name first: a crash while files are being deleted leaves no half checkpoint.
      const aside = temporaryPath(path);
      try {
        await fileSystem.rename(path, aside);
      } catch {
        continue; // in use somewhere; the next checkpoint tries again
      }
      await removeFolder(aside);
      this.#damaged.delete(path);
    }
  }

  async #scan(): Promise<Found[]> {
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw storageError(error, this.#folder);
    }
    const found: Found[] = [];
    for (const name of names.filter((entry) => /^\d+$/.test(entry))) {
      const path = join(this.#folder, name);
      try {
        const bytes = await readFile(join(path, 'state.json'));
        const manifest = decodeManifest(bytes, join(path, 'state.json'));
        if (String(manifest.step) !== name) throw new Error(`it is of step ${manifest.step}`);
        found.push({ name, path, manifest });
      } catch (error) {
        const reason = errnoOf(error) === 'ENOENT' ? 'state.json is missing' : messageOf(error);
        found.push({ name, path, problem: reason });
      }
    }
    return found;
  }
}

async function readModel(path: string, manifest: CheckpointManifest): Promise<Map<string, StoredTensor>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw storageError(error, path);
  }
  if (bytes.length !== manifest.modelBytes)
    throw new HolotypeError(
      'checksum',
      `"${path}" has ${bytes.length} bytes instead of ${manifest.modelBytes}.`,
    );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.modelSha256)
    throw new HolotypeError(
      'checksum',
      `"${path}" is damaged: its sha256 is ${sha256}, it was written as ${manifest.modelSha256}.`,
    );
  return decodeSafetensors(bytes).tensors;
}

function scoreOf(found: { manifest: CheckpointManifest }): number {
  const { score } = found.manifest;
  return score === undefined || Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
}

async function removeFolder(path: string): Promise<void> {
  await fileSystem.rm(path, { recursive: true, force: true }).catch(() => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
