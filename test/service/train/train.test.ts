import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobEventSchema } from '../../../src/contract/job-events.ts';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { SavedModel } from '../../../src/contract/saved-model.ts';
import { trainResultSchema } from '../../../src/contract/train.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { decodePhoto } from '../../../src/engine/data/decode.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { predict } from '../../../src/service/predict.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining, trained, writeBackbone, writePhotos } from './training-fixtures.ts';
import type { Outcome } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
let outs = 0;
/** Options of a short training into a folder of its own. */
const options = (more: Partial<TrainOptionsInput> = {}): TrainOptionsInput => ({
  photos,
  backbone,
  out: join(scratch, `out${(outs += 1)}`),
  recipe: 'head',
  epochs: 8,
  ...more,
});

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14, green: 12 });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const aboutOf = (folder: string): SavedModel =>
  savedModelSchema.parse(JSON.parse(readFileSync(join(folder, 'holotype.json'), 'utf8')));

describe('a training', () => {
  let outcome: Outcome;
  let result: TrainResult;
  let about: SavedModel;
  beforeAll(async () => {
    writeFileSync(join(photos, 'blue', 'notes.txt'), 'these are blue');
    writeFileSync(join(photos, 'red', 'broken.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]));
    outcome = await runTraining(options({ seed: 5 }));
    if (outcome.result === undefined) throw outcome.error;
    result = outcome.result;
    about = aboutOf(result.model);
  });
  afterAll(() => {
    rmSync(join(photos, 'blue', 'notes.txt'));
    rmSync(join(photos, 'red', 'broken.jpg'));
  });

  test('tells what happens in events of the contract, numbered upwards, stage by stage', () => {
    const { events } = outcome;
    for (const event of events) expect(jobEventSchema.parse(event)).toEqual(event);
    const numbers = events.map(({ seq }) => seq);
    expect(numbers.every((seq, at) => at === 0 || seq > (numbers[at - 1] ?? 0))).toBe(true);
    expect(new Set(events.map(({ jobId }) => jobId)).size).toBe(1);
    expect(events[0]?.type).toBe('started');
    expect(events.at(-1)).toMatchObject({ type: 'done', model: result.model });
    const stages = events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []));
    expect(stages).toEqual(['scan', 'backbone', 'features', 'choose', 'head', 'export', 'report', 'report']);
    const features = events.flatMap((event) =>
      event.type === 'batch' && event.stage === 'features' ? [event] : [],
    );
    expect(features.at(-1)?.done).toBe(features.at(-1)?.total);
  });

  test('logs the same events under the same numbers, but for mere progress', () => {
    const log = readFileSync(join(result.run, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    const told = outcome.events.filter(({ type }) => type !== 'batch');
    expect(log.map(({ seq, type }) => [seq, type])).toEqual(told.map(({ seq, type }) => [seq, type]));
  });

  test('returns what the contract says, and keeps it in the run', () => {
    expect(trainResultSchema.parse(result)).toEqual(result);
    const report: unknown = JSON.parse(readFileSync(join(result.run, 'report.json'), 'utf8'));
    expect(report).toEqual(result);
    expect(result.classes).toEqual(['blue', 'green', 'red']);
    expect(result.counts.train + result.counts.val).toBe(40);
    expect(result.counts).toMatchObject({ test: 0, skipped: 2 });
    expect(result.metrics.val.count).toBe(result.counts.val);
    expect(result.metrics.val.accuracy).toBeGreaterThan(0.7); // colours are easy
    expect(result.seed).toBe(5);
    expect(result.parity.photos).toBe(result.counts.val);
    expect(result.parity.tfjsPhotos).toBe(8);
    expect(Math.max(result.parity.onnx, result.parity.tfjs)).toBeLessThan(1e-3);
    const parts = Object.entries(result.seconds).filter(([part]) => !['total', 'decode'].includes(part));
    expect(parts.reduce((sum, [, seconds]) => sum + seconds, 0)).toBeLessThanOrEqual(result.seconds.total);
  });

  test('lists what it can’t read, and goes on', () => {
    expect(result.skipped.map(({ path, code }) => `${path}: ${code}`).toSorted()).toEqual([
      'blue/notes.txt: not-a-photo',
      'red/broken.jpg: truncated',
    ]);
    expect(result.skipped.every(({ reason }) => reason.length > 3)).toBe(true);
  });

  test('writes the files it says, with the hashes it says', () => {
    expect(about.files.map(({ path }) => path).toSorted()).toEqual([
      'labels.txt',
      'model.onnx',
      'tfjs/metadata.json',
      'tfjs/model.json',
      'tfjs/weights.bin',
    ]);
    for (const file of about.files) {
      const bytes = readFileSync(join(result.model, file.path));
      expect([file.path, bytes.length, sha256(bytes)]).toEqual([file.path, file.bytes, file.sha256]);
    }
    expect(readFileSync(join(result.model, 'labels.txt'), 'utf8')).toBe('blue\ngreen\nred\n');
    const html = readFileSync(result.report, 'utf8');
    expect(html.slice(0, 15)).toBe('<!doctype html>');
    expect(html.includes('broken')).toBe(true);
    expect(readdirSync(result.model).toSorted()).toEqual([
      'holotype.json',
      'labels.txt',
      'model.onnx',
      'report.html',
      'runs',
      'tfjs',
    ]);
  });

  test('describes the model', () => {
    expect(about).toMatchObject({
      classes: result.classes,
      counts: result.counts,
      metrics: result.metrics,
      seed: 5,
      backbone: { id: 'tiny', sha256: sha256(readFileSync(backbone)) },
      input: { height: 16, width: 16, mean: [127.5, 127.5, 127.5] },
      recipe: { name: 'head', optimizer: 'adamw', epochs: 8 },
      parity: { tolerance: 1e-3 },
    });
    expect(about.unknownBelow).toBeGreaterThan(0);
    expect(about.datasetHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the ONNX file takes RGB 0..255 and answers as predict does; so does the TF.js model in TensorFlow.js', async () => {
    const path = join(photos, 'red', 'red 3.jpg');
    const { results } = await predict(await openSavedModel(result.model), [path]);
    const expected = about.classes.map((name) => results[0]?.probabilities[name] ?? Number.NaN);
    expect(expected.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const pixels = await decodePhoto(readFileSync(path), about.input);

    const session = await createSession(readFileSync(join(result.model, 'model.onnx')));
    const [onnx] = await session.run(Float32Array.from(pixels), [1, 16, 16, 3]);
    await session.release();
    expect([...(onnx ?? [])]).toEqual(expected);

    const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
    const folder = join(result.model, 'tfjs');
    const { modelTopology, weightsManifest } = JSON.parse(
      readFileSync(join(folder, 'model.json'), 'utf8'),
    ) as { modelTopology: object; weightsManifest: { paths: string[]; weights: [] }[] };
    expect(weightsManifest.flatMap(({ paths }) => paths)).toEqual(['weights.bin']);
    const model = await loadLayersModel(
      tf.io.fromMemory({
        modelTopology,
        weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
        weightData: new Uint8Array(readFileSync(join(folder, 'weights.bin'))).buffer,
      }),
    );
    // As the Teachable Machine library feeds it.
    const input = tf.tensor4d(
      Float32Array.from(pixels, (value) => value / 127 - 1),
      [1, 16, 16, 3],
    );
    const answer = model.predict(input);
    const tfjs = Array.isArray(answer) ? [] : [...answer.dataSync()];
    expect(tfjs).toHaveLength(3);
    tfjs.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 4));
    model.dispose();
    input.dispose();
  });

  test('was fair: no photo that was checked on was learned from', () => {
    const { train, val } = result.counts;
    expect(val).toBeGreaterThanOrEqual(3);
    expect(train).toBeGreaterThan(val);
  });
});

describe('the same again', () => {
  const bytesOf = (folder: string, path: string): string => sha256(readFileSync(join(folder, path)));

  test('the same seed makes the same files, with features computed or cached; another seed does not', async () => {
    process.env['HOLOTYPE_CACHE'] = join(scratch, 'another-cache');
    const fresh = await trained(options({ seed: 1 }));
    const cached = await trained(options({ seed: 1 }));
    const other = await trained(options({ seed: 2 }));
    process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
    expect(fresh.imagesPerSecond).toBeGreaterThan(0);
    expect(cached.imagesPerSecond).toBe(0);
    for (const path of ['model.onnx', 'tfjs/weights.bin', 'labels.txt']) {
      expect([path, bytesOf(cached.model, path)]).toEqual([path, bytesOf(fresh.model, path)]);
    }
    expect(cached.metrics).toEqual(fresh.metrics);
    for (const path of ['model.onnx', 'tfjs/weights.bin'])
      expect(bytesOf(other.model, path)).not.toBe(bytesOf(fresh.model, path));
  });

  test('training into the folder again replaces the model and keeps the old run', async () => {
    const one = options({ seed: 1 });
    const first = await trained(one);
    const before = bytesOf(first.model, 'model.onnx');
    const second = await trained({ ...one, seed: 2 });
    expect(second.model).toBe(first.model);
    expect(bytesOf(first.model, 'model.onnx')).not.toBe(before);
    expect(aboutOf(first.model).seed).toBe(2);
    expect(existsSync(join(first.run, 'report.json'))).toBe(true);
    expect(second.run).not.toBe(first.run);
  });
});

describe('what can be chosen', () => {
  test.each<[string, Partial<TrainOptionsInput>, object]>([
    ['hidden layers', { hidden: [6] }, { hidden: [6] }],
    ['SGD', { optimizer: 'momentum' }, { optimizer: 'momentum' }],
    ['Adam', { optimizer: 'adam' }, { optimizer: 'adam' }],
    ['no flips', { flips: 'off' }, { flips: false }],
    ['a batch size', { batchSize: 5 }, { batchSize: 5 }],
    ['a learning rate', { learningRate: 0.01 }, { learningRate: 0.01 }],
    ['a weight decay', { weightDecay: 0.25 }, { weightDecay: 0.25 }],
  ])('%s', async (_, more, recipe) => {
    const result = await trained(options(more));
    expect(aboutOf(result.model).recipe).toMatchObject(recipe);
    expect(result.parity.onnx).toBeLessThan(1e-3);
    const { results } = await predict(await openSavedModel(result.model), [join(photos, 'red')]);
    expect(results).toHaveLength(14);
  });

  test('a weight decay that is given is not compared', async () => {
    const given = await trained(options({ weightDecay: 0.5, hidden: [4] }));
    expect(given.chosen).toMatchObject({ weightDecay: 0.5, comparedBy: 'given', candidates: 1 });
    const compared = await trained(options());
    expect(compared.chosen.comparedBy).toBe('cross-validation');
    expect(compared.chosen.candidates).toBeGreaterThan(1);
  });

  test('how photos are fitted', async () => {
    const result = await trained(options({ resize: 'pad' }));
    expect(aboutOf(result.model).input.resize).toBe('pad');
  });

  test('a part for a last test that nothing looks at', async () => {
    const result = await trained(options({ testFraction: 0.2 }));
    expect(result.counts.test).toBeGreaterThanOrEqual(6);
    expect(result.metrics.test?.count).toBe(result.counts.test);
    expect(result.counts.train + result.counts.val + result.counts.test).toBe(40);
  });

  test('photos to check on from another folder', async () => {
    const val = join(scratch, 'val-photos');
    await writePhotos(val, { red: 3, green: 3, blue: 3 }, 9);
    const result = await trained(options({ val }));
    expect(result.counts).toMatchObject({ train: 40, val: 9 });
    const html = readFileSync(result.report, 'utf8');
    expect(html.includes('val-photos')).toBe(true);
  });

  test('labels from a CSV', async () => {
    const folder = join(scratch, 'flat');
    await writePhotos(join(folder, 'all'), { red: 8, blue: 8 }, 4);
    const rows = ['red', 'blue'].flatMap((name) =>
      Array.from({ length: 8 }, (_, n) => `${name} ${n}.jpg,"${name}, really",${n < 2 ? 'val' : 'train'}`),
    );
    const labels = join(scratch, 'labels.csv');
    writeFileSync(labels, `filename,label,split\n${rows.join('\n')}\n`);
    const result = await trained(options({ photos: folder, labels }));
    expect(result.classes).toEqual(['blue, really', 'red, really']);
    expect(result.counts).toMatchObject({ train: 12, val: 4 });
  });

  test('a model’s id from HOLOTYPE_MODELS', async () => {
    process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
    const result = await trained(options({ backbone: 'tiny' }));
    delete process.env['HOLOTYPE_MODELS'];
    expect(result.backbone).toBe('tiny');
  });
});

describe('photos that need thought', () => {
  test('one photo under two labels teaches neither, and is told of', async () => {
    const folder = join(scratch, 'conflict');
    await writePhotos(folder, { red: 8, blue: 8 }, 6);
    const twice = readFileSync(join(folder, 'red', 'red 0.jpg'));
    writeFileSync(join(folder, 'blue', 'also.jpg'), twice);
    const { result, events } = await runTraining(options({ photos: folder }));
    expect(result?.skipped.map(({ path, code }) => `${path}: ${code}`).toSorted()).toEqual([
      'blue/also.jpg: conflict',
      'red/red 0.jpg: conflict',
    ]);
    const told = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(told).toContainEqual(expect.stringContaining('more than one label'));
    expect(result?.warnings).toEqual(told); // every warning once, in both places
  });

  test('copies never lie on both sides', async () => {
    const folder = join(scratch, 'copies');
    await writePhotos(folder, { red: 6, blue: 6 }, 7);
    for (const name of ['red', 'blue'])
      for (let n = 0; n < 6; n += 1)
        writeFileSync(
          join(folder, name, `copy ${n}.jpg`),
          readFileSync(join(folder, name, `${name} ${n}.jpg`)),
        );
    const result = await trained(options({ photos: folder }));
    expect(result.counts.train + result.counts.val).toBe(24);
    expect([result.counts.train % 2, result.counts.val % 2]).toEqual([0, 0]);
    expect(result.advice.map(({ code }) => code)).not.toContain('near-duplicates-across-splits');
  });

  test('a photo that vanishes after the scan is listed; its copy stands in for it where there is one', async () => {
    const folder = join(scratch, 'vanishing');
    await writePhotos(folder, { red: 7, blue: 7 }, 8);
    writeFileSync(join(folder, 'red', 'spare.jpg'), readFileSync(join(folder, 'red', 'red 1.jpg')));
    const { result, error } = await runTraining(options({ photos: folder }), (event) => {
      if (event.type !== 'stage' || event.stage !== 'backbone') return;
      rmSync(join(folder, 'blue', 'blue 2.jpg'));
      rmSync(join(folder, 'red', 'red 1.jpg'));
    });
    expect(error).toBeUndefined();
    expect(result?.skipped.map(({ path }) => path)).toEqual(['blue/blue 2.jpg']);
    expect((result?.counts.train ?? 0) + (result?.counts.val ?? 0)).toBe(14);
  });

  test('a class whose last photo vanishes goes with it; two classes must be left', async () => {
    const folder = join(scratch, 'shrinking');
    await writePhotos(folder, { red: 6, blue: 6, green: 2 }, 10);
    const remove = (name: string) => (event: { type: string; stage?: string }) => {
      if (event.stage === 'backbone') rmSync(join(folder, name), { recursive: true, force: true });
    };
    const two = await runTraining(options({ photos: folder }), remove('green'));
    expect(two.error).toBeUndefined();
    expect(two.result?.classes).toEqual(['blue', 'red']);
    expect(two.result?.warnings).toContainEqual(expect.stringContaining('"green"'));
    rmSync(join(scratch, 'cache', 'features'), { recursive: true });
    const one = await runTraining(options({ photos: folder }), remove('red'));
    expect(one.error).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('too few are left'),
    });
  });

  test('photos that vanish once their features are known stop nothing', async () => {
    const folder = join(scratch, 'gone-late');
    await writePhotos(folder, { red: 6, blue: 6 }, 11);
    const { result, error } = await runTraining(options({ photos: folder }), (event) => {
      if (event.type === 'stage' && event.stage === 'head') rmSync(folder, { recursive: true, force: true });
    });
    expect(error).toBeUndefined();
    expect(result?.parity.photos).toBe(0);
    expect(result?.warnings).toContainEqual(expect.stringContaining('could not be checked'));
    expect(existsSync(result?.report ?? '')).toBe(true);
  });
});

