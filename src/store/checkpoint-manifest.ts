import { createHash } from 'node:crypto';
import { HolotypeError } from '../contract/errors.ts';
import { parseJson } from './atomic.ts';
import { fromPlainJson, toPlainJson } from './exact-json.ts';

export const checkpointVersion = 1;

/** What state.json says about its checkpoint; `sha256` covers all the other fields. */
export interface CheckpointManifest {
  step: number;
  /** Counts up with every checkpoint saved in the run: tells the newest after going back to an earlier step. */
  order: number;
  score: number | undefined;
  savedAt: string;
  modelSha256: string;
  modelBytes: number;
  state: Record<string, unknown>;
}

/** The text of state.json. */
export function encodeManifest(manifest: CheckpointManifest): string {
  const content = toPlainJson({ version: checkpointVersion, ...manifest });
  return `${JSON.stringify({ sha256: contentHash(content), ...Object(content) }, null, 1)}\n`;
}

/**
 * Reads state.json; `path` is only named in errors.
 *
 * @throws HolotypeError 'bad-input' or 'checksum' when it is not as it was written, 'not-supported' when a newer
 *   version wrote it
 */
export function decodeManifest(bytes: Uint8Array, path: string): CheckpointManifest {
  return parseJson(bytes, path, {
    parse(value) {
      const fields: { [field: string]: unknown } = { ...(typeof value === 'object' ? value : {}) };
      const { sha256, ...content } = fields;
      const { version, step, order, savedAt, modelSha256, modelBytes } = content;
      if (typeof version === 'number' && version > checkpointVersion)
        throw new HolotypeError('not-supported', `"${path}" was made by a newer Holotype.`);
      const score = fromPlainJson(content.score);
      const state = fromPlainJson(content.state);
      if (
        sha256 !== contentHash(content) ||
        typeof step !== 'number' ||
        typeof order !== 'number' ||
        (typeof score !== 'number' && score !== undefined) ||
        typeof savedAt !== 'string' ||
        typeof modelSha256 !== 'string' ||
        typeof modelBytes !== 'number' ||
        typeof state !== 'object' ||
        state === null
      )
        throw new HolotypeError('checksum', `"${path}" is damaged: it is not as it was written.`);
      return { step, order, score, savedAt, modelSha256, modelBytes, state: { ...state } };
    },
  });
}

/** Of plain JSON data, which reads back with its fields in the same order: writer and reader hash the same text. */
function contentHash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
