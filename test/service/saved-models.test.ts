/** What is done with a saved model: opening, predicting, judging, exporting, sorting. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { parse } from 'csv-parse/sync';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateResultSchema, exportResultSchema, predictResultSchema } from '../../src/contract/predict.ts';
import { exportTo, sortInto, writeCsv } from '../../src/service/deliver.ts';
import { evaluate } from '../../src/service/evaluate.ts';
import { predict } from '../../src/service/predict.ts';
import { openSavedModel } from '../../src/service/saved-model.ts';
import type { OpenedModel } from '../../src/service/saved-model.ts';
import { scratchFolder } from '../store/scratch.ts';
import { tintedPhoto, trained, writeBackbone, writePhotos } from './train/training-fixtures.ts';

const scratch = scratchFolder();
const folder = join(scratch, 'model');
const photos = join(scratch, 'photos');
let model: OpenedModel;

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  await writePhotos(photos, { red: 12, blue: 12 });
  await trained({
    photos,
    backbone: writeBackbone(join(scratch, 'models')),
    out: folder,
    recipe: 'head',
    epochs: 8,
  });
  model = await openSavedModel(folder);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the model, to be spoilt. */
function copy(name: string): string {
  const path = join(scratch, name);
  cpSync(folder, path, { recursive: true });
  return path;
}