describe('what can’t be trained on', () => {
  test.each<[string, string, () => Promise<Partial<TrainOptionsInput>>]>([
    ['a folder that isn’t there', 'not-found', async () => ({ photos: join(scratch, 'nowhere') })],
    ['a file', 'bad-input', async () => ({ photos: backbone })],
    ['a val folder that isn’t there', 'not-found', async () => ({ val: join(scratch, 'nowhere') })],
    ['a labels file that isn’t there', 'not-found', async () => ({ labels: join(scratch, 'no.csv') })],
    ['a backbone that isn’t there', 'bad-usage', async () => ({ backbone: 'resnet-9000' })],
    ['a device of later', 'not-supported', async () => ({ device: 'abacus' })],
    ['fractions that leave nothing', 'bad-usage', async () => ({ valFraction: 0.6, testFraction: 0.5 })],
    ['a number out of range', 'bad-usage', async () => ({ epochs: 0 })],
    ['a broken pattern', 'bad-usage', async () => ({ groupBy: '(' })],
    ['the photos as --out', 'bad-usage', async () => ({ out: photos })],
    ['--out among the photos', 'bad-usage', async () => ({ out: join(photos, 'red', 'model') })],
    ['--out that is a file', 'bad-usage', async () => ({ out: backbone })],
    ['--out with something else in it', 'bad-usage', async () => ({ out: join(scratch, 'models') })],
  ])('%s is refused before anything is written: %s', async (_, code, more) => {
    const one = options(await more());
    const was = existsSync(one.out ?? '') ? readdirSync(scratch) : undefined;
    const { error, events } = await runTraining(one);
    expect(error).toMatchObject({ name: 'HolotypeError', code, remedy: expect.stringMatching(/\.$/) });
    expect(events).toEqual([]);
    expect(existsSync(one.out ?? '')).toBe(was !== undefined);
  });

  const made = async (name: string, fill: (folder: string) => Promise<void> | void): Promise<string> => {
    const folder = join(scratch, name);
    mkdirSync(folder, { recursive: true });
    await fill(folder);
    return folder;
  };

  test.each<[string, RegExp, (folder: string) => Promise<void> | void]>([
    ['an empty folder', /no photos/, () => undefined],
    ['one class', /only one class.*"red"/, (folder) => writePhotos(folder, { red: 4 }, 12)],
    ['a photo of each', /more than one photo/, (folder) => writePhotos(folder, { red: 1, blue: 1 }, 13)],
    [
      'nothing but broken photos',
      /None of the 2 files/,
      (folder) => {
        for (const name of ['a', 'b']) {
          mkdirSync(join(folder, name));
          writeFileSync(join(folder, name, `${name}.jpg`), `no photo ${name}`);
        }
      },
    ],
  ])('%s is bad input, explained', async (name, message, fill) => {
    const folder = await made(`bad ${name}`, fill);
    const { error, events } = await runTraining(options({ photos: folder }));
    expect(error).toMatchObject({
      name: 'HolotypeError',
      code: 'bad-input',
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'bad-input' } });
  });

  test('a learning rate that makes the weights explode is named as the trouble', async () => {
    const { error } = await runTraining(
      options({ optimizer: 'momentum', learningRate: 10, weightDecay: 1e9, batchSize: 4 }),
    );
    expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining('diverged') });
  });
});

