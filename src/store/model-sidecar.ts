import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { inputPolicySchema } from '../contract/input-policy.ts';
import type { InputPolicy } from '../contract/input-policy.ts';
import { parseJson } from './atomic.ts';
import { errnoOf, storageError } from './storage-error.ts';

const sidecarSchema = z.object({ policy: inputPolicySchema });

/** The file in which a person can state what a model file without a manifest takes. */
export function sidecarPath(modelPath: string): string {
  return `${modelPath}.holotype.json`;
}

/**
 * The input policy stated beside a model file in `<file>.holotype.json`, as `{"policy": {...}}`.
 *
 * @throws HolotypeError('bad-input') naming the field when the file is there but wrong
 */
export async function readSidecarPolicy(modelPath: string): Promise<InputPolicy | undefined> {
  const path = sidecarPath(modelPath);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw storageError(error, path);
  }
  return parseJson(bytes, path, sidecarSchema).policy;
}
