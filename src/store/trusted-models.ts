/**
 * Trust on first use: some publishers state no hash for their models. A person confirms such a source once; what
 * came then is pinned here, and anything else is refused from then on.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256Schema } from '../contract/model-manifest.ts';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import { dataFolder } from './cache-folder.ts';

const pinSchema = z.object({ sha256: sha256Schema, url: z.string(), at: z.iso.datetime() });
export type Pin = z.infer<typeof pinSchema>;

const pinsSchema = z.object({ version: z.literal(1), pins: z.record(z.string(), pinSchema) });

/** The file with the pins; a person who expects a change removes the model's entry from it. */
export function pinsPath(): string {
  return join(dataFolder(), 'trusted-models.json');
}

/** What a person trusted under a model's id. @throws HolotypeError('bad-input') when the file is damaged */
export async function readPin(id: string): Promise<Pin | undefined> {
  return (await readPins())[id];
}

export async function writePin(id: string, pin: Pin): Promise<void> {
  const pins = { ...(await readPins()), [id]: pin };
  await ensureFolder(dataFolder());
  await writeJsonAtomic(pinsPath(), { version: 1, pins });
}

async function readPins(): Promise<Record<string, Pin>> {
  // A damaged file is an error, not an empty one: it would forget what was trusted.
  return existsSync(pinsPath()) ? (await readJson(pinsPath(), pinsSchema)).pins : {};
}
