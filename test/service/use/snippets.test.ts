/** The programs that come with exports are run, or at least read by who would run them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InputPolicy } from '../../../src/contract/input-policy.ts';
import type { SavedModel } from '../../../src/contract/saved-model.ts';
import { exportTo, type ExportFormat } from '../../../src/service/deliver.ts';
import { predict } from '../../../src/service/predict.ts';
import { openSavedModel, type OpenedModel } from '../../../src/service/saved-model.ts';
import { snippetsFor } from '../../../src/service/use/snippets.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { remove, useFolders } from '../runs/work-testing.ts';
import { trained, writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const run = promisify(execFile);
/** Within the repository, so that programs find the packages that a person would install. */
const scratch = fileURLToPath(new URL('../../../dist/test-snippets', import.meta.url));
const photo = join(scratch, 'photo.jpg');
let model: OpenedModel;
let expected: { label: string; confidence: number };

beforeAll(async () => {
  remove(scratch);
  mkdirSync(scratch, { recursive: true });
  useFolders(scratch);
  await writePhotos(join(scratch, 'photos'), { red: 12, blue: 12 });
  const { model: folder } = await trained({
    photos: join(scratch, 'photos'),
    backbone: writeBackbone(join(scratch, 'models')),
    out: join(scratch, 'model'),
    recipe: 'head',
    epochs: 8,
  });
  model = await openSavedModel(folder);
  // Turned by its EXIF data, and of the model's size: how it is made smaller is each library's own affair.
  const upright = await blobs(77, 16, 16).linear([1, 0.35, 0.35], [10, 10, 10]).png().toBuffer();
  writeFileSync(
    photo,
    await sharp(upright)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer(),
  );
  const [answer] = (await predict(model, [photo])).results;
  expected = {
    label: answer?.unknown === true ? 'unknown' : (answer?.label ?? ''),
    confidence: answer?.confidence ?? 0,
  };
  for (const format of ['onnx', 'tfjs', 'holotype'] as const)
    await exportTo(model, format, join(scratch, `it's "ours"-${format}`));
});
afterAll(() => remove(scratch));

const codeOf = (format: ExportFormat, name: string, about: SavedModel = model.about): string =>
  snippetsFor(format, about, `it's "ours"-${format}`).find((snippet) => snippet.name === name)?.code ?? '';
const withInput = (input: Partial<InputPolicy>): SavedModel => ({
  ...model.about,
  input: { ...model.about.input, ...input },
});
const policies: Partial<InputPolicy>[] = [
  { resize: 'squash' },
  { resize: 'pad' },
  { resize: 'crop' },
  { resize: 'crop', cropFraction: 0.875 },
];

/** Runs a program beside the exported folders. @returns what it printed */
async function node(code: string): Promise<string> {
  const path = join(scratch, 'program.mjs');
  writeFileSync(path, code);
  return (await run(process.execPath, [path], { cwd: scratch })).stdout;
}
/** The umbrella package is no dependency of ours; its parts are. */
const withParts = (code: string): string =>
  code.replace(
    "import * as tf from '@tensorflow/tfjs';",
    `import * as core from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
const tf = { ...core, loadLayersModel };`,
  );
const printed = (text: string): { label: string; confidence: number } => {
  const [, label, confidence] = /label: '([^']+)', confidence: ([\d.e-]+)/.exec(text) ?? [];
  return { label: label ?? text, confidence: Number(confidence) };
};

describe('JavaScript', () => {
  test.each(['onnx', 'holotype'] as const)('for %s answers as predict does', async (format) => {
    const answer = printed(await node(codeOf(format, 'JavaScript (Node)')));
    expect(answer.label).toBe(expected.label);
    expect(answer.confidence).toBeCloseTo(expected.confidence, 5);
  });

  test('for TensorFlow.js answers as predict does', async () => {
    const answer = printed(await node(withParts(codeOf('tfjs', 'JavaScript (Node)'))));
    expect(answer.label).toBe(expected.label);
    expect(answer.confidence).toBeCloseTo(expected.confidence, 3);
  });

  test.each(policies)('sees photos as the model with %o does', async (input) => {
    const about = withInput(input);
    const big = join(scratch, 'big.png');
    writeFileSync(big, await blobs(5, 61, 40).png().toBuffer());
    const { decodePhoto } = await import('../../../src/engine/data/decode.ts');
    const wanted = await decodePhoto(readFileSync(big), about.input);
    const code = codeOf('onnx', 'JavaScript (Node)', about)
      .replace("classify('photo.jpg')", "classify('big.png')")
      .replace(/const image = .*\n.*\n.*\n[\s\S]*?\n}/, 'return [...pixels];\n}')
      .replace('console.log(await', 'console.log(JSON.stringify(await')
      .replace(/\);\n$/, '));\n');
    expect(JSON.parse(await node(code))).toEqual([...wanted]);
  });
});

