import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Photo } from '../../../src/contract/dataset.ts';
import { blocksOf } from '../../../src/engine/graph/blocks.ts';
import { Activations } from '../../../src/engine/train/finetune/activations.ts';
import { createFlatOptimizer } from '../../../src/engine/train/finetune/flat-optimizer.ts';
import { planTail } from '../../../src/engine/train/finetune/plan.ts';
import type { TailPlan } from '../../../src/engine/train/finetune/plan.ts';
import { createTail } from '../../../src/engine/train/finetune/tail-model.ts';
import { trainTail } from '../../../src/engine/train/finetune/train-tail.ts';
import type { TailEpoch, TailEvent, TailState } from '../../../src/engine/train/finetune/train-tail.ts';
import { crossEntropy } from '../../../src/engine/train/losses.ts';
import { startTfOnOnnxRuntime } from '../../../src/engine/train/tf.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../src/engine/train/trunk.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { BoundaryCache } from '../../../src/service/train/boundary-cache.ts';
import { FrozenPhotos } from '../../../src/service/train/boundary-photos.ts';
import type { DiskWorth } from '../../../src/service/train/boundary-photos.ts';
import { PhotoRunner } from '../../../src/service/train/photo-runner.ts';
import { fileSystem } from '../../../src/store/file-system.ts';
import { policyOf } from '../../engine/data/photo-fixtures.ts';
import { randomHead, rates } from '../../engine/train/finetune/tail-testing.ts';
import { mobileNetV2 } from '../../engine/graph/networks.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
const policy = policyOf(16, 16, { mean: [127, 127, 127], std: [127, 127, 127] });
const seed = 4;
const epochs = 3;
const views = 2;
let trunk: Trunk;
let plan: TailPlan;
let roots: readonly string[];
let train: readonly Photo[];
let val: readonly Photo[];
let folders = 0;
beforeAll(async () => {
  const photos = join(scratch, 'photos');
  await writePhotos(photos, { red: 15, blue: 14, green: 14 });
  const dataset = await openDataset(photos, { cache: join(scratch, 'cache') });
  const graph = mobileNetV2((block, layer) => `block_${block}/${layer}`);
  trunk = buildTrunk(graph, policy, { fold: false });
  plan = planTail(trunk, blocksOf(graph), 'block_1');
  roots = dataset.roots;
  val = dataset.photos.filter((_, i) => i % 4 === 0);
  train = dataset.photos.filter((_, i) => i % 4 !== 0);
  await startTfOnOnnxRuntime();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const newFolder = (): string => join(scratch, `features${(folders += 1)}`);
const roomFor = (photos: number): number => Activations.bytes(photos, plan.dimension);
/** Computed when nothing is stored: each view of a training photo and the plain one of the others, once. */
const onceEach = (): number => views * train.length + val.length;

interface Run {
  /** Where activations are stored. */
  readonly folder: string;
  /** Photos that fit into memory. */
  readonly memory?: number;
  /** Bytes that may be stored. */
  readonly limit?: number;
  readonly resume?: TailState;
  readonly worth?: Partial<DiskWorth>;
  readonly onEvent?: (event: TailEvent) => void;
}

interface Ran {
  readonly weights: Float32Array;
  readonly history: readonly TailEpoch[];
  readonly states: readonly TailState[];
  /** Photos that the frozen part was run on. */
  readonly computed: number;
  readonly problem: string | undefined;
}

/** Fine-tunes on photos at the freeze boundary; everything but where they come from is always the same. */
async function run({ folder, memory = Infinity, limit, resume, worth, onEvent }: Run): Promise<Ran> {
  const { standardization: _, ...head } = randomHead(trunk, 5);
  const standardization = { mean: new Float32Array(trunk.dimension), scale: 1 };
  const model = createTail(trunk.graph, plan, { ...head, standardization });
  const options = { kind: 'adamw' as const, rates, clip: 1, ema: 0.9 };
  const optimizer = createFlatOptimizer(model.parts, options);
  const runner = new PhotoRunner(plan.frozen, policy, roots);
  const cache = await BoundaryCache.open(plan, policy, folder, limit);
  const { dimension } = plan;
  const always = { quickRead: Infinity, secondsPerGigabyte: 0, ...worth };
  const answering = { task: 'single-label', outputs: 3 } as const;
  const room = {
    runner,
    answering,
    cache,
    dimension,
    seed,
    budget: memory * roomFor(1),
    views,
    worth: always,
  };
  const task = {
    model,
    optimizer,
    classes: 3,
    train: new FrozenPhotos(train, room),
    val: new FrozenPhotos(val, { ...room, views: 1 }),
    epochs,
    batchSize: 1,
    atOnce: 32,
    warmup: 0.1,
    objective: { ...crossEntropy, labelSmoothing: 0.1 },
    patience: 9,
    views,
    seed,
    resume,
  };
  const states: TailState[] = [];
  try {
    for await (const event of trainTail(task)) {
      if (event.type === 'safe') states.push(event.state());
      if (event.type === 'done') {
        const { weights, history } = event;
        await cache.close();
        const problem = cache.takeProblem();
        return { weights, history, states, computed: runner.computed, problem };
      }
      onEvent?.(event);
    }
    throw new Error('training ended without a result');
  } finally {
    optimizer.dispose();
    model.dispose();
    await runner.close();
    await cache.close();
  }
}

let reference: Ran;
let full: string;
beforeAll(async () => {
  full = newFolder();
  reference = await run({ folder: full });
});

/** What must be the same, however the activations came to be. */
const outcome = ({ weights, history }: Ran) => ({
  history,
  weights: createHash('sha256').update(new Uint8Array(weights.buffer)).digest('hex'),
});

const files = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.features'))
    .map((name) => join(folder, name));

/** A copy of what the first training stored, each file changed. */
function stored(change: (path: string) => void = () => undefined): string {
  const folder = newFolder();
  cpSync(full, folder, { recursive: true });
  for (const path of files(folder)) change(path);
  return folder;
}

const half = (path: string): void => truncateSync(path, statSync(path).size / 2);

/** Damages the middle third of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, Math.floor(bytes.length / 3), Math.floor((2 * bytes.length) / 3));
  writeFileSync(path, bytes);
}

/** Does something to the disk in the second epoch. */
const inBetween = (act: () => void): ((event: TailEvent) => void) => {
  let done = false;
  return (event) => {
    if (done || event.type !== 'epoch' || event.epoch.epoch !== 1) return;
    done = true;
    act();
  };
};

describe('photos at the freeze boundary end in the same weights', () => {
  test('learns something, and stores each view once', () => {
    expect(reference.computed).toBe(onceEach());
    expect(reference.problem).toBeUndefined();
    expect(reference.states.length).toBeGreaterThan(epochs);
    const losses = reference.history.map(({ valLoss }) => valLoss);
    expect(new Set(losses).size).toBe(epochs + 1);
    expect(files(full)).toHaveLength(views);
  });

  test('read from the disk into memory: nothing is computed', async () => {
    const ran = await run({ folder: full });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBe(0);
  });

  test.each([
    ['in memory', Infinity],
    ['streamed', 5],
  ])('%s, where the disk has half of them', async (_, memory) => {
    const ran = await run({ folder: stored(half), memory });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeGreaterThan(onceEach() / 3);
    expect(ran.computed).toBeLessThan(onceEach());
    expect(ran.problem).toBeUndefined();
  });

  test('streamed from the disk, which is filled first', async () => {
    const folder = newFolder();
    const ran = await run({ folder, memory: 5 });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBe(onceEach());
    const again = await run({ folder, memory: 5 });
    expect(outcome(again)).toEqual(outcome(reference));
    expect(again.computed).toBe(0);
  });

  test('streamed: each batch is asked for while the one before is learned from, and no more are in memory', async () => {
    const folder = stored();
    let under = 0;
    const ahead: number[] = [];
    const read = fileSystem.read;
    vi.spyOn(fileSystem, 'read').mockImplementation(((file, buffer, offset, length, position, told) => {
      under += 1;
      read(file, buffer, offset, length, position, (error, bytes, into) => {
        under -= 1;
        told(error, bytes, into);
      });
    }) as typeof read);
    const ran = await run({
      folder,
      memory: 1,
      onEvent: (event) => {
        if (event.type === 'batch') ahead.push(under);
      },
    });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBe(0);
    // A batch is one photo here.
    expect(Math.max(...ahead)).toBe(1);
  });

  test('computed again and again, where neither memory nor disk has room', async () => {
    const folder = newFolder();
    const ran = await run({ folder, memory: 5, limit: 0 });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBe(epochs * train.length + (epochs + 1) * val.length);
    expect(existsSync(folder)).toBe(false);
    expect(ran.problem).toBeUndefined(); // as was wished
  });

  test.each([
    ['in memory', Infinity, () => onceEach()],
    ['in parts', 5, () => epochs * train.length + (epochs + 1) * val.length],
  ])('%s, where storing would save too little', async (_, memory, computed) => {
    const folder = newFolder();
    const ran = await run({ folder, memory, worth: { secondsPerGigabyte: Infinity } });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeGreaterThanOrEqual(computed());
    expect(existsSync(folder)).toBe(false);
    expect(ran.problem).toBeUndefined();
  });

  test('with room for some on the disk, these are read and the others computed', async () => {
    const folder = newFolder();
    const limit = (roomFor(1) + 64) * 30;
    const ran = await run({ folder, memory: 5, limit });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeLessThan(epochs * train.length + (epochs + 1) * val.length);
    expect(files(folder).reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(limit);
  });

  test.each([
    ['in memory', Infinity],
    ['streamed', 5],
  ])('%s, with the folder deleted in between', async (_, memory) => {
    const folder = stored();
    const gone = inBetween(() => rmSync(folder, { recursive: true }));
    expect(outcome(await run({ folder, memory, onEvent: gone }))).toEqual(outcome(reference));
  });

  test.each([
    ['in memory', Infinity],
    ['streamed', 5],
  ])('%s, with files that were damaged: what is not what was written is computed anew', async (_, memory) => {
    const folder = stored(damage);
    const ran = await run({ folder, memory });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.problem).toMatch(/damaged/);
    const again = await run({ folder, memory });
    expect(outcome(again)).toEqual(outcome(reference));
    expect(again.computed).toBe(0);
  });

  test('streamed, with files damaged while they are read', async () => {
    const folder = stored();
    const harm = inBetween(() => files(folder).forEach(damage));
    const ran = await run({ folder, memory: 5, onEvent: harm });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeGreaterThan(0);
    expect(ran.problem).toMatch(/damaged/);
  });

  test('from files that are no caches at all', async () => {
    const folder = stored((path) => writeFileSync(path, 'something else'));
    const ran = await run({ folder });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBe(onceEach());
  });

  test('with a disk that is slower than computing', async () => {
    const folder = stored();
    const read = fileSystem.read;
    vi.spyOn(fileSystem, 'read').mockImplementation(((file, buffer, offset, length, position, told) => {
      setTimeout(() => read(file, buffer, offset, length, position, told), 250);
    }) as typeof read);
    const ran = await run({ folder, memory: 5, worth: { quickRead: 1e-6 } });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeGreaterThan(train.length);
  });

  test.each([
    ['in memory', Infinity],
    ['streamed', 5],
  ])('%s, with a disk that is full from some point on: one warning', async (_, memory) => {
    const write = fileSystem.writeSync;
    let written = 0;
    vi.spyOn(fileSystem, 'writeSync').mockImplementation((...args: Parameters<typeof write>) => {
      written += 1;
      if (written > 3) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return write(...args);
    });
    const ran = await run({ folder: newFolder(), memory });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.problem).toMatch(/^Activations could not be kept on disk.*The disk is full/);
  });

  test('with a folder that can be neither read nor made: one warning', async () => {
    const file = join(scratch, 'a-file');
    writeFileSync(file, '');
    const ran = await run({ folder: join(file, 'features'), memory: 5 });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.problem).toContain('a-file');
  });

  test('with a folder that is read-only: what is there is read', async () => {
    const folder = stored(half);
    const open = fileSystem.openSync;
    vi.spyOn(fileSystem, 'openSync').mockImplementation((path, flags, mode) => {
      if (flags === 'r') return open(path, flags, mode);
      throw Object.assign(new Error('injected'), { code: 'EROFS' });
    });
    const ran = await run({ folder });
    expect(outcome(ran)).toEqual(outcome(reference));
    expect(ran.computed).toBeLessThan(onceEach());
    expect(ran.problem).toMatch(/read-only drive/);
  });
});

