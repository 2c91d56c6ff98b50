/** Searching settings on photos, with a backbone of random weights. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchSpaceSchema } from '../../../src/contract/search.ts';
import type { SearchFinal, SearchResult, SearchTrial } from '../../../src/contract/search.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { checkSpace, defaultSpace, readSpace } from '../../../src/service/search/default-space.ts';
import { readRecipe } from '../../../src/service/search/recipe-file.ts';
import { withPoint } from '../../../src/service/search/point-settings.ts';
import type { SearchEvent } from '../../../src/service/search/search-event.ts';
import { search } from '../../../src/service/search/search.ts';
import type { SearchOptions } from '../../../src/service/search/search.ts';
import { bin, environment } from '../../hosts/cli/cli-testing.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
const before = { ...process.env };

const space = searchSpaceSchema.parse({
  parameters: [
    // The lowest rates learn nothing.
    { type: 'float', name: 'learningRate', low: 1e-7, high: 1e-1, scale: 'log' },
    { type: 'choice', name: 'flips', choices: ['on', 'off'] },
  ],
});
const training = trainOptionsSchema.parse({
  photos,
  backbone,
  epochs: 4,
  weightDecay: 0.1,
  device: 'cpu',
  testFraction: 0.2,
});
const optionsFor = (name: string, more: Partial<SearchOptions> = {}): SearchOptions => ({
  training,
  out: join(scratch, name),
  method: 'random',
  space,
  trials: 5,
  resume: false,
  atOnce: 1,
  ...more,
});

async function run(options: SearchOptions, signal?: AbortSignal) {
  const events: SearchEvent[] = [];
  const work = search(options, signal);
  for (;;) {
    const step = await work.next();
    if (step.done === true) return { events, result: step.value };
    events.push(step.value);
  }
}

const trialsIn = (name: string): unknown[] =>
  readFileSync(join(scratch, name, 'trials.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** What does not depend on how fast the machine was. */
const untimed = ({ trials, finalists, settings, looks, importance }: SearchResult) => ({
  trials: trials.map(({ seconds: _seconds, elapsed: _elapsed, ...rest }) => rest),
  finalists,
  settings,
  looks,
  importance,
});

let whole: Awaited<ReturnType<typeof run>>;

beforeAll(async () => {
  Object.assign(process.env, environment(scratch));
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14 });
  whole = await run(optionsFor('whole'));
});
afterAll(() => {
  process.env = before;
  rmSync(scratch, { recursive: true, force: true });
});

