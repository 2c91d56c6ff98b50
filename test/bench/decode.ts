import sharp from 'sharp';
import type { InputPolicy } from '../../src/contract/input-policy.ts';
import { decodeConcurrency, decodePhoto } from '../../src/engine/data/decode.ts';
import { listFiles, readPhoto } from '../../src/store/photos.ts';

export interface DecodeBenchmark {
  photos: number;
  concurrency: number;
  /** Photos a second. */
  ours: number;
  sharp: number;
  /** ours / sharp; the goal is 0.9 or more. */
  ratio: number;
  /** The same of processor time, which other programs disturb less. */
  cpuRatio: number;
}

interface Cost {
  wall: number;
  cpu: number;
}

const policy: InputPolicy = {
  height: 224,
  width: 224,
  resize: 'squash',
  cropFraction: 1,
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

/**
 * Compares decodePhoto with the barest use of sharp (resize, raw) on photos that already lie in memory. Both run in
 * turns and the best round of each counts, so that a machine busy with other things disturbs it little.
 *
 * @param folder of photos
 * @param count how many of them, evenly taken from all
 */
export async function benchmarkDecode(folder: string, count = 200, rounds = 7): Promise<DecodeBenchmark> {
  const paths: string[] = [];
  for await (const { path } of listFiles(folder)) if (/\.jpe?g$/i.test(path)) paths.push(path);
  const step = Math.max(1, paths.length / count);
  const photos: Uint8Array[] = [];
  for (let at = 0; at < paths.length && photos.length < count; at += step) {
    photos.push(await readPhoto(folder, paths[Math.floor(at)] ?? ''));
  }
  const { width, height } = policy;
  const plain = (bytes: Uint8Array): Promise<unknown> =>
    sharp(bytes).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  const own = (bytes: Uint8Array): Promise<unknown> => decodePhoto(bytes, policy);
  await measure(photos, own); // warms up
  await measure(photos, plain);
  const results: { own: Cost; plain: Cost }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % 2 === 0;
    const a = await measure(photos, first ? own : plain);
    const b = await measure(photos, first ? plain : own);
    results.push(first ? { own: a, plain: b } : { own: b, plain: a });
  }
  const best = (costs: Cost[], kind: keyof Cost): number =>
    photos.length / Math.min(...costs.map((cost) => cost[kind]));
  const ours = results.map((result) => result.own);
  const bare = results.map((result) => result.plain);
  return {
    photos: photos.length,
    concurrency: decodeConcurrency(),
    ours: best(ours, 'wall'),
    sharp: best(bare, 'wall'),
    ratio: best(ours, 'wall') / best(bare, 'wall'),
    cpuRatio: best(ours, 'cpu') / best(bare, 'cpu'),
  };
}

async function measure(
  photos: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Promise<unknown>,
): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < photos.length; index = next++) {
      await decode(photos[index] ?? new Uint8Array());
    }
  };
  await Promise.all(Array.from({ length: decodeConcurrency() }, worker));
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}
