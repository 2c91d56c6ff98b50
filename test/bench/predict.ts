import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession } from '../../src/engine/devices/onnx-session.ts';
import { extractFeatures } from '../../src/engine/train/extract-features.ts';
import { classify, findPhotos } from '../../src/service/predict.ts';
import type { PhotoFile } from '../../src/service/predict.ts';
import { readPhotoFile } from '../../src/service/read-photo.ts';
import { openSavedModel, readModelFile } from '../../src/service/saved-model.ts';
import type { OpenedModel } from '../../src/service/saved-model.ts';
import { train } from './commands.ts';
import { figure, measure, speed } from './measure.ts';
import type { Arm, Cost, Figure } from './measure.ts';

/** Photos of the smaller pass: what a person drops onto the window. */
const few = 12;

type Answers = Map<string, Float32Array>;

/** One session on all cores, batches of 16: what predict and evaluate did at first. */
async function onOneSession(model: OpenedModel, files: readonly PhotoFile[]): Promise<Answers> {
  const answers: Answers = new Map();
  const session = await createSession(await readModelFile(model, 'model.onnx'));
  const floats = {
    ...session,
    run: (input: Uint8Array | Float32Array, shape: readonly number[]) =>
      session.run(new Float32Array(input), shape),
  };
  const photos = files.map(({ root, name, bytes }, index) => ({
    index,
    bytes,
    views: [{ flip: false }],
    read: () => readPhotoFile(root, name, bytes),
  }));
  try {
    const times = { decode: 0, inference: 0 };
    for await (const event of extractFeatures(photos, model.about.input, floats, 16, times))
      if (event.type === 'vector') answers.set(files[event.index]?.path ?? '', event.vector.slice());
  } finally {
    await session.release();
  }
  return answers;
}

async function asItIs(model: OpenedModel, files: readonly PhotoFile[]): Promise<Answers> {
  const answers: Answers = new Map();
  for await (const outcome of classify(model, files))
    if ('answers' in outcome) answers.set(outcome.file.path, outcome.answers.outputs);
  return answers;
}

/** Largest difference between two sets of answers. */
function difference(a: Answers, b: Answers): number {
  if (a.size !== b.size) return Infinity;
  let apart = 0;
  for (const [path, answer] of a)
    answer.forEach((value, c) => (apart = Math.max(apart, Math.abs(value - (b.get(path)?.[c] ?? Infinity)))));
  return apart;
}

/**
 * Predicting for all of hymenoptera (on every core), for its validation photos and for a few (in one session), the session's start and decoding included, against a single session
 * with batches of 16.
 */
export async function benchPredicting(
  root: string,
  shared: string,
  rounds: number,
): Promise<{ figures: Figure[]; costs: Cost[]; skipped: string[] }> {
  const photos = join(shared, 'datasets/hymenoptera');
  if (!existsSync(photos))
    return { figures: [], costs: [], skipped: ['predict: there is no ../shared/datasets/hymenoptera'] };
  const cache = await mkdtemp(join(tmpdir(), 'holotype-bench-'));
  try {
    const { result } = await train(root, shared, 'hymenoptera', cache);
    const model = await openSavedModel(result.model);
    const all = await findPhotos([photos]);
    const val = await findPhotos([join(photos, 'val')]);
    const costs: Cost[] = [];
    const figures: Figure[] = [];
    for (const files of [all, val, val.slice(0, few)]) {
      const arm = (name: string, run: typeof asItIs): Arm => ({
        name: `predict, ${files.length} photos: ${name}`,
        work: async () => (await run(model, files)).size,
      });
      const apart = difference(await asItIs(model, files), await onOneSession(model, files));
      const raced = await measure([arm('as it is', asItIs), arm('one session', onOneSession)], rounds);
      const [own, one] = raced as [Cost, Cost];
      costs.push(own, one);
      const note = `minima ${(one.bestWall / own.bestWall).toFixed(2)}, processor ${(one.cpu / own.cpu).toFixed(2)}; answers differ by ${apart}`;
      figures.push(
        figure(
          `predict, ${files.length} photos: as it is / one session, batch 16`,
          speed(own, one),
          'x',
          { atLeast: 1 },
          note,
        ),
        figure(`predict, ${files.length} photos`, 1000 / own.wall, 'photos/s'),
      );
    }
    return { figures, costs, skipped: [] };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}
