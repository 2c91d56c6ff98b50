import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Dataset, Photo } from '../../../src/contract/dataset.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../src/engine/train/trunk.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { FeatureStore } from '../../../src/service/train/feature-store.ts';
import type { FeatureProgress, FeatureView } from '../../../src/service/train/feature-store.ts';
import { fileSystem } from '../../../src/store/file-system.ts';
import { policyOf } from '../../engine/data/photo-fixtures.ts';
import { mobileNetV2 } from '../../engine/graph/networks.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const policy = policyOf(16, 16, { mean: [127, 127, 127], std: [127, 127, 127] });
let trunk: Trunk;
let dataset: Dataset;
beforeAll(async () => {
  await writePhotos(photos, { red: 12, blue: 12 });
  dataset = await openDataset(photos, { cache: join(scratch, 'cache') });
  trunk = buildTrunk(
    mobileNetV2((block, layer) => `block_${block}/${layer}`),
    policy,
  );
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const wanted = (views: readonly FeatureView[] = ['plain'], some: readonly Photo[] = dataset.photos) =>
  some.map((photo) => ({ photo, views }));

async function compute(
  store: FeatureStore,
  jobs = wanted(),
  stopAfter = Infinity,
): Promise<{ progress: FeatureProgress[]; failed: Map<string, string> | undefined }> {
  const progress: FeatureProgress[] = [];
  const steps = store.compute(jobs, dataset.roots);
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return { progress, failed: step.value };
    progress.push(step.value);
    if (progress.length >= stopAfter) {
      await steps.return(new Map());
      return { progress, failed: undefined };
    }
  }
}

const all = (store: FeatureStore, view: FeatureView = 'plain'): (number[] | undefined)[] =>
  dataset.photos.map(({ id }) => {
    const vector = store.get(view, id);
    return vector === undefined ? undefined : [...vector];
  });

test('computes each view once, then remembers it', async () => {
  const folder = join(scratch, 'once');
  const first = new FeatureStore(trunk, policy, folder);
  const { progress, failed } = await compute(first, wanted(['plain', 'flip']));
  expect(progress[0]).toEqual({ done: 0, total: 48, photos: 24 });
  expect(progress.at(-1)).toEqual({ done: 48, total: 48, photos: 24 });
  expect(failed?.size).toBe(0);
  expect(first.computed).toBe(48);
  const vectors = [all(first), all(first, 'flip')];
  expect(vectors.flat().every((vector) => vector?.length === trunk.dimension)).toBe(true);
  expect(vectors[0]).not.toEqual(vectors[1]);
  await first.close();

  const second = new FeatureStore(trunk, policy, folder);
  expect((await compute(second, wanted(['plain', 'flip']))).progress).toEqual([]);
  expect(second.computed).toBe(0);
  expect([all(second), all(second, 'flip')]).toEqual(vectors);
  await second.close();
});

test('what was computed before a stop is there afterwards', async () => {
  const folder = join(scratch, 'stopped');
  const first = new FeatureStore(trunk, policy, folder);
  await compute(first, wanted(), 2);
  await first.close();
  expect(first.computed).toBeGreaterThan(0);
  expect(first.computed).toBeLessThan(24);

  const second = new FeatureStore(trunk, policy, folder);
  const { progress } = await compute(second);
  expect(progress[0]?.total).toBe(24 - first.computed);
  expect(all(second).every((vector) => vector !== undefined)).toBe(true);
  await second.close();
});

test('features of another network, another policy or another view are others', async () => {
  const folder = join(scratch, 'others');
  const store = new FeatureStore(trunk, policy, folder);
  await compute(store);
  await store.close();
  const other = buildTrunk(
    mobileNetV2((block, layer) => `block_${block}/${layer}`),
    policy,
    { taps: false },
  );
  for (const [name, one] of [
    ['network', new FeatureStore(other, policy, folder)],
    ['policy', new FeatureStore(trunk, { ...policy, resize: 'pad' }, folder)],
  ] as const) {
    expect([name, all(one).some((vector) => vector !== undefined)]).toEqual([name, false]);
    await one.close();
  }
  const same = new FeatureStore(trunk, { ...policy }, folder);
  expect(all(same, 'flip').some((vector) => vector !== undefined)).toBe(false);
  expect(all(same).every((vector) => vector !== undefined)).toBe(true);
  await same.close();
});

test('a photo that is there twice is computed once', async () => {
  const store = new FeatureStore(trunk, policy, join(scratch, 'twice'));
  const [one] = dataset.photos;
  const jobs = wanted(['plain'], one === undefined ? [] : [one, { ...one, path: 'red/elsewhere.jpg' }]);
  expect((await compute(store, jobs)).progress.at(-1)).toEqual({ done: 1, total: 1, photos: 1 });
  await store.close();
});

test('unreadable photos are named, with the reason', async () => {
  const store = new FeatureStore(trunk, policy, join(scratch, 'gone'));
  const [one, two] = dataset.photos;
  if (one === undefined || two === undefined) throw new Error('there are photos');
  const { failed, progress } = await compute(
    store,
    wanted(['plain', 'flip'], [{ ...one, path: 'red/gone.jpg' }, two]),
  );
  expect([...(failed ?? [])]).toEqual([[one.id, expect.stringContaining('gone.jpg')]]);
  expect(progress.at(-1)).toEqual({ done: 4, total: 4, photos: 2 });
  expect(store.get('plain', two.id)).toHaveLength(trunk.dimension);
  await store.close();
});

/** A trunk whose vectors are so long that some ten fill what is written at a time. */
function wide(): Trunk {
  const copies = 3000;
  const graph = trunk.graph;
  const name = 'wide';
  const from = graph.outputs[0] ?? '';
  return {
    ...trunk,
    graph: {
      ...graph,
      nodes: [...graph.nodes, { op: 'concat', name, inputs: Array<string>(copies).fill(from) }],
      outputs: [name],
    },
    dimension: trunk.dimension * copies,
  };
}

test('a disk that is full from some point on costs a warning, not a feature', async () => {
  const folder = join(scratch, 'full');
  const write = fileSystem.writeSync;
  let written = 0;
  vi.spyOn(fileSystem, 'writeSync').mockImplementation((...args: Parameters<typeof write>) => {
    written += 1;
    if (written > 3) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return write(...args);
  });
  const store = new FeatureStore(wide(), policy, folder);
  const { failed } = await compute(store);
  expect(failed?.size).toBe(0);
  expect(store.storageProblem).toContain('full');
  expect(all(store).every((vector) => vector?.length === trunk.dimension * 3000)).toBe(true);
  await store.close();
});

test('a cache folder that can’t even be opened costs a warning, not a feature', async () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  const store = new FeatureStore(trunk, policy, join(file, 'features'));
  await compute(store, wanted(['plain', 'flip']));
  expect(store.storageProblem).toContain('file');
  const flipped = all(store, 'flip');
  expect(flipped.every((vector) => vector?.length === trunk.dimension)).toBe(true);
  expect(all(store)).not.toEqual(flipped);
  expect((await compute(store)).progress).toEqual([]); // remembered for this training all the same
  await store.close();
});

test('a damaged cache is computed anew', async () => {
  const folder = join(scratch, 'damaged');
  const first = new FeatureStore(trunk, policy, folder);
  await compute(first);
  const vectors = all(first);
  await first.close();
  const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('.features'));
  const path = join(folder, name);
  const bytes = readFileSync(path);
  bytes.fill(0xff, statSync(path).size / 2);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  const second = new FeatureStore(trunk, policy, folder);
  await compute(second);
  expect(second.computed).toBeGreaterThan(0);
  expect(all(second)).toEqual(vectors);
  await second.close();
});
