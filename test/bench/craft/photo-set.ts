/** Real photos as a backbone sees them, for several parts of the report. */
import { displayPath } from '../../../src/contract/dataset.ts';
import type { FileFacts } from '../../../src/engine/explore/odd-files.ts';
import type { Points } from '../../../src/engine/explore/points.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { featuresOf } from '../../../src/service/explore/features.ts';
import { backboneId } from '../material.ts';
import type { CraftMaterial } from './part.ts';

export interface PhotoSet {
  readonly features: Points;
  readonly finalColumns: number;
  readonly files: readonly FileFacts[];
  readonly labels: Int32Array;
  readonly classes: number;
  /** 1: a photo for training, 0: for validation. */
  readonly train: Uint8Array;
}

const made = new Map<string, Promise<PhotoSet>>();

/** A set's features, computed once. */
export function photoSetIn(
  folder: string,
  { say, signal }: CraftMaterial,
  backbone = backboneId,
): Promise<PhotoSet> {
  const key = `${backbone} ${folder}`;
  const known = made.get(key) ?? compute(folder, backbone, say, signal);
  made.set(key, known);
  return known;
}

async function compute(
  folder: string,
  backbone: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<PhotoSet> {
  const { photos, roots, classes } = await openDataset(folder, { signal });
  const work = featuresOf(photos, roots, { backbone, device: 'cpu' }, signal);
  for (;;) {
    const { value, done } = await work.next();
    if (done !== true) continue;
    const seen = value.photos.flatMap((at) => photos[at] ?? []);
    for (const [at, reason] of value.failed)
      say(`without ${displayPath(roots, photos[at] ?? { root: 0, path: '' })}: ${reason}`);
    return {
      features: value.features,
      finalColumns: value.finalColumns,
      files: seen,
      labels: Int32Array.from(seen.map(({ label }) => label)),
      classes: classes.length,
      train: Uint8Array.from(seen.map(({ split }) => (split === 'train' ? 1 : 0))),
    };
  }
}
