import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { temporaryPath } from '../../src/store/atomic.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { createRun, listRuns, openRun } from '../../src/store/runs.ts';
import type { Run } from '../../src/store/runs.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
const deadPid = 2 ** 22 + 1; // above Linux' highest
const open: Run[] = [];

beforeEach(() => {
  folder = scratchFolder();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const run of open.splice(0)) await run.close();
  rmSync(folder, { recursive: true, force: true });
});

async function newRun(config: unknown = { epochs: 3 }): Promise<Run> {
  const run = await createRun(folder, config);
  open.push(run);
  return run;
}

async function reopened(run: Run, options: { readOnly?: boolean } = {}): Promise<Run> {
  await run.close();
  const again = await openRun(run.folder, options);
  open.push(again);
  return again;
}

const weights = (value: number) => new Map([['w', { shape: [2, 2], data: new Float32Array(4).fill(value) }]]);

const save = (run: Run, step: number, score?: number) =>
  run.saveCheckpoint({
    step,
    tensors: weights(step),
    state: { step, best: Number.NEGATIVE_INFINITY },
    ...(score === undefined ? {} : { score }),
  });

const steps = (run: Run) =>
  readdirSync(join(run.folder, 'checkpoints'))
    .map(Number)
    .sort((a, b) => a - b);

