import type { Photo, UnlabeledPhoto } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import { loadBackbone } from '../models.ts';
import { FeatureStore } from '../train/feature-store.ts';
import { trainingPolicy } from '../train/settings.ts';
import type { ExploreNews } from './news.ts';

/** Features of photos, and which of them could not be read. */
export interface PhotoFeatures {
  readonly backbone: string;
  /** Photos that have features, by their number among those that were asked for. */
  readonly photos: readonly number[];
  /** One row for each of them. */
  readonly features: { readonly rows: number; readonly columns: number; readonly data: Float32Array };
  /** The first so many columns are the backbone's final features. */
  readonly finalColumns: number;
  /** Reasons by number. */
  readonly failed: ReadonlyMap<number, string>;
}

/** What features are computed with. */
export interface FeatureWish {
  readonly backbone: string;
  readonly resize?: InputPolicy['resize'] | undefined;
  readonly device: DeviceId;
  /** Where features are kept; absent: in the cache folder. */
  readonly folder?: string;
}

/**
 * The features of photos, computed where the cache has none.
 *
 * @param roots folders that the photos' paths are relative to
 * @throws HolotypeError as `loadBackbone`, and 'storage' when features that were there are gone
 */
export async function* featuresOf(
  photos: readonly (Photo | UnlabeledPhoto)[],
  roots: readonly string[],
  wish: FeatureWish,
  signal?: AbortSignal,
): AsyncGenerator<ExploreNews, PhotoFeatures> {
  const backbone = await loadBackbone(wish.backbone, signal === undefined ? {} : { signal });
  const policy = trainingPolicy(backbone.policy, { resize: wish.resize });
  const trunk = buildTrunk(backbone.graph, policy);
  const store = new FeatureStore(trunk, policy, wish.folder, wish.device);
  try {
    const wanted = photos.map((photo) => ({ photo: { label: 0, ...photo }, views: ['plain'] as const }));
    const work = store.compute(wanted, roots, signal);
    let reasons = new Map<string, string>();
    for (;;) {
      const step = await work.next();
      if (step.done === true) {
        reasons = step.value;
        break;
      }
      const { done, total } = step.value;
      yield { message: `Computing what ${backbone.name} sees in each photo`, done, total, unit: 'photos' };
    }
    const there = photos.flatMap(({ id }, at) => (reasons.has(id) ? [] : [at]));
    const columns = trunk.dimension;
    const data = new Float32Array(there.length * columns);
    for (const [row, at] of there.entries()) {
      const photo = photos[at];
      const vector = photo === undefined ? undefined : store.get('plain', photo.id);
      if (vector === undefined)
        throw new HolotypeError(
          'storage',
          `The cached features of "${photo?.path ?? ''}" are gone or damaged.`,
          {
            remedy: 'Explore again: they will be computed anew.',
          },
        );
      data.set(vector, row * columns);
    }
    return {
      backbone: backbone.id,
      photos: there,
      features: { rows: there.length, columns, data },
      finalColumns: trunk.finalColumns,
      failed: new Map(
        photos.flatMap(({ id }, at): [number, string][] => {
          const reason = reasons.get(id);
          return reason === undefined ? [] : [[at, reason]];
        }),
      ),
    };
  } finally {
    await store.close();
  }
}