describe('opening', () => {
  test('takes the folder or a file in it', async () => {
    for (const path of [
      folder,
      join(folder, 'model.onnx'),
      join(folder, 'tfjs'),
      join(folder, 'tfjs', 'model.json'),
    ])
      expect((await openSavedModel(path)).folder).toBe(folder);
  });

  test.each<[string, string, RegExp, () => string]>([
    ['nothing', 'not-found', /There is no model/, () => join(scratch, 'nowhere')],
    ['another folder', 'bad-input', /not a saved model/, () => photos],
    [
      'a project',
      'bad-input',
      /not that of a saved model/,
      () => {
        const path = join(scratch, 'project');
        mkdirSync(path);
        writeFileSync(join(path, 'holotype.json'), '{"formatVersion":1,"name":"Leaves"}');
        return path;
      },
    ],
    [
      'a model of a later Holotype',
      'not-supported',
      /newer Holotype \(format 2\)/,
      () => {
        const path = copy('later');
        writeFileSync(join(path, 'holotype.json'), '{"formatVersion":2,"kind":"model","what":"ever"}');
        return path;
      },
    ],
    [
      'a damaged description',
      'bad-input',
      /damaged: classes/,
      () => {
        const path = copy('damaged');
        writeFileSync(join(path, 'holotype.json'), JSON.stringify({ ...model.about, classes: 7 }));
        return path;
      },
    ],
    [
      'a torn description',
      'bad-input',
      /not valid JSON/,
      () => {
        const path = copy('torn');
        writeFileSync(join(path, 'holotype.json'), JSON.stringify(model.about).slice(0, 300));
        return path;
      },
    ],
  ])('%s is refused: %s', async (_, code, message, make) => {
    const opening = openSavedModel(make());
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(opening).rejects.toHaveProperty('remedy', expect.any(String));
  });

  test('a network that was changed or lost is not run', async () => {
    const spoilt = copy('spoilt');
    const onnx = readFileSync(join(spoilt, 'model.onnx'));
    onnx[onnx.length >> 1] = (onnx[onnx.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(spoilt, 'model.onnx'), onnx);
    const one = await openSavedModel(spoilt);
    const photo = join(photos, 'red', 'red 0.jpg');
    await expect(predict(one, [photo])).rejects.toMatchObject({ code: 'checksum' });
    await expect(exportTo(one, 'onnx', join(scratch, 'never'))).rejects.toMatchObject({ code: 'checksum' });
    rmSync(join(spoilt, 'model.onnx'));
    await expect(predict(one, [photo])).rejects.toMatchObject({
      message: expect.stringContaining('model.onnx'),
    });
  });
});

describe('predicting', () => {
  test('answers for photos and folders, in their order, with probabilities that add up', async () => {
    const single = join(photos, 'blue', 'blue 3.jpg');
    const result = await predict(model, [single, join(photos, 'red')]);
    expect(predictResultSchema.parse(result)).toEqual(result);
    expect(result.failed).toEqual([]);
    expect(result.results[0]?.path).toBe(single);
    expect(result.results.slice(1).map(({ path }) => path)).toEqual(
      readdirSync(join(photos, 'red'))
        .toSorted()
        .map((name) => join(photos, 'red', name)),
    );
    for (const { label, confidence, probabilities } of result.results) {
      expect(Object.keys(probabilities)).toEqual(['blue', 'red']);
      const values = Object.values(probabilities);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(confidence).toBe(Math.max(...values));
      expect(probabilities[label]).toBe(confidence);
    }
    const right = result.results.filter(({ path, label }) => basename(path).startsWith(label));
    expect(right.length).toBeGreaterThan(10);
  });

  test('what can’t be read is told of; the rest is answered', async () => {
    const mixed = join(scratch, 'mixed');
    mkdirSync(mixed);
    writeFileSync(join(mixed, 'ok.jpg'), await tintedPhoto('red', 5));
    writeFileSync(join(mixed, 'broken.jpg'), 'no photo');
    writeFileSync(join(mixed, '.DS_Store'), 'x');
    writeFileSync(join(mixed, 'empty.png'), '');
    const seen: number[] = [];
    const result = await predict(model, [mixed], { onProgress: (done, total) => seen.push(done / total) });
    expect(result.results.map(({ path }) => basename(path))).toEqual(['ok.jpg']);
    expect(result.failed.map(({ path }) => basename(path)).toSorted()).toEqual(['broken.jpg', 'empty.png']);
    expect(result.failed.every(({ reason }) => reason.length > 3)).toBe(true);
    expect(seen).toHaveLength(3);
    expect(seen.at(-1)).toBe(1);
  });

  test('a path that isn’t there is an error, and so is an empty folder', async () => {
    await expect(predict(model, [join(photos, 'red'), 'nowhere.jpg'])).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('nowhere.jpg'),
    });
    const empty = join(scratch, 'empty');
    mkdirSync(empty);
    await expect(predict(model, [empty])).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('a film among the photos is not read whole', async () => {
    const film = join(scratch, 'film.mov');
    const head = Buffer.alloc(40 * 2 ** 20);
    head.write('\u0000\u0000\u0000\u0014ftypqt  ', 0, 'latin1');
    writeFileSync(film, head);
    const { results, failed } = await predict(model, [film]);
    expect(results).toEqual([]);
    expect(failed).toHaveLength(1);
    rmSync(film);
  });

  test('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(predict(model, [photos], { signal })).rejects.toThrow(/abort|cancel/i);
  });

  test('many photos, which every core works on, get the same bits in the same order as few', async () => {
    const few = (await predict(model, [photos])).results;
    expect(few).toHaveLength(24);
    const broken = join(scratch, 'broken.jpg');
    writeFileSync(broken, 'no photo');
    const again = Array<string>(5).fill(photos);
    const many = await predict(model, [...again, broken, ...again]);
    expect(many.results).toEqual(Array.from({ length: 10 }, () => few).flat());
    expect(many.failed.map(({ path }) => path)).toEqual([broken]);
    const controller = new AbortController();
    const onProgress = (done: number): void => void (done === 5 && controller.abort());
    const { signal } = controller;
    await expect(predict(model, [...again, ...again], { signal, onProgress })).rejects.toThrow(/abort/i);
  });

  test('answers less sure than the threshold are called unknown', async () => {
    const strict = { ...model, about: { ...model.about, unknownBelow: 1 } };
    const { results } = await predict(strict, [join(photos, 'red')]);
    for (const { unknown, confidence } of results) expect(unknown).toBe((confidence ?? 0) < 1);
    expect(results.some(({ unknown }) => unknown)).toBe(true);
    const lax = { ...model, about: { ...model.about, unknownBelow: 0 } };
    expect((await predict(lax, [join(photos, 'red')])).results.some(({ unknown }) => unknown)).toBe(false);
  });
});