describe('a run', () => {
  it('has a configuration, and an id that sorts by time', async () => {
    const first = await newRun({ epochs: 1 });
    const second = await newRun({ epochs: 2 });
    const third = await newRun({ epochs: 3 });
    const ids = [first.id, second.id, third.id];
    expect(await listRuns(folder)).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
    const again = await reopened(second);
    expect(again.config).toEqual({ epochs: 2 });
    expect(again.id).toBe(second.id);
  });

  it('says that there is none', async () => {
    expect(await listRuns(folder)).toEqual([]);
    await expect(openRun(join(folder, 'runs', 'x'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuses a run of a newer version and a damaged one', async () => {
    const run = await newRun();
    await run.close();
    const path = join(run.folder, 'config.json');
    const config = readFileSync(path, 'utf8');
    writeFileSync(path, config.replace('"version": 1', '"version": 2'));
    await expect(openRun(run.folder)).rejects.toMatchObject({ code: 'not-supported' });
    for (let length = 0; length < config.trimEnd().length; length += 1) {
      writeFileSync(path, config.slice(0, length));
      await expect(openRun(run.folder)).rejects.toMatchObject({ code: 'bad-input' });
    }
  });

  it('keeps a report', async () => {
    const run = await newRun();
    const schema = { parse: (value: unknown) => value };
    expect(await run.readReport(schema)).toBeUndefined();
    await run.writeReport({ accuracy: 0.9 });
    expect(await run.readReport(schema)).toEqual({ accuracy: 0.9 });
  });
});

describe('the log of a run', () => {
  it('numbers events on, also after reopening', async () => {
    const run = await newRun();
    const numbers = await Promise.all([1, 2, 3].map((epoch) => run.appendEvent({ type: 'epoch', epoch })));
    expect(numbers).toEqual([1, 2, 3]);
    const again = await reopened(run);
    expect(await again.appendEvent({ type: 'done' }, { sync: true })).toBe(4);
    const { events, torn, badLines } = await again.readEvents(3);
    expect(events.map(({ seq, type }) => [seq, type])).toEqual([
      [3, 'epoch'],
      [4, 'done'],
    ]);
    expect(torn).toBe(false);
    expect(badLines).toEqual([]);
  });

  it('survives being cut at every byte', async () => {
    const run = await newRun();
    for (const epoch of [1, 2, 3]) await run.appendEvent({ type: 'epoch', epoch });
    await run.close();
    const path = join(run.folder, 'log.jsonl');
    const bytes = readFileSync(path);
    for (let length = 0; length <= bytes.length; length += 1) {
      const cut = bytes.subarray(0, length);
      writeFileSync(path, cut);
      const again = await openRun(run.folder);
      // A record that lacks nothing but its newline is whole.
      const whole = cut
        .toString()
        .split('\n')
        .filter((line) => line.endsWith('}')).length;
      const { events } = await again.readEvents();
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3].slice(0, whole));
      expect(await again.appendEvent({ type: 'resumed' })).toBe(whole + 1);
      const after = await again.readEvents();
      expect(after).toMatchObject({ torn: false, badLines: [] });
      expect(after.events.at(-1)).toMatchObject({ seq: whole + 1, type: 'resumed' });
      await again.close();
    }
  });

  it('reports a damaged line and never gives its number again', async () => {
    const run = await newRun();
    await run.appendEvent({ type: 'a' });
    await run.close();
    appendFileSync(join(run.folder, 'log.jsonl'), '{"seq":2,"ty#\n');
    const again = await reopened(run);
    expect(await again.appendEvent({ type: 'c' })).toBe(3);
    const { events, badLines } = await again.readEvents();
    expect(events.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(badLines).toEqual([{ line: 2, reason: 'not valid JSON' }]);
  });
});

describe('checkpoints', () => {
  it('come back bit by bit', async () => {
    const run = await newRun();
    const moments = Float32Array.of(Number.NaN, -0, 1e-45, 3);
    await run.saveCheckpoint({
      step: 7,
      tensors: new Map([['adam/m', { shape: [4], data: moments }]]),
      state: { epoch: 2, best: Number.POSITIVE_INFINITY, losses: [Number.NaN, -0], rng: 2n ** 80n },
      score: 0.5,
    });
    const again = await reopened(run, { readOnly: true });
    const { checkpoint, problems } = await again.loadCheckpoint();
    expect(problems).toEqual([]);
    expect(checkpoint).toMatchObject({ step: 7, score: 0.5 });
    expect(checkpoint?.state).toEqual({
      epoch: 2,
      best: Number.POSITIVE_INFINITY,
      losses: [Number.NaN, -0],
      rng: 2n ** 80n,
    });
    const loaded = checkpoint?.tensors.get('adam/m');
    expect(loaded?.shape).toEqual([4]);
    const bits = (data: ArrayLike<number | bigint> = []) =>
      Array.from(data, (value) => (Object.is(value, -0) ? '-0' : String(value)));
    expect(bits(loaded?.data)).toEqual(bits(moments));
  });

  it('keeps the last two and the best', async () => {
    const run = await newRun();
    for (const [step, score] of [0.1, 0.9, 0.3, 0.4, 0.5].entries()) await save(run, step, score);
    expect(steps(run)).toEqual([1, 3, 4]);
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(4);
    expect((await run.loadCheckpoint('best')).checkpoint?.step).toBe(1);
    expect((await run.loadCheckpoint(3)).checkpoint?.step).toBe(3);
    expect(await run.loadCheckpoint(2)).toEqual({ checkpoint: undefined, problems: [] });
    expect(JSON.parse(readFileSync(join(run.folder, 'latest.json'), 'utf8'))).toMatchObject({ step: 4 });
  });

  it('takes the one saved last as the latest, also after going back', async () => {
    const run = await newRun();
    for (const step of [10, 20, 30]) await save(run, step);
    await save(run, 25);
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(25);
    await run.saveCheckpoint({ step: 25, tensors: weights(99), state: {} });
    const { checkpoint } = await run.loadCheckpoint();
    expect(checkpoint?.tensors.get('w')?.data[0]).toBe(99);
    expect(steps(run)).toEqual([25, 30]);
  });

  it.each(['model.safetensors', 'state.json'])(
    'falls back to the previous one when %s is cut anywhere',
    async (name) => {
      const run = await newRun();
      await save(run, 1);
      await save(run, 2);
      const path = join(run.folder, 'checkpoints', '2', name);
      const bytes = readFileSync(path);
      for (let length = 0; length < bytes.toString('latin1').trimEnd().length; length += 1) {
        writeFileSync(path, bytes.subarray(0, length));
        const { checkpoint, problems } = await run.loadCheckpoint();
        expect(checkpoint?.step).toBe(1);
        expect(problems).toHaveLength(1);
        expect(problems[0]?.path).toBe(join(run.folder, 'checkpoints', '2'));
      }
      rmSync(path);
      expect((await run.loadCheckpoint()).checkpoint?.step).toBe(1);
      // Going on replaces the damaged one and keeps the intact one.
      await save(run, 3);
      expect(steps(run)).toEqual([1, 3]);
    },
  );

  it.each(['model.safetensors', 'state.json'])('notices every flipped bit of %s', async (name) => {
    const run = await newRun();
    await save(run, 1);
    await save(run, 2);
    const path = join(run.folder, 'checkpoints', '2', name);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const { checkpoint } = await run.loadCheckpoint();
      // White space between the fields of the JSON may change without harm.
      const harmless = checkpoint?.step === 2 && checkpoint.state.best === Number.NEGATIVE_INFINITY;
      expect(harmless || checkpoint?.step === 1).toBe(true);
    }
  });

  it('does not need latest.json', async () => {
    const run = await newRun();
    await save(run, 1);
    writeFileSync(join(run.folder, 'latest.json'), '{"st');
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(1);
    await save(run, 2);
    rmSync(join(run.folder, 'latest.json'));
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(2);
  });

  it('leaves the last one alone when the disk is full', async () => {
    const run = await newRun();
    await save(run, 1);
    const open = fileSystem.open;
    vi.spyOn(fileSystem, 'open').mockImplementation((path, ...rest) =>
      String(path).endsWith('model.safetensors') ? open('/dev/full', 'w') : open(path, ...rest),
    );
    await expect(save(run, 2)).rejects.toMatchObject({ code: 'storage', details: { errno: 'ENOSPC' } });
    vi.restoreAllMocks();
    expect(steps(run)).toEqual([1]);
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(1);
    await save(run, 2);
    expect((await run.loadCheckpoint()).checkpoint?.step).toBe(2);
  });

  it('puts the old one back when a checkpoint of the same step cannot take its place', async () => {
    const run = await newRun();
    await save(run, 1);
    const rename = fileSystem.rename;
    let calls = 0;
    vi.spyOn(fileSystem, 'rename').mockImplementation((from, to) => {
      calls += 1;
      return calls === 2
        ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
        : rename(from, to);
    });
    await expect(run.saveCheckpoint({ step: 1, tensors: weights(5), state: {} })).rejects.toMatchObject({
      code: 'storage',
    });
    expect((await run.loadCheckpoint()).checkpoint?.tensors.get('w')?.data[0]).toBe(1);
    expect(steps(run)).toEqual([1]);
  });
});

describe('a process killed while it replaces a checkpoint', () => {
  it('leaves one of the two to go on from', async () => {
    const run = await newRun();
    const checkpoints = join(run.folder, 'checkpoints');
    const leftover = (name: string) =>
      temporaryPath(join(checkpoints, name)).replace(`-${process.pid}-`, `-${deadPid}-`);
    await save(run, 1);
    await save(run, 2);
    cpSync(join(checkpoints, '2'), leftover('old'), { recursive: true });
    await run.saveCheckpoint({ step: 2, tensors: weights(9), state: {} });
    renameSync(join(checkpoints, '2'), leftover('new'));
    mkdirSync(leftover('half-written'));
    const again = await reopened(run);
    const { checkpoint, problems } = await again.loadCheckpoint();
    expect(problems).toEqual([]);
    expect(checkpoint?.step).toBe(2);
    expect(checkpoint?.tensors.get('w')?.data[0]).toBe(9);
    expect(steps(again)).toEqual([1, 2]);
  });
});

describe('the lock of a run', () => {
  it('keeps a second writer out, but not a reader', async () => {
    const run = await newRun();
    await run.appendEvent({ type: 'started' });
    const error: unknown = await openRun(run.folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HolotypeError);
    expect(error).toMatchObject({ code: 'busy', details: { pid: process.pid } });
    const reader = await openRun(run.folder, { readOnly: true });
    expect((await reader.readEvents()).events).toHaveLength(1);
    await expect(reader.appendEvent({ type: 'x' })).rejects.toMatchObject({ code: 'failed' });
    await reader.close();
    await run.close();
    await run.close();
    await (await openRun(run.folder)).close();
  });

  it.each([
    ['a dead process', { host: hostname(), pid: deadPid, started: '' }],
    [
      'a process whose number has been given away',
      { host: hostname(), pid: process.pid, started: 'long ago' },
    ],
  ])('of %s is taken over', async (_name, holder) => {
    const run = await newRun();
    await run.close();
    writeFileSync(join(run.folder, 'lock'), JSON.stringify(holder));
    const again = await openRun(run.folder);
    expect(await again.appendEvent({ type: 'resumed' })).toBe(1);
    await again.close();
    expect(readdirSync(run.folder).sort()).toEqual(['config.json', 'log.jsonl']);
  });

  it('of another machine holds, until it has been silent for an hour', async () => {
    const run = await newRun();
    await run.close();
    writeFileSync(join(run.folder, 'lock'), JSON.stringify({ host: 'elsewhere', pid: 1, started: '' }));
    await expect(openRun(run.folder)).rejects.toMatchObject({ code: 'busy', details: { host: 'elsewhere' } });
    const anHourAgo = Date.now() / 1000 - 3601;
    utimesSync(join(run.folder, 'lock'), anHourAgo, anHourAgo);
    await expect(openRun(run.folder)).rejects.toMatchObject({ code: 'busy' }); // its log is fresh
    utimesSync(join(run.folder, 'log.jsonl'), anHourAgo, anHourAgo);
    await (await openRun(run.folder)).close();
  });

  it('is noticed when somebody took it', async () => {
    const run = await newRun();
    rmSync(join(run.folder, 'lock'));
    await expect(save(run, 1)).rejects.toMatchObject({ code: 'busy' });
  });
});
