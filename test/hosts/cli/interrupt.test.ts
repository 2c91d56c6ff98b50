/** Trainings that are stopped, killed, gone on with, or run into each other. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { errorSchema } from '../../../src/contract/error-schema.ts';
import { trainResultSchema } from '../../../src/contract/train.ts';
import { writeBackbone, writePhotos, writeSlowBackbone } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, lastRun, logOf, run, start, until } from './cli-testing.ts';
import type { Finished, Running } from './cli-testing.ts';

// A training takes seconds; on a machine with much else to do, many.
vi.setConfig({ testTimeout: 240_000 });

const scratch = scratchFolder();
const env = environment(scratch);
const photos = join(scratch, 'photos');
const quick = join(scratch, 'models', 'tiny.onnx');
const slow = join(scratch, 'models', 'slow.onnx');
let outs = 0;
const newOut = (): string => join(scratch, `out${(outs += 1)}`);

beforeAll(async () => {
  await writePhotos(photos, { red: 24, blue: 24 });
  writeBackbone(join(scratch, 'models'));
  writeSlowBackbone(join(scratch, 'models'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** `train` as this file needs it: the head alone. */
const trainArgs = (backbone: string, out: string, ...more: string[]): string[] => [
  'train',
  photos,
  '--backbone',
  backbone,
  '--recipe',
  'head',
  '--out',
  out,
  ...more,
];

const has = (out: string, type: string, stage?: string): boolean =>
  logOf(out).some((event) => event.type === type && (stage === undefined || event.stage === stage));
const onnxOf = (out: string): string =>
  createHash('sha256')
    .update(readFileSync(join(out, 'model.onnx')))
    .digest('hex');

/** Presses Ctrl-C, and says how long the end took (ms). */
async function interrupt(running: Running): Promise<Finished & { took: number }> {
  const pressed = performance.now();
  running.child.kill('SIGINT');
  const finished = await running.done;
  return { ...finished, took: performance.now() - pressed };
}

/** What every training that a person stopped looks like. */
function expectStopped(out: string, finished: Finished & { took: number }): void {
  expect(finished.code).toBe(4);
  expect(finished.took).toBeLessThan(5000); // about one second on a machine with nothing else to do
  expect(finished.stderr).toContain('Stopping; what is done is kept');
  expect(finished.stderr).toContain('--resume');
  expect(finished.stderr).not.toMatch(/ at .*\.(ts|mjs):\d+/);
  expect(logOf(out).at(-1)?.type).toBe('cancelled');
  expect(existsSync(join(out, 'runs', 'lock'))).toBe(false);
  expect(existsSync(join(lastRun(out) ?? '', 'lock'))).toBe(false);
  expect(existsSync(join(out, 'holotype.json'))).toBe(false);
}

describe('Ctrl-C', () => {
  test('while features are computed: exit 4, soon, and the run is kept', async () => {
    const out = newOut();
    const job = start(trainArgs(slow, out), {
      ...env,
      HOLOTYPE_CACHE: join(scratch, 'cold'),
    });
    await until(job, () => has(out, 'stage', 'features'));
    const finished = await interrupt(job);
    expect(finished.stdout).toBe('');
    expectStopped(out, finished);
  });

  test('while the head is trained: exit 4, soon, with --json one document that says so', async () => {
    const out = newOut();
    const job = start(trainArgs(quick, out, '--epochs', '10000', '--json'), env);
    await until(job, () => has(out, 'epoch'));
    const finished = await interrupt(job);
    expectStopped(out, finished);
    const { error } = JSON.parse(finished.stdout) as { error: unknown };
    expect(errorSchema.parse(error).code).toBe('cancelled');
  });

  test('an earlier model stays until the new one is ready', async () => {
    const out = newOut();
    expect((await run(trainArgs(quick, out, '--epochs', '3'), env)).code).toBe(0);
    const before = onnxOf(out);
    const job = start(trainArgs(quick, out, '--epochs', '10000'), env);
    await until(job, () => has(out, 'epoch') && readdirSync(join(out, 'runs')).length > 2);
    expect((await interrupt(job)).code).toBe(4);
    expect(onnxOf(out)).toBe(before);
    expect((await run(['predict', out, join(photos, 'red')], env)).code).toBe(0);
  });

  test('twice ends the process at once', async () => {
    const out = newOut();
    const job = start(trainArgs(quick, out, '--epochs', '10000'), env);
    await until(job, () => has(out, 'epoch'));
    job.child.kill('SIGINT');
    job.child.kill('SIGTERM');
    expect((await job.done).code).toBe(4);
  });
});

