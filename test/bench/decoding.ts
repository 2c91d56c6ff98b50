import sharp from 'sharp';
import type { InputPolicy } from '../../src/contract/input-policy.ts';
import { decodeConcurrency, decodeViews } from '../../src/engine/data/decode.ts';
import { figure, measure, speed } from './measure.ts';
import type { Cost, Figure } from './measure.ts';

/** Does something to every photo, as many at once as Holotype would. */
export async function eachPhoto(
  photos: readonly Uint8Array[],
  work: (bytes: Uint8Array) => Promise<unknown>,
): Promise<number> {
  const queue = photos.values();
  const worker = async (): Promise<void> => {
    for (const bytes of queue) await work(bytes);
  };
  await Promise.all(Array.from({ length: decodeConcurrency() }, worker));
  return photos.length;
}

/** Decoding and resizing through Holotype against sharp alone, from memory. */
export async function benchDecoding(
  photos: readonly Uint8Array[],
  policy: InputPolicy,
  rounds: number,
): Promise<{ figures: Figure[]; costs: Cost[] }> {
  const { width, height } = policy;
  const costs = await measure(
    [
      {
        name: 'sharp: autoOrient, resize, removeAlpha, raw',
        work: () =>
          eachPhoto(photos, (bytes) =>
            sharp(bytes).autoOrient().resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer(),
          ),
      },
      {
        name: 'Holotype: decodeViews',
        work: () => eachPhoto(photos, (bytes) => decodeViews(bytes, policy, [{ flip: false }])),
      },
    ],
    rounds,
  );
  const [plain, own] = costs as [Cost, Cost];
  return {
    costs,
    figures: [
      figure('decode and resize: Holotype / sharp alone', speed(own, plain), 'x', { atLeast: 0.9 }),
      figure('decode and resize: Holotype', 1000 / own.wall, 'photos/s'),
    ],
  };
}