describe('trouble with the disk', () => {
  test('a cache folder that can’t be used costs a warning, and the model is the same', async () => {
    const one = options({ seed: 3 });
    const usual = await trained(options({ seed: 3 }));
    const file = join(scratch, 'not-a-folder');
    writeFileSync(file, '');
    process.env['HOLOTYPE_CACHE'] = file;
    const { result, events, error } = await runTraining(one);
    process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
    expect(error).toBeUndefined();
    expect(result?.warnings).toContainEqual(expect.stringContaining('could not be kept for next time'));
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning' }));
    expect(result?.imagesPerSecond).toBeGreaterThan(0);
    expect(sha256(readFileSync(join(one.out ?? '', 'model.onnx')))).toBe(
      sha256(readFileSync(join(usual.model, 'model.onnx'))),
    );
  });

  test('a model folder that can’t be written fails in words', async () => {
    const { error } = await runTraining(options({ out: join(backbone, 'below-a-file') }));
    expect(error).toMatchObject({ code: 'storage', message: expect.stringContaining('tiny.onnx') });
  });
});

test('a backbone without a sidecar is guessed about, and that is told', async () => {
  const bare = join(scratch, 'bare');
  mkdirSync(bare);
  writeFileSync(join(bare, 'someone.onnx'), readFileSync(backbone));
  const { result, events } = await runTraining(options({ backbone: join(bare, 'someone.onnx') }));
  expect(result?.warnings).toEqual([expect.stringContaining('someone.onnx')]);
  expect(events.filter(({ type }) => type === 'warning')).toHaveLength(1);
});