describe('judging', () => {
  const labelled = join(scratch, 'labelled');
  beforeAll(async () => {
    await writePhotos(join(labelled, 'train'), { red: 3, blue: 3 }, 20);
    await writePhotos(join(labelled, 'val'), { red: 4, blue: 4 }, 21);
    await writePhotos(join(labelled, 'test'), { red: 5, blue: 5 }, 22);
  });

  test('prefers test/, then val/, then takes all', async () => {
    const tested = await evaluate(model, labelled);
    expect(evaluateResultSchema.parse(tested)).toEqual(tested);
    expect([tested.split, tested.metrics.count]).toEqual(['test', 10]);
    rmSync(join(labelled, 'test'), { recursive: true });
    const validated = await evaluate(model, labelled);
    expect([validated.split, validated.metrics.count]).toEqual(['val', 8]);
    const all = await evaluate(model, join(labelled, 'train'));
    expect([all.split, all.metrics.count]).toEqual(['all', 6]);
  });

  test('agrees with predict, photo by photo', async () => {
    const { metrics } = await evaluate(model, photos);
    const { results } = await predict(model, [photos]);
    const right = results.filter(({ path, label }) => basename(path).startsWith(label));
    expect(metrics.count).toBe(24);
    expect(metrics.correct).toBe(right.length);
    const loss = results.map(({ path, probabilities }) =>
      Math.log(probabilities[basename(path).split(' ')[0] ?? ''] ?? 0),
    );
    expect(metrics.logLoss).toBeCloseTo(-loss.reduce((a, b) => a + b, 0) / loss.length, 5);
  });

  test('classes the model doesn’t know are left out and told of; only such classes are an error', async () => {
    const more = join(scratch, 'more');
    await writePhotos(more, { red: 3, green: 3 }, 23);
    const { metrics, warnings, classes } = await evaluate(model, more);
    expect(classes).toEqual(['blue', 'red']);
    expect(metrics.count).toBe(3);
    expect(warnings).toContainEqual(expect.stringContaining('"green"'));
    await expect(evaluate(model, join(more, 'green'))).rejects.toMatchObject({ code: 'bad-input' });
    rmSync(join(more, 'red'), { recursive: true });
    await expect(evaluate(model, more)).rejects.toMatchObject({
      code: 'bad-input',
      remedy: expect.stringContaining('blue, red'),
    });
  });

  test('takes labels from a CSV', async () => {
    const csv = join(scratch, 'judge.csv');
    writeFileSync(csv, 'filename,label\nred 0.jpg,red\nred 1.jpg,red\nblue 0.jpg,red\n');
    const { metrics } = await evaluate(model, photos, { labels: csv });
    expect(metrics.count).toBe(3);
    expect(metrics.perClass.find((one) => one.class === 'red')?.support).toBe(3);
  });
});