describe('kill -9', () => {
  test('in the middle of training, then --resume: the same model, bit for bit, as without the kill', async () => {
    const options = ['--epochs', '3000', '--seed', '7'];
    const whole = newOut();
    const uninterrupted = await run(trainArgs(quick, whole, ...options), env);
    expect(uninterrupted.code).toBe(0);

    const out = newOut();
    const job = start(trainArgs(quick, out, ...options), env);
    const checkpoints = (): string[] => {
      const folder = join(lastRun(out) ?? '', 'checkpoints');
      return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
    };
    await until(job, () => checkpoints().length > 0);
    job.child.kill('SIGKILL');
    expect((await job.done).signal).toBe('SIGKILL');
    expect(existsSync(join(out, 'holotype.json'))).toBe(false);
    const killed = lastRun(out);

    const resumed = await run(trainArgs(quick, out, ...options, '--resume', '--json'), env);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/Going on after epoch \d+ of 3000/);
    const result = trainResultSchema.parse(JSON.parse(resumed.stdout));
    expect(result.run).toBe(killed);
    for (const path of ['model.onnx', 'tfjs/weights.bin', 'labels.txt'])
      expect(readFileSync(join(out, path)).equals(readFileSync(join(whole, path)))).toBe(true);

    // Numbers in the log never repeat, although two processes wrote it.
    const numbers = readFileSync(join(result.run, 'log.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(numbers.every((seq, at) => at === 0 || seq > (numbers[at - 1] ?? 0))).toBe(true);

    // Nothing is left to go on with: a fresh run.
    const again = await run(trainArgs(quick, out, '--epochs', '2', '--resume', '--json'), env);
    expect(again.code).toBe(0);
    expect(trainResultSchema.parse(JSON.parse(again.stdout)).run).not.toBe(killed);
  });

  test('while features are computed: those that were written are not computed again', async () => {
    const out = newOut();
    const own = { ...env, HOLOTYPE_CACHE: join(scratch, 'cache-of-killed') };
    // Features are written after 256 views at the latest: on a quick machine too, as many are still to come by then.
    const many = join(scratch, 'many');
    await writePhotos(many, { red: 140, blue: 140 });
    const args = trainArgs(slow, out, '--epochs', '3').with(1, many);
    const job = start(args, own);
    const folder = join(own.HOLOTYPE_CACHE, 'features');
    // A header alone is shorter than the features of a photo.
    const written = (): boolean =>
      existsSync(folder) &&
      readdirSync(folder).some(
        (name) => name.endsWith('.features') && statSync(join(folder, name)).size > 1500,
      );
    await until(job, written);
    job.child.kill('SIGKILL');
    await job.done;

    const finished = await run(args, own);
    expect(finished.code).toBe(0);
    const asked = /Computing features of (\d+) photos \((\d+) views\)/;
    const total = Number(asked.exec(job.stderr())?.[2]);
    const left = Number(asked.exec(finished.stderr)?.[2]);
    expect(total).toBeGreaterThan(450);
    expect(left).toBeLessThan(total);
    expect(left).toBeGreaterThan(0);
  });
});

test('two trainings into one folder: the second is told that it is busy; elsewhere they get along', async () => {
  const out = newOut();
  const first = start(trainArgs(quick, out, '--epochs', '10000'), env);
  await until(first, () => has(out, 'epoch'));
  const second = await run(trainArgs(quick, out, '--epochs', '2', '--json'), env);
  expect(second.code).toBe(1);
  const { error } = JSON.parse(second.stdout) as { error: unknown };
  expect(errorSchema.parse(error)).toMatchObject({ code: 'busy', message: expect.stringContaining(out) });
  expect(second.stderr).toContain(String(first.child.pid));
  const third = await run(trainArgs(quick, newOut(), '--epochs', '2'), env);
  expect(third.code).toBe(0);
  await interrupt(first);
});