describe('a training that is gone on with', () => {
  test.each([
    ['from memory to streaming', () => ({ folder: stored(), memory: 5 })],
    ['from the disk to computing', () => ({ folder: newFolder(), memory: 5, limit: 0 })],
    ['with the folder deleted', () => ({ folder: newFolder() })],
    ['with half of the folder left', () => ({ folder: stored(half), memory: 5 })],
  ])('%s ends in the same bits', async (_, place) => {
    for (const state of [reference.states[0], reference.states[2]]) {
      if (state === undefined) throw new Error('there are states');
      const vectors = new Map([...state.vectors].map(([name, data]) => [name, data.slice()]));
      expect(outcome(await run({ ...place(), resume: { ...state, vectors } }))).toEqual(outcome(reference));
    }
  });
});

describe('what is stored', () => {
  test('is another’s photos, network, cut and preprocessing only', async () => {
    const graph = mobileNetV2((block, layer) => `block_${block}/${layer}`);
    const others = [
      [planTail(trunk, blocksOf(graph), 'block_0'), policy],
      [plan, { ...policy, resize: 'pad' as const }],
    ] as const;
    const id = train[0]?.id ?? '';
    for (const [other, look] of others) {
      const cache = await BoundaryCache.open(other, look, full);
      expect((await cache.view('plain'))?.has(id)).toBe(false);
      await cache.close();
    }
    const same = await BoundaryCache.open(plan, { ...policy }, full);
    expect((await same.view('plain'))?.has(id)).toBe(true);
    expect((await same.view('plain'))?.has('0'.repeat(64))).toBe(false);
    await same.close();
  });

  test('tells what went wrong once', async () => {
    const file = join(scratch, 'no-folder');
    writeFileSync(file, '');
    const cache = await BoundaryCache.open(plan, policy, join(file, 'features'));
    expect(await cache.view('plain')).toBeUndefined();
    expect(cache.takeProblem()).toContain('no-folder');
    expect(await cache.view('plain')).toBeUndefined();
    expect(cache.takeProblem()).toBeUndefined();
    await cache.close();
  });

  test('pushes out what was used longest ago, never more of its own', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    const old = join(folder, `${'0'.repeat(32)}.0.features`);
    writeFileSync(old, new Uint8Array(40 * roomFor(1)));
    const limit = 80 * roomFor(1);
    const cache = await BoundaryCache.open(plan, policy, folder, limit);
    const view = await cache.view('plain');
    const halves = new Uint16Array(plan.dimension).fill(1);
    const ids = Array.from({ length: 80 }, (_, i) => i.toString(16).padStart(64, '0'));
    const taken = ids.filter((id) => view?.put(id, halves) === true);
    expect(taken.length).toBeGreaterThan(40);
    expect(taken).toEqual(ids.slice(0, taken.length));
    expect(existsSync(old)).toBe(false);
    expect((await view?.readAll(taken))?.every((vector) => vector?.[0] === 1)).toBe(true);
    await cache.close();
    const [path = ''] = files(folder);
    expect(statSync(path).size).toBeLessThanOrEqual(limit);
  });
});