describe('delivering', () => {
  test('a table quotes what needs it and can be read again', async () => {
    const names = ['plain.jpg', 'comma, "quoted".jpg', 'Grüße 日本 🍂.jpg', 'line\nbreak.jpg'];
    const probabilities = { 'a "b", c': 0.25, ü: 0.75 };
    const results = names.map((path) => ({
      path,
      label: 'ü',
      confidence: 0.75,
      probabilities,
      unknown: false,
    }));
    const file = join(scratch, 'table.csv');
    await writeCsv(file, { task: 'single-label', classes: ['a "b", c', 'ü'] }, { results, failed: [] });
    const text = readFileSync(file, 'utf8');
    expect(text.split('\r\n')[1]).toBe('plain.jpg,ü,0.750000,false,0.250000,0.750000,');
    const rows = parse(text);
    expect(rows[0]).toEqual(['path', 'label', 'confidence', 'unknown', 'a "b", c', 'ü', 'note']);
    expect(rows.slice(1).map(([path]) => path)).toEqual(names);
  });

  test('sorting copies into a folder per answer, never over anything, and leaves the originals', async () => {
    const to = join(scratch, 'sorted');
    mkdirSync(join(to, 'red'), { recursive: true });
    writeFileSync(join(to, 'red', 'red 0.jpg'), 'mine');
    const path = join(photos, 'red', 'red 0.jpg');
    const other = join(photos, 'blue', 'blue 0.jpg');
    const original = readFileSync(path);
    const common = { confidence: 1, probabilities: {} };
    const results = [
      { path, label: 'red', unknown: false, ...common },
      { path: other, label: 'a/b: c?', unknown: false, ...common },
      { path: other, label: '..', unknown: false, ...common },
      { path, label: 'blue', unknown: true, ...common },
    ];
    expect(await sortInto(to, results)).toBe(4);
    expect(readFileSync(join(to, 'red', 'red 0.jpg'), 'utf8')).toBe('mine');
    expect(readFileSync(join(to, 'red', 'red 0 (2).jpg'))).toEqual(original);
    expect(readdirSync(to).toSorted()).toEqual(['_', 'a_b_ c_', 'red', 'unknown']);
    expect(readFileSync(path)).toEqual(original);
    await sortInto(to, results.slice(0, 1));
    expect(readdirSync(join(to, 'red')).toSorted()).toEqual(['red 0 (2).jpg', 'red 0 (3).jpg', 'red 0.jpg']);
  });

  test('sorting stops when it is told to, and keeps the copies that are made', async () => {
    const to = join(scratch, 'sorted-half');
    const controller = new AbortController();
    const { results } = await predict(model, [join(photos, 'red')]);
    const sorting = sortInto(to, results, {
      signal: controller.signal,
      onProgress: (done) => done === 3 && controller.abort(),
    });
    await expect(sorting).rejects.toThrow(/abort/i);
    const made = readdirSync(to).flatMap((name) => readdirSync(join(to, name)));
    expect(made).toHaveLength(3);
  });

  test.each([
    ['onnx', ['model.onnx', 'labels.txt', 'holotype.json']],
    ['tfjs', ['model.json', 'weights.bin', 'metadata.json', 'labels.txt', 'holotype.json']],
    ['holotype', ['model.onnx', 'tfjs', 'labels.txt', 'report.html', 'holotype.json']],
  ])('%s is written with what belongs to it, and again over itself', async (format, names) => {
    const out = join(scratch, `export-${format}`);
    const result = await exportTo(model, format, out);
    expect(exportResultSchema.parse(result)).toEqual(result);
    expect(readdirSync(out).toSorted()).toEqual(names.toSorted());
    for (const { path, bytes } of result.files) expect(readFileSync(join(out, path))).toHaveLength(bytes);
    expect(await exportTo(model, format, out)).toEqual(result);
  });

  test.each(['onnx', 'holotype'])('the export "%s" is a model that predict takes', async (format) => {
    const out = join(scratch, `${format}-again`);
    await exportTo(model, format, out);
    const { results } = await predict(await openSavedModel(out), [join(photos, 'red')]);
    expect(results).toEqual((await predict(model, [join(photos, 'red')])).results);
  });

  test('an unknown format, the model itself and folders with other things are refused', async () => {
    await expect(exportTo(model, 'coreml', join(scratch, 'x'))).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(exportTo(model, 'onnx', folder)).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(exportTo(model, 'onnx', copy('other model'))).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(exportTo(model, 'onnx', photos)).rejects.toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('blue'),
    });
    expect(existsSync(join(photos, 'model.onnx'))).toBe(false);
  });

  test.skipIf(process.getuid?.() === 0)(
    'a folder that may not be written is told of (skipped for root)',
    async () => {
      const locked = join(scratch, 'locked');
      mkdirSync(locked);
      chmodSync(locked, 0o500);
      const { results } = await predict(model, [join(photos, 'red')]);
      await expect(sortInto(locked, results)).rejects.toMatchObject({ code: 'storage' });
      chmodSync(locked, 0o700);
    },
  );

  test('a photo that vanished before it could be copied is named', async () => {
    const path = join(scratch, 'short-lived.jpg');
    copyFileSync(join(photos, 'red', 'red 0.jpg'), path);
    const result = await predict(model, [path]);
    rmSync(path);
    expect(await sortInto(join(scratch, 'to'), result.results, { skipGone: true })).toBe(0);
    await expect(sortInto(join(scratch, 'to'), result.results)).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('short-lived.jpg'),
    });
  });
});
