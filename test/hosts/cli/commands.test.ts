/** Every command as a process: what it prints where, and its exit code. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZodType } from 'zod';
import { errorSchema } from '../../../src/contract/error-schema.ts';
import { landscapeSchema } from '../../../src/contract/landscape.ts';
import { modelListSchema } from '../../../src/contract/models.ts';
import {
  evaluateResultSchema,
  explainResultSchema,
  exportResultSchema,
  predictResultSchema,
} from '../../../src/contract/predict.ts';
import { trainResultSchema } from '../../../src/contract/train.ts';
import type { TrainResult } from '../../../src/contract/train.ts';
import { writeBackbone, writePhotos } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { bin, environment, lastRun, run } from './cli-testing.ts';
import type { Finished } from './cli-testing.ts';

const scratch = scratchFolder();
const env = environment(scratch);
const photos = join(scratch, 'photos');
const model = join(scratch, 'model');
const backbone = join(scratch, 'models', 'tiny.onnx');
let trained: Finished;

/** The one JSON document on stdout, which must be the whole of it. */
function json<T>({ stdout }: Finished, schema: ZodType<T>): T {
  return schema.parse(JSON.parse(stdout));
}

beforeAll(async () => {
  await writePhotos(photos, { red: 12, blue: 12 });
  writeFileSync(join(photos, 'red', 'notes.txt'), 'not a photo');
  writeBackbone(join(scratch, 'models'));
  trained = await run(
    ['train', photos, '--backbone', backbone, '--out', model, '--recipe', 'head', '--epochs', '8', '--json'],
    env,
  );
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('train', () => {
  test('--json prints one document on stdout and everything else on stderr', () => {
    expect(trained.code).toBe(0);
    const result = json(trained, trainResultSchema);
    expect(result.model).toBe(model);
    expect(result.counts).toMatchObject({ skipped: 1 });
    for (const line of ['Looking at the photos', 'Computing features of 24 photos', 'Training the head'])
      expect(trained.stderr).toContain(line);
    expect(trained.stderr).not.toContain('\r'); // no bar where nobody looks
  });

  test('for people: how good it is, and where the model and the report are', async () => {
    const { code, stdout, stderr } = await run(
      ['train', photos, '--backbone', backbone, '--out', model, '--recipe', 'head', '--epochs', '8'],
      env,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Right \d times of \d photos it did not learn from: [\d.]+%\.$/m);
    expect(stdout).toMatch(/^On new photos like these, expect between [\d.]+% and [\d.]+%\.$/m);
    expect(stdout).toContain(`Model:  ${model}\nReport: ${join(model, 'report.html')}\n`);
    expect(stderr).not.toMatch(/ at .*\.(ts|mjs):\d+/); // no stack traces
  });

  test('with no --out the model lies beside, named after the photos', async () => {
    const cwd = join(scratch, 'cwd');
    mkdirSync(cwd);
    const { code } = await run(
      ['train', '../photos', '--backbone', backbone, '--recipe', 'head', '--epochs', '2'],
      env,
      cwd,
    );
    expect(code).toBe(0);
    expect(existsSync(join(cwd, 'photos-model', 'holotype.json'))).toBe(true);
  });

  test.each<[number, string, RegExp, () => string[]]>([
    [2, 'an unknown option', /unknown option '--speed'/i, () => ['train', photos, '--speed', '9']],
    [2, 'a number that is none', /whole number/, () => ['train', photos, '--epochs', 'many']],
    [2, 'a number out of range', /above 0/, () => ['train', photos, '--lr', '0']],
    [2, 'a choice that isn’t one', /adamw, adam, momentum/, () => ['train', photos, '--optimizer', 'lion']],
    [
      2,
      'an unknown backbone',
      /no backbone "resnet-9000"/,
      () => ['train', photos, '--backbone', 'resnet-9000'],
    ],
    [
      2,
      '--out among the photos',
      /among the photos/,
      () => ['train', photos, '--out', join(photos, 'model')],
    ],
    [2, 'no photos named', /missing required argument/i, () => ['train']],
    [2, 'an unknown command', /unknown command/i, () => ['trian', photos]],
    [3, 'a folder that isn’t there', /no folder/, () => ['train', join(scratch, 'nowhere')]],
    [3, 'one class', /only one class/, () => ['train', join(scratch, 'one'), '--backbone', backbone]],
    [3, 'a model that isn’t there', /no model/, () => ['evaluate', join(scratch, 'nowhere'), photos]],
    [3, 'no photos at all', /None of the files is a photo/, () => ['predict', model, join(scratch, 'texts')]],
    [3, 'a photo that isn’t there', /no photo or folder/, () => ['predict', model, 'nowhere.jpg']],
    [2, 'an unknown format', /no export format/, () => ['export', model, '--format', 'x', '--out', 'y']],
    [2, 'no format', /required option/i, () => ['export', model]],
    [1, 'a device of later', /can't use the device/, () => ['train', photos, '--device', 'abacus']],
  ])('exits with %i for %s, in words', async (code, _, message, args) => {
    await writePhotos(join(scratch, 'one'), { red: 2 }, 2);
    mkdirSync(join(scratch, 'texts'), { recursive: true });
    writeFileSync(join(scratch, 'texts', 'a.txt'), 'text');
    const finished = await run(args(), env, scratch);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toMatch(message);
    expect(finished.stderr).not.toMatch(/ at .*\.(ts|mjs):\d+/);
    expect(finished.stderr.split('\n').length).toBeLessThan(8);
    expect(finished.stdout).toBe('');
  });

  test('with --json an error is a document, too', async () => {
    for (const [args, code] of [
      [['train', join(scratch, 'nowhere'), '--json'], 'not-found'],
      [['train', photos, '--epochs', 'x', '--json'], 'bad-usage'],
    ] as const) {
      const finished = await run(args, env);
      const { error } = JSON.parse(finished.stdout) as { error: unknown };
      expect(errorSchema.parse(error).code).toBe(code);
    }
  });
});

describe('evaluate', () => {
  const labelled = join(scratch, 'labelled');
  beforeAll(async () => {
    await writePhotos(join(labelled, 'train'), { red: 2, blue: 2 }, 30);
    await writePhotos(join(labelled, 'val'), { red: 3, blue: 3 }, 31);
    await writePhotos(join(labelled, 'test'), { red: 4, blue: 4 }, 32);
  });

  test('takes test/ where there is one, else val/', async () => {
    const tested = await run(['evaluate', model, labelled, '--json'], env);
    expect(tested.code).toBe(0);
    expect(json(tested, evaluateResultSchema)).toMatchObject({ split: 'test', metrics: { count: 8 } });
    rmSync(join(labelled, 'test'), { recursive: true });
    const validated = await run(['evaluate', model, labelled, '--json'], env);
    expect(json(validated, evaluateResultSchema)).toMatchObject({ split: 'val', metrics: { count: 6 } });
  });

  test('for people: a line of result and a line per class', async () => {
    const { code, stdout, stderr } = await run(['evaluate', model, photos], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Right \d+ times of 24 photos: [\d.]+%/);
    expect(stdout).toMatch(/^class +photos +found +right when said$/m);
    expect(stdout).toMatch(/^blue +12 +[\d.]+% +[\d.]+%$/m);
    expect(stderr).toContain('Skipped red/notes.txt');
  });
});

describe('predict', () => {
  test('--json answers for every photo and lists what it can’t read', async () => {
    const finished = await run(['predict', model, photos, '--json'], env);
    expect(finished.code).toBe(0);
    const { results, failed } = json(finished, predictResultSchema);
    expect(results).toHaveLength(24);
    expect(failed.map(({ path }) => path)).toEqual([join(photos, 'red', 'notes.txt')]);
    expect(finished.stderr).toContain(`Skipped ${join(photos, 'red', 'notes.txt')}`);
  });

  test('nothing readable: exit 3, and still one document', async () => {
    mkdirSync(join(scratch, 'no-photos'));
    writeFileSync(join(scratch, 'no-photos', 'a.txt'), 'text');
    const finished = await run(['predict', model, join(scratch, 'no-photos'), '--json'], env);
    expect(finished.code).toBe(3);
    expect(json(finished, predictResultSchema).results).toEqual([]);
  });

  test('a table and sorted copies, of photos with any name', async () => {
    const odd = join(scratch, 'odd names');
    mkdirSync(odd);
    const names = ['a, "b".jpg', 'Grüße 日本.jpg', '-rf.jpg', "it's.jpg"];
    for (const [n, name] of names.entries())
      copyFileSync(join(photos, 'red', `red ${n}.jpg`), join(odd, name));
    const [table, sorted] = [join(scratch, 'table.csv'), join(scratch, 'sorted')];
    const args = ['predict', model, odd, '--csv', table, '--sort-into', sorted];
    const first = await run(args, env);
    expect(first.code).toBe(0);
    expect(first.stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(first.stderr).toContain(`Table: ${table}`);
    expect(first.stderr).toContain('Copies of 4 photos');

    const rows = parse(readFileSync(table));
    expect(rows[0]).toEqual(['path', 'label', 'confidence', 'unknown', 'blue', 'red', 'note']);
    const paths = rows.slice(1).map(([path]) => String(path));
    expect(paths.toSorted()).toEqual(names.map((name) => join(odd, name)).toSorted());
    const copies = (): string[] =>
      readdirSync(sorted)
        .flatMap((folder) => readdirSync(join(sorted, folder)))
        .toSorted();
    expect(copies()).toEqual(names.toSorted());
    // Again: nothing is replaced, and the originals are where they were.
    await run(args, env);
    expect(copies()).toHaveLength(8);
    expect(copies()).toContain('Grüße 日本 (2).jpg');
    expect(readdirSync(odd).toSorted()).toEqual(names.toSorted());
  });

  test('photos are taken in the order they are given', async () => {
    const given = ['blue/blue 3.jpg', 'red/red 0.jpg', 'blue/blue 1.jpg'].map((path) => join(photos, path));
    const { stdout } = await run(['predict', model, ...given], env);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(given);
    for (const line of lines)
      expect(line).toMatch(/\t((red|blue)\t[\d.]+%|unknown \(perhaps (red|blue)\)\t[\d.]+%\t.+)$/);
  });
});

describe('explain', () => {
  test('writes a picture a photo, and says where', async () => {
    const out = join(scratch, 'looked');
    const args = ['explain', model, join(photos, 'blue', 'blue 1.jpg'), '--out', out];
    const finished = await run([...args, '--json'], env);
    expect(finished.code).toBe(0);
    const { results } = json(finished, explainResultSchema);
    expect(results.map(({ picture, method }) => [picture, method])).toEqual([
      [join(out, 'blue 1.jpg'), 'grad-cam'],
    ]);
    const again = await run([...args, '--class', 'red', '--method', 'occlusion'], env);
    expect(again.stdout).toMatch(/blue 1\.jpg\tred\t[\d.]+%\t.*blue 1 \(2\)\.jpg$/m);
    expect(readdirSync(out).toSorted()).toEqual(['blue 1 (2).jpg', 'blue 1.jpg']);
    expect((await run([...args, '--class', 'green'], env)).code).toBe(2);
  });
});

describe('landscape', () => {
  test('measures the loss around a run, draws it, and keeps it', async () => {
    const finished = await run(['landscape', model, '--grid', '5', '--json'], env);
    expect(finished.code).toBe(0);
    const found = json(finished, landscapeSchema);
    expect(found.plane.train).toHaveLength(5);
    expect(existsSync(join(lastRun(model) ?? '', 'landscape.json'))).toBe(true);
    const drawn = await run(['landscape', lastRun(model) ?? '', '--grid', '5'], env);
    expect(drawn.stdout).toContain('Sharpness: at a distance of 1 training loss rises by');
    expect(drawn.stdout).toContain('Moved are the');
    expect((await run(['landscape', model, '--grid', '2'], env)).code).toBe(2);
    expect((await run(['landscape', photos], env)).code).toBe(3);
  });
});

describe('export', () => {
  test('writes the files it lists', async () => {
    const out = join(scratch, 'exported');
    const finished = await run(['export', model, '--format', 'tfjs', '--out', out, '--json'], env);
    expect(finished.code).toBe(0);
    const { files } = json(finished, exportResultSchema);
    expect(readdirSync(out).toSorted()).toEqual(files.map(({ path }) => path).toSorted());
    const again = await run(['export', model, '--format', 'tfjs', '--out', out], env);
    expect(again.stdout).toMatch(/weights\.bin +[\d.]+ kB/);
  });
});

describe('models', () => {
  test('list names what there is, with HOLOTYPE_MODELS', async () => {
    const more = { ...env, HOLOTYPE_MODELS: join(scratch, 'models') };
    const finished = await run(['models', 'list', '--json'], more);
    const models = json(finished, modelListSchema);
    expect(models.find(({ id }) => id === 'tiny')).toMatchObject({
      installed: true,
      origin: 'folder',
      path: backbone,
    });
    const { stdout } = await run(['models', 'list'], more);
    expect(stdout.trimEnd().split('\n')).toHaveLength(models.length);
    expect(stdout).toMatch(/^tiny +installed$/m);
  });
});

describe('the process', () => {
  test('help and version go to stdout, with exit code 0', async () => {
    const help = await run(['--help'], env);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const command of ['train', 'evaluate', 'predict', 'export', 'models', 'demo'])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    const train = await run(['train', '--help'], env);
    expect(train.stdout).not.toContain('{'); // no default that only a programmer understands
    const version = await run(['--version'], env);
    expect([version.code, version.stdout.trim()]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });

  test.skipIf(process.platform === 'win32')('a reader that goes away is no failure: | head', () => {
    const script = `set -o pipefail; "$0" "$1" predict "$2" "$3" --json | head -c 20`;
    const args = ['-c', script, process.execPath, bin, model, photos];
    const { status, stdout, stderr } = spawnSync('bash', args, { env, encoding: 'utf8' });
    expect(stdout).toHaveLength(20);
    expect(stderr).not.toContain('EPIPE');
    expect(status).toBe(0);
  });

  test.skipIf(process.platform === 'win32')('nobody to hear the progress is no failure either', () => {
    const out = join(scratch, 'unheard');
    const script = `"$0" "$1" train "$2" --backbone "$3" --out "$4" --recipe head --epochs 2 --json 2> >(exec true)`;
    const args = ['-c', script, process.execPath, bin, photos, backbone, out];
    const { status, stdout } = spawnSync('bash', args, { env, encoding: 'utf8' });
    expect(status).toBe(0);
    const result: TrainResult = trainResultSchema.parse(JSON.parse(stdout));
    expect(existsSync(result.report)).toBe(true);
  });
});
