/** Photos unlike those a model learned from are answered with "unknown", wherever the model is asked. */
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doubtOf } from '../../src/contract/doubt.ts';
import type { PredictResult } from '../../src/contract/predict.ts';
import { exportTo, writeCsv } from '../../src/service/deliver.ts';
import { evaluate } from '../../src/service/evaluate.ts';
import { answerOf, answersIn, predict } from '../../src/service/predict.ts';
import { loadSession, openSavedModel, type OpenedModel } from '../../src/service/saved-model.ts';
import { cameraReplySchema } from '../../src/service/use/camera-request.ts';
import { cameraTask } from '../../src/service/use/camera-task.ts';
import { scratchFolder } from '../store/scratch.ts';
import { tintedPhoto, trained, writeBackbone, writePhotos } from './train/training-fixtures.ts';

const scratch = scratchFolder();
const folder = join(scratch, 'model');
const strange = join(scratch, 'strange');
const fresh = join(scratch, 'fresh');
let model: OpenedModel;

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  const photos = join(scratch, 'photos');
  await writePhotos(photos, { red: 50, blue: 50 });
  await trained({
    photos,
    out: folder,
    recipe: 'head',
    epochs: 8,
    valFraction: 0.3,
    backbone: writeBackbone(join(scratch, 'models')),
  });
  await writePhotos(fresh, { red: 10, blue: 10 }, 3);
  await writePhotos(strange, { green: 20 }, 5);
  model = await openSavedModel(folder);
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const unlikeIn = ({ results }: PredictResult): number =>
  results.filter(({ unlike }) => unlike === true).length;

/** What the camera says of a photo's file. */
function askCamera(of: string, path: string): Promise<unknown> {
  const { signal } = new AbortController();
  const tools = { signal, stopSignal: signal, pausePoint: async () => undefined };
  const silent = { event: () => undefined, progress: () => undefined, result: () => undefined };
  const picture = new Uint8Array(readFileSync(path));
  return cameraTask({ model: of, picture }, { ...tools, ...silent });
}

test('photos of a colour it never saw are unlike; new ones of colours it knows are not', async () => {
  expect(model.about.unlike).toMatchObject({ version: 1, file: 'unlike.safetensors', share: 0.95 });
  const [known, other] = [await predict(model, [fresh]), await predict(model, [strange])];
  expect(unlikeIn(other)).toBeGreaterThanOrEqual(14);
  expect(unlikeIn(known)).toBeLessThanOrEqual(4);
  expect(other.results.filter(({ unknown, unlike }) => unlike === true && !unknown)).toEqual([]);
});

test('the camera and a pool of sessions say the same', async () => {
  const [path = ''] = readdirSync(join(strange, 'green')).map((name) => join(strange, 'green', name));
  const camera = await askCamera(folder, path);
  const [one] = (await predict(model, [path])).results;
  expect(camera).toMatchObject({ label: one?.label, unknown: one?.unknown, unlike: one?.unlike });

  const size = [2, model.about.input.height, model.about.input.width, 3];
  const pixels = Uint8Array.from({ length: size.reduce((a, b) => a * b) }, (_, at) => (at * 31) % 255);
  const [single, pool] = [await loadSession(model, 1), await loadSession(model, 10_000)];
  const [[alone], [together]] = [
    await single.run(pixels.slice(), size),
    await pool.run(pixels.slice(), size),
  ];
  await Promise.all([single.release(), pool.release()]);
  expect(together).toEqual(alone);
  expect(alone).toHaveLength(2 * 3);
  expect(answersIn(model, alone ?? new Float32Array()).novelty).toBe(alone?.[2]);
});

test.each([
  ['a number', 'regression', 'target', { red: '30', blue: '10' }, "don't trust this number"],
  ['labels', 'multi-label', 'label', { red: 'warm;round', blue: 'round' }, "don't trust these labels"],
] as const)(
  '%s is said with the same note in answers, table and camera',
  async (_, task, column, of, words) => {
    const labels = join(scratch, `${task}.csv`);
    const photos = join(scratch, 'photos');
    const rows = (['red', 'blue'] as const).flatMap((name) =>
      readdirSync(join(photos, name)).map((file) => `${name}/${file},${of[name]}`),
    );
    writeFileSync(labels, [`filename,${column}`, ...rows].join('\n'));
    const out = join(scratch, task);
    const backbone = join(scratch, 'models', 'tiny.onnx');
    await trained({ photos, labels, task, out, recipe: 'head', epochs: 8, valFraction: 0.3, backbone });
    const opened = await openSavedModel(out);
    const [known, other] = [await predict(opened, [fresh]), await predict(opened, [strange])];
    expect(unlikeIn(other)).toBeGreaterThanOrEqual(14);
    expect(unlikeIn(known)).toBeLessThanOrEqual(4);
    const note = `unlike the photos it learned from: ${words}`;
    const told = [...known.results, ...other.results];
    expect(told.map((one) => one.note)).toEqual(told.map((one) => (one.unlike === true ? note : undefined)));

    const table = join(scratch, `${task} answers.csv`);
    await writeCsv(table, opened.about, other);
    const read = parse(readFileSync(table, 'utf8'), { columns: true }) as Record<string, string>[];
    expect(read.map((row) => row['note'])).toEqual(other.results.map((one) => one.note ?? ''));
    expect(read.map((row) => row['note'])).toContain(note);

    const said = other.results.find(({ unlike }) => unlike === true);
    const camera = cameraReplySchema.parse(await askCamera(out, said?.path ?? ''));
    const { label, labels: several, value, unlike } = said ?? {};
    expect(camera).toMatchObject({
      label,
      unlike,
      ...(value === undefined ? { labels: several } : { value }),
    });
    expect(doubtOf(camera)).toBe(note);
  },
);

