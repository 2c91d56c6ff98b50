import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { factsVersion } from '../../engine/data/facts.ts';
import { likest, LooksLikeness, VectorLikeness, type Likeness } from '../../engine/data/likeness.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import { FactsCache } from '../../store/facts-cache.ts';
import type { Task } from '../jobs/task.ts';
import { loadBackbone } from '../models.ts';
import { FeatureStore } from '../train/feature-store.ts';
import { trainingPolicy } from '../train/settings.ts';
import {
  idBytes,
  similarRequestSchema,
  type FeatureSource,
  type SimilarRequest,
  type similarReplySchema,
} from './similar-request.ts';

type Basis = z.infer<typeof similarReplySchema>['basis'];

/** What is known of a project's photos, for as long as nothing changes. */
interface Warm {
  readonly key: string;
  readonly features: Promise<Likeness | undefined>;
  looks?: Promise<Looks>;
}

interface Looks {
  readonly likeness: Likeness;
  /** Something is known of every photo. */
  readonly complete: boolean;
}

/** The photos that were asked about last: a person asks again and again. */
let warm: Warm | undefined;

/** So many vectors are read before others get their turn. */
const turnAfter = 500;

/** Says which photos are most like one. */
export const similarTask: Task = async (request, { signal }): Promise<z.infer<typeof similarReplySchema>> => {
  const wanted = similarRequestSchema.parse(request);
  const { basis, likeness } = await knownOf(wanted);
  signal.throwIfAborted();
  const all = likeness.to(wanted.photo);
  const photos = likest(all, wanted.photo, wanted.limit);
  return { basis, photos, similarities: Float32Array.from(photos, (photo) => all[photo] as number) };
};

async function knownOf(wanted: SimilarRequest): Promise<{ basis: Basis; likeness: Likeness }> {
  const { ids, sources, stamp, cacheFolder } = wanted;
  const key = createHash('sha256')
    .update(ids)
    .update(JSON.stringify([sources, stamp, cacheFolder]))
    .digest('hex');
  if (warm?.key !== key) warm = { key, features: featuresOf(ids, sources, cacheFolder) };
  const own = warm;
  const features = await own.features;
  if (features?.has(wanted.photo) === true) return { basis: 'features', likeness: features };
  own.looks ??= looksOf(ids, cacheFolder);
  const { likeness, complete } = await own.looks;
  // The folder is being looked through: soon more is known.
  if (!complete) delete own.looks;
  return { basis: 'looks', likeness };
}

/** By the first backbone whose features of most photos are there. */
async function featuresOf(
  ids: Uint8Array,
  sources: readonly FeatureSource[],
  cacheFolder: string,
): Promise<Likeness | undefined> {
  const count = ids.length / idBytes;
  for (const source of sources) {
    // A backbone that is gone, or a cache that can't be read, is none to compare by.
    const likeness = await vectorsOf(ids, source, cacheFolder).catch(() => undefined);
    if (likeness !== undefined && likeness.known >= count / 2) return likeness;
  }
  return undefined;
}

async function vectorsOf(ids: Uint8Array, source: FeatureSource, cacheFolder: string): Promise<Likeness> {
  const backbone = await loadBackbone(source.backbone, { allowFetch: false });
  const policy = trainingPolicy(backbone.policy, source);
  const trunk = buildTrunk(backbone.graph, policy);
  const store = new FeatureStore(trunk, policy, join(cacheFolder, 'features'), source.device);
  const count = ids.length / idBytes;
  // Earlier blocks' features would blur it: measured on flowers and hymenoptera, neighbours by the final ones are
  // of the same class 1 to 2% more often.
  const likeness = new VectorLikeness(count, trunk.finalColumns);
  try {
    for (let photo = 0; photo < count; photo++) {
      const vector = store.get('plain', idOf(ids, photo));
      if (vector !== undefined) likeness.set(photo, vector);
      if (photo % turnAfter === 0) await nextTurn();
    }
  } finally {
    await store.close();
  }
  return likeness;
}

async function looksOf(ids: Uint8Array, cacheFolder: string): Promise<Looks> {
  const cache = await FactsCache.open(join(cacheFolder, 'facts.jsonl'), String(factsVersion));
  const facts = Array.from({ length: ids.length / idBytes }, (_, photo) => cache.factsOf(idOf(ids, photo)));
  const layouts = facts.map((known) => (known !== undefined && 'colors' in known ? known.colors : undefined));
  return { likeness: new LooksLikeness(layouts), complete: !facts.includes(undefined) };
}

function idOf(ids: Uint8Array, photo: number): string {
  return Buffer.from(ids.buffer, ids.byteOffset + photo * idBytes, idBytes).toString('hex');
}