describe('programs of other tasks', () => {
  const number = /-?\d[\d.]*(e-?\d+)?/g;
  const words = (said: unknown): string => JSON.stringify(said).replaceAll(number, '#');
  const numbers = (said: unknown): number[] => (JSON.stringify(said).match(number) ?? []).map(Number);
  const table = (answer: (path: string, n: number) => string): string =>
    ['red', 'blue']
      .flatMap((name) => Array.from({ length: 12 }, (_, n) => `${name}/${name} ${n}.jpg,${answer(name, n)}`))
      .join('\n');

  test.each([
    ['multi-label', `filename,label\n${table((name, n) => `${name}${n % 2 === 0 ? ';even' : ''}`)}`],
    ['regression', `filename,target\n${table((name, n) => `${(name === 'red' ? 50 : 5) + n / 10}`)}`],
  ] as const)('%s: both formats answer as predict does', async (task, csv) => {
    const labels = join(scratch, `${task}.csv`);
    writeFileSync(labels, csv);
    const { model: folder } = await trained({
      photos: join(scratch, 'photos'),
      backbone: join(scratch, 'models', 'tiny.onnx'),
      out: join(scratch, task),
      recipe: 'head',
      epochs: 8,
      task,
      labels,
    });
    const own = await openSavedModel(folder);
    const [answer] = (await predict(own, [photo])).results;
    for (const format of ['onnx', 'tfjs'] as const) {
      await exportTo(own, format, join(scratch, `${task}-${format}`));
      const code = snippetsFor(format, own.about, `${task}-${format}`).find(
        ({ name }) => name === 'JavaScript (Node)',
      )?.code;
      const shown = (code ?? '')
        .replace('console.log(await', 'console.log(JSON.stringify(await')
        .replace(/\);\n$/, '));\n');
      const said: unknown = JSON.parse(await node(withParts(shown)));
      const wanted =
        answer?.labels === undefined
          ? { value: answer?.value }
          : answer.labels.map((label) => ({ label, chance: answer.probabilities[label] }));
      expect(words(said)).toBe(words(wanted));
      for (const [at, number] of numbers(said).entries())
        expect(number).toBeCloseTo(numbers(wanted)[at] ?? Number.NaN, 1);
    }
  });
});

describe('Python', () => {
  const python = async (args: string[]): Promise<string | undefined> =>
    run(process.env['HOLOTYPE_TEST_PYTHON'] ?? 'python3', args, { cwd: scratch }).then(
      ({ stdout }) => stdout,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      },
    );
  const has = async (modules: string): Promise<boolean> =>
    python(['-c', `import ${modules}`]).then(
      (text) => text !== undefined,
      () => false,
    );

  test.for(policies)('that reads photos with %o compiles (needs Python)', async (input, context) => {
    if (!(await has('json'))) context.skip();
    const path = join(scratch, 'program.py');
    const code = codeOf('onnx', 'Python', withInput(input));
    writeFileSync(path, code);
    expect(code).toContain(
      { squash: 'image.resize', pad: 'ImageOps.pad', crop: 'ImageOps.fit' }[input.resize ?? 'pad'],
    );
    expect(await python(['-m', 'py_compile', path])).not.toMatch(/Error/);
  });

  test('answers as predict does (needs onnxruntime and Pillow)', async (context) => {
    if (!(await has('onnxruntime, PIL, numpy'))) context.skip();
    writeFileSync(join(scratch, 'program.py'), codeOf('onnx', 'Python'));
    const [label, confidence] = (await python(['program.py']))?.trim().split(' ') ?? [];
    expect(label).toBe(expected.label);
    expect(Number(confidence)).toBeCloseTo(expected.confidence, 2);
  });

  test.for(policies)('sees photos as the model with %o does (needs Pillow)', async (input, context) => {
    if (!(await has('onnxruntime, PIL, numpy'))) context.skip();
    const about = withInput({ ...input, width: 60, height: 48 });
    const big = join(scratch, 'big.png');
    writeFileSync(big, await blobs(5, 121, 80).png().toBuffer());
    const { decodePhoto } = await import('../../../src/engine/data/decode.ts');
    const wanted = await decodePhoto(readFileSync(big), about.input);
    const code = codeOf('onnx', 'Python', about).replace(
      'print(*classify("photo.jpg"))',
      'print(json.dumps([int(v) for v in as_model_sees_it("big.png").ravel()]))',
    );
    writeFileSync(join(scratch, 'program.py'), code);
    const seen = JSON.parse((await python(['program.py'])) ?? '[]') as number[];
    const off = wanted.map((value, at) => Math.abs(value - (seen[at] ?? 999)));
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(2);
  });
});