describe('a search', () => {
  it('tries the usual settings and others, and the best over three seeds', () => {
    const { result, events } = whole;
    expect(result.trials.map(({ number }) => number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    const losses = result.trials.map(({ score }) => score?.loss ?? Infinity);
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
    expect(losses.at(-1)).toBeGreaterThan((losses[0] ?? 0) + 0.05);
    expect(result.finalists.map(({ seeds }) => seeds)).toEqual(result.finalists.map(() => [1, 2, 3]));
    expect(result.finalists).toHaveLength(4);
    expect(result.finalists.map(({ number }) => number)).toContain(0);
    expect(events.filter(({ type }) => type === 'trial')).toHaveLength(6);
    expect(events.filter(({ type }) => type === 'final')).toHaveLength(12);
  });

  it('reads no test photo, and says who looked at what', () => {
    const { scoredBy, looks, counts } = whole.result;
    expect(scoredBy).toBe('cross-validation');
    expect(looks).toEqual({ validation: 0, test: 0 });
    expect(counts.test).toBeGreaterThan(0);
    const views = whole.events.flatMap((event) =>
      event.type === 'progress' && event.progress.unit === 'views' ? [event.progress.total ?? 0] : [],
    );
    // Plain and mirrored views of the training photos, plain ones of the validation photos.
    expect(Math.max(...views)).toBeLessThanOrEqual(2 * counts.train + counts.val);
  });

  it('writes a recipe of what was found, without how photos are divided', async () => {
    const { result } = whole;
    const settings = await readRecipe(result.recipe);
    expect(settings).toEqual(result.settings);
    expect(settings).toMatchObject({ recipe: 'head', epochs: 4, weightDecay: 0.1, backbone });
    expect(settings).not.toHaveProperty('testFraction');
    const [winner] = result.finalists;
    expect(settings).toMatchObject(winner?.point ?? {});
  });

  it('says how many heads are trained at once, and what is under way', () => {
    const underWay = whole.events.flatMap((event) => (event.type === 'under-way' ? [event] : []));
    expect(new Set(underWay.map(({ atOnce }) => atOnce))).toEqual(new Set([1]));
    expect(underWay[0]?.underWay).toEqual([{ number: 0, point: {}, share: 1, seed: null }]);
    expect(underWay.at(-1)?.underWay).toEqual([]);
    expect(whole.result).toMatchObject({ atOnce: 1, cut: 0 });
  });

  it('finds the same with five heads at once', async () => {
    const { result, events } = await run(optionsFor('five', { atOnce: 5 }));
    expect(result.atOnce).toBe(5);
    expect(untimed(result)).toEqual(untimed(whole.result));
    // Four folds leave room for the next trial.
    const most = events.map((event) => (event.type === 'under-way' ? event.underWay.length : 0));
    expect(Math.max(...most)).toBeGreaterThan(1);
  });

  it('goes on where it was cut off, with a torn last line, to the same result', async () => {
    const abort = new AbortController();
    const work = search(optionsFor('cut', { atOnce: 2 }), abort.signal);
    let seen = 0;
    await expect(
      (async () => {
        for (let step = await work.next(); step.done !== true; step = await work.next()) {
          if (step.value.type === 'trial') seen += 1;
          if (seen === 3) abort.abort();
        }
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    const kept = trialsIn('cut').length;
    expect(kept).toBeGreaterThanOrEqual(3);
    await appendFile(join(scratch, 'cut', 'trials.jsonl'), '{"type":"trial","number":3,"poi');
    const { result, events } = await run(optionsFor('cut', { resume: true }));
    expect(events.filter(({ type }) => type === 'trial')).toHaveLength(6 - kept);
    expect(untimed(result)).toEqual(untimed(whole.result));
    // Nothing is left to do: the same again, at once.
    const again = await run(optionsFor('cut', { resume: true }));
    expect(again.events.filter(({ type }) => type === 'trial' || type === 'final')).toEqual([]);
  });

  it('goes further when more trials are asked for', async () => {
    const { result, events } = await run(optionsFor('whole', { resume: true, trials: 6 }));
    expect(result.trials).toHaveLength(7);
    expect(events.filter(({ type }) => type === 'trial')).toHaveLength(1);
  });

  it('keeps settings that can’t be trained as failed, and ends within its budget', async () => {
    const wild = searchSpaceSchema.parse({
      parameters: [{ type: 'choice', name: 'learningRate', choices: [10, 0.001] }],
    });
    // So strong a penalty that no number holds the weights after a few steps.
    const diverging = { ...training, optimizer: 'sgd' as const, l2: 1e30, batchSize: 2 };
    const failing = await run(
      optionsFor('wild', { space: wild, method: 'grid', trials: 2, training: diverging }),
    ).catch((error: unknown) => error);
    expect(failing).toMatchObject({ code: 'failed', message: 'None of the trials could be trained.' });
    const { result } = await run(optionsFor('short', { trials: undefined, budget: 0.001 }));
    expect(result.trials.length).toBeLessThanOrEqual(2);
    expect(result.verdict).toMatch(/trial/);
  });

  it('compares ways to change photos and mirrored views, each on the views it brings', async () => {
    const views = searchSpaceSchema.parse({
      parameters: [
        { type: 'choice', name: 'augment', choices: ['none', 'any-orientation'] },
        { type: 'choice', name: 'flips', choices: ['on', 'off'] },
      ],
    });
    const { result, events } = await run(optionsFor('views', { space: views, method: 'grid', trials: 4 }));
    const { train, val } = result.counts;
    const computed = new Set(
      events.flatMap((event) =>
        event.type === 'progress' && event.progress.unit === 'views' ? [event.progress.total] : [],
      ),
    );
    // Number 0 and those before have left plain and mirrored ones; three quarter turns are new.
    expect([...computed]).toEqual([3 * train]);
    expect(val).toBeGreaterThan(0);
    const tried = result.trials.filter(({ number }) => number > 0);
    expect(new Set(tried.map(({ point }) => JSON.stringify(point))).size).toBe(4);
    expect(new Set(tried.map(({ score }) => score?.loss)).size).toBe(4);
  });

  it.each([
    ['what is there already', optionsFor('whole'), 'already'],
    [
      'another space',
      optionsFor('whole', { resume: true, space: defaultSpace('single-label', []) }),
      'something else',
    ],
    ['a folder of other things', optionsFor('photos'), 'holds something else'],
  ])('refuses %s', async (_what, options, message) => {
    await expect(run(options)).rejects.toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining(message) as string,
    });
  });
});

it(
  'a process killed with two trials under way loses none that is done, and --resume counts none twice',
  { timeout: 120_000 },
  async () => {
    const file = join(scratch, 'space.json');
    writeFileSync(file, JSON.stringify(space));
    const out = join(scratch, 'killed');
    const args = [
      'search',
      photos,
      '--out',
      out,
      '--backbone',
      backbone,
      '--space',
      file,
      '--method',
      'random',
      // Four folds of one trial leave room for another.
      '--at-once',
      '5',
    ];
    const child = spawn(process.execPath, [bin, ...args, '--trials', '4'], {
      env: environment(scratch),
      stdio: 'pipe',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // Number 0 is on the disk then.
      if (/trial \d and trial \d/i.test(said)) child.kill('SIGKILL');
    });
    await ended;
    expect(said).toContain('Up to 5 heads are trained at once.');
    expect(said).toMatch(/trial \d and trial \d/i);
    const kept = trialsIn('killed') as SearchTrial[];
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(5);
    const again = spawn(process.execPath, [bin, ...args, '--trials', '4', '--resume', '--json'], {
      env: environment(scratch),
      stdio: 'pipe',
    });
    let printed = '';
    again.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    expect(await new Promise((resolve) => again.once('exit', resolve))).toBe(0);
    const result = JSON.parse(printed) as SearchResult;
    expect(result.trials.map(({ number }) => number).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    for (const trial of kept) expect(result.trials).toContainEqual(trial);
    const lines = (trialsIn('killed') as (SearchTrial | SearchFinal)[]).map((line) =>
      line.type === 'trial' ? `trial ${line.number}` : `final ${line.number}, seed ${line.seed}`,
    );
    expect(new Set(lines).size).toBe(lines.length);
    expect(existsSync(result.recipe)).toBe(true);
    expect(result.looks.test).toBe(0);
  },
);

describe('spaces', () => {
  it('of settings that training takes', () => {
    for (const task of ['single-label', 'multi-label', 'regression'] as const)
      checkSpace(defaultSpace(task, ['a', 'b']));
    expect(defaultSpace('regression', []).parameters.map(({ name }) => name)).not.toContain('labelSmoothing');
    expect(defaultSpace('single-label', ['a', 'b']).parameters.at(-1)).toMatchObject({ choices: ['a', 'b'] });
  });

  it('set the options, and leave null to the default', () => {
    const options = withPoint(training, { learningRate: 0.01, weightDecay: null, hidden: [8] });
    expect(options).toMatchObject({ learningRate: 0.01, weightDecay: 0.1, hidden: [8] });
  });

  it.each([
    ['{"parameters":[{"type":"choice","name":"seed","choices":[1,2]}]}', 'bad-input', "can't be searched"],
    ['{"parameters":[{"type":"float","name":"dropout","low":0,"high":2}]}', 'bad-input', "can't be 2"],
    ['{"parameters":[]}', 'bad-input', 'damaged'],
    [
      '{"parameters":[{"type":"choice","name":"augment","choices":["none","some.json"]}]}',
      'bad-input',
      'can\'t be "some.json"',
    ],
    [undefined, 'bad-usage', 'no such file'],
  ])('refuses %s', async (text, code, message) => {
    const file = join(scratch, 'some-space.json');
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    await expect(readSpace(file)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});