test('judging says how many are called unknown, and how many of those are wrong', async () => {
  const { unknown, metrics } = await evaluate(model, fresh);
  expect(unknown?.photos).toBeGreaterThanOrEqual(unknown?.wrong ?? Infinity);
  expect(unknown?.wrong).toBeLessThanOrEqual(metrics.count - (metrics.correct ?? 0));
});

test('a model of before answers as before', async () => {
  const old = join(scratch, 'old');
  cpSync(folder, old, { recursive: true });
  const { unlike: _, files, ...about } = model.about;
  rmSync(join(old, 'unlike.safetensors'));
  const before = { ...about, files: files.filter(({ path }) => path !== 'unlike.safetensors') };
  writeFileSync(join(old, 'holotype.json'), JSON.stringify(before));
  const opened = await openSavedModel(old);
  const [then, now] = [await predict(opened, [strange]), await predict(model, [strange])];
  expect(then.results.every((one) => !('unlike' in one))).toBe(true);
  expect(then.results.map(({ probabilities }) => probabilities)).toEqual(
    now.results.map(({ probabilities }) => probabilities),
  );
  expect(answerOf(opened, { outputs: Float32Array.of(0.99, 0.01), novelty: undefined }).unknown).toBe(false);
});

test('the side file goes along where it can be used, and a damaged one is told', async () => {
  const exported = await exportTo(model, 'onnx', join(scratch, 'onnx'));
  expect(exported.files.map(({ path }) => path)).toContain('unlike.safetensors');
  const web = await exportTo(model, 'tfjs', join(scratch, 'tfjs'));
  expect(web.files.map(({ path }) => path)).not.toContain('unlike.safetensors');
  const damaged = join(scratch, 'damaged');
  cpSync(folder, damaged, { recursive: true });
  copyFileSync(join(damaged, 'labels.txt'), join(damaged, 'unlike.safetensors'));
  const photo = join(scratch, 'photo.jpg');
  writeFileSync(photo, await tintedPhoto('red', 9));
  await expect(predict(await openSavedModel(damaged), [photo])).rejects.toMatchObject({ code: 'checksum' });
});

test('with too few photos to set a limit by, none is set', async () => {
  const photos = join(scratch, 'few');
  await writePhotos(photos, { red: 10, blue: 10 }, 7);
  const out = join(scratch, 'few-model');
  const backbone = join(scratch, 'models', 'tiny.onnx');
  await trained({ photos, out, recipe: 'head', epochs: 4, backbone });
  expect((await openSavedModel(out)).about.unlike).toBeUndefined();
  expect(readdirSync(out)).not.toContain('unlike.safetensors');
});

test('of a fine-tuned model they are told by what it makes of the photos now', async () => {
  const out = join(scratch, 'tuned');
  await trained({
    photos: join(scratch, 'photos'),
    out,
    recipe: 'finetune',
    freezeUntil: 'block_0',
    epochs: 3,
    finetuneEpochs: 8,
    finetuneBatchSize: 8,
    finetuneLearningRate: 2e-3,
    valFraction: 0.3,
    backbone: join(scratch, 'models', 'tiny.onnx'),
  });
  const tuned = await openSavedModel(out);
  expect(tuned.about.recipe.name).toBe('finetune');
  const [known, other] = [await predict(tuned, [fresh]), await predict(tuned, [strange])];
  expect(unlikeIn(other)).toBeGreaterThanOrEqual(14);
  expect(unlikeIn(known)).toBeLessThanOrEqual(4);
  // By what the backbone made of the training photos before, photos of the same colours were far away, too.
  expect(tuned.about.unlike?.above).toBeLessThan(0.5);
});
