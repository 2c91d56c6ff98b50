/** A project from its first training to its use, with real work in workers of this process. */
import { photoAnswers } from '../../../src/service/runs/photo-answers.ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetail } from '../../../src/contract/runs.ts';
import type { TrainSettings } from '../../../src/contract/train-settings.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { tintedPhoto, writeBackbone, writePhotos } from '../train/training-fixtures.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from './work-testing.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const settings: TrainSettings = { recipe: 'head', epochs: 6, seed: 3, testFraction: 0.1 };
let project: ProjectForTests;
let work: WorkForTests;
let id: string;
let run: string;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14, green: 12 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos, 'Leaves & more');
  ({ id } = project);
  work = startWork(project, scratch);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

async function train(more: TrainSettings = {}): Promise<string> {
  const { job } = await work.call('train.start', { project: id, settings: { ...settings, ...more } });
  const ended = await work.jobs.ended(job);
  expect(ended).toMatchObject({ state: 'done', error: null });
  return ended.run ?? '';
}

describe('a training', () => {
  let detail: RunDetail;
  beforeAll(async () => {
    run = await train();
    detail = await work.call('runs.get', { project: id, run });
  });

  test('is a job that tells what happens, and can be looked up afterwards', async () => {
    const [job] = await work.call('jobs.list', {});
    expect(job).toMatchObject({ kind: 'train', project: id, run, title: 'Training of Leaves & more' });
    const replay = await work.call('jobs.events', { job: job?.id ?? '', after: 0 });
    expect(replay.events.map(({ type }) => type)).toContain('epoch');
    expect(replay.events[0]).toMatchObject({ type: 'started', run, seq: 1 });
    expect(replay.events.at(-1)).toMatchObject({ type: 'done', model: run });
    expect(work.finished).toEqual([
      { run, last: { task: 'single-label', accuracy: detail.summary.accuracy, mae: null } },
    ]);
  });

  test('is listed with its figures, and known in detail', async () => {
    const [first] = await work.call('runs.list', { project: id });
    expect(first).toEqual(detail.summary);
    expect(first).toMatchObject({
      number: 1,
      state: 'finished',
      backbone: 'tiny',
      recipe: 'head',
      error: null,
    });
    expect(first?.accuracy).toBe(detail.result?.metrics.val.accuracy);
    expect(detail.settings).toMatchObject({ ...settings, quality: 'balanced' });
    expect(detail.curves.map(({ epoch, stage }) => [stage, epoch])).toEqual(
      detail.curves.map((_, at) => ['head', at + 1]),
    );
    expect(detail.curves.length).toBeGreaterThan(1);
    expect(detail.advice.length).toBeGreaterThan(0);
    expect(detail.advice.every(({ evidence }) => evidence.length > 3)).toBe(true);
    expect(detail.unknownBelow).toBeGreaterThan(0);
  });

  test('keeps its answers for photos of the project, and its report', async () => {
    const answers = await work.call('runs.photos', { project: id, run });
    const counts = detail.result?.counts;
    expect(answers).toHaveLength((counts?.val ?? 0) + (counts?.test ?? 0));
    for (const { photo, path, truth } of answers) {
      const asset = project.asset(photo);
      expect([path, truth]).toEqual([asset.path, asset.labels[0]]);
    }
    const { download, name } = await work.call('runs.report', { project: id, run });
    expect(name).toBe('Leaves & more, run 1.html');
    expect(work.downloads.get(download).content).toMatchObject({
      path: join(project.folder, 'models', run, 'report.html'),
    });
  });

  test('says of each photo it did not learn from what it answered, and nothing of the others', async () => {
    const ask = photoAnswers();
    const [first] = await work.call('runs.photos', { project: id, run });
    if (first === undefined) throw new Error('The run kept no answers.');
    const { photo, predicted, confidence } = first;
    expect(await ask(project, photo)).toEqual([{ run, predicted, confidence }]);
    expect(await ask(project, '0'.repeat(64))).toEqual([]);
  });

  test('tells the next plan how long it takes', async () => {
    const { seconds } = await work.call('train.plan', { project: id, settings });
    expect(seconds?.basis).toMatch(/last trainings/);
    expect(seconds?.high).toBeLessThan(60);
  });

  test('has a number one above the highest; removed runs are gone', async () => {
    const second = await train({ seed: 9 });
    const listed = await work.call('runs.list', { project: id });
    expect(listed.map(({ number }) => number)).toEqual([1, 2]);
    const left = await work.call('runs.remove', { project: id, run: second });
    expect(left.map((one) => one.id)).toEqual([run]);
    expect(work.finished.at(-1)).toMatchObject({ run, last: { accuracy: left[0]?.accuracy } }); // the newest that is left
    expect(existsSync(join(project.folder, 'runs', second))).toBe(false);
    expect(existsSync(join(project.folder, 'models', second))).toBe(false);
    await expect(work.call('runs.get', { project: id, run: second })).rejects.toThrow(/no such run/);
    const third = await train({ seed: 10 });
    const numbers = (await work.call('runs.list', { project: id })).map(({ number }) => number);
    expect(numbers).toEqual([1, 2]);
    await work.call('runs.remove', { project: id, run: third });
  });
});

describe('runs of all sorts', () => {
  test('that were made before answers were kept, or are damaged, don’t stop the list', async () => {
    const folder = join(project.folder, 'runs');
    const old = '2020-01-01T00-00-00-000Z-00000000';
    const bad = '2020-01-02T00-00-00-000Z-00000000';
    for (const name of [old, bad]) mkdirSync(join(folder, name));
    const config = { version: 1, id: old, createdAt: '2020-01-01T00:00:00.000Z', config: { kind: 'train' } };
    writeFileSync(join(folder, old, 'config.json'), JSON.stringify(config));
    writeFileSync(join(folder, bad, 'config.json'), '{');
    const report = JSON.parse(readFileSync(join(folder, run, 'report.json'), 'utf8')) as {
      advice: { severity?: string; evidence?: string }[];
    };
    for (const one of report.advice) {
      delete one.severity;
      delete one.evidence;
    }
    writeFileSync(join(folder, old, 'report.json'), JSON.stringify(report));
    const listed = await work.call('runs.list', { project: id });
    expect(listed.map((one) => [one.id, one.state])).toEqual([
      [old, 'finished'],
      [run, 'finished'],
    ]);
    const detail = await work.call('runs.get', { project: id, run: old });
    expect(detail).toMatchObject({ settings: {}, unknownBelow: null, curves: [] });
    expect(detail.advice[0]?.severity).toBe('note');
    expect(await work.call('runs.photos', { project: id, run: old })).toEqual([]);
    for (const name of [old, bad]) remove(join(folder, name));
  });

  test('that failed say why; what has begun is cancelled and stays, what has not is gone', async () => {
    const slow = { ...settings, epochs: 10_000, weightDecay: 0.1 };
    const first = await work.call('train.start', { project: id, settings: slow });
    const second = await work.call('train.start', { project: id, settings: slow });
    const queued = work.jobs.get(second.job);
    expect(queued.state).toBe('queued');
    await expect(work.call('runs.remove', { project: id, run: queued.run ?? '' })).rejects.toMatchObject({
      code: 'busy',
    });
    const running = (await work.call('runs.list', { project: id })).filter(
      ({ state }) => state === 'running',
    );
    expect(running).toHaveLength(2);
    await work.call('jobs.cancel', { job: second.job });
    await until(() => work.jobs.get(first.job).progress?.stage === 'head');
    const started = performance.now();
    await work.call('jobs.cancel', { job: first.job });
    expect((await work.jobs.ended(first.job)).state).toBe('cancelled');
    expect(performance.now() - started).toBeLessThan(5_000);
    const after = await work.call('runs.list', { project: id });
    expect(after.map(({ state }) => state)).toEqual(['finished', 'stopped']);
    expect(after[1]?.id).toBe(work.jobs.get(first.job).run);
    await work.call('runs.remove', { project: id, run: after[1]?.id ?? '' });
    const jobs = await work.call('jobs.dismiss', { job: second.job });
    expect(jobs.map((job) => job.id)).not.toContain(second.job);
  });

  test('that are stopped early are finished, with what was learned', async () => {
    const slow = { ...settings, epochs: 10_000, weightDecay: 0.1 };
    const { job } = await work.call('train.start', { project: id, settings: slow });
    await until(() => work.events.some((event) => event.jobId === job && event.type === 'epoch'));
    await work.call('jobs.pause', { job });
    await until(() => work.jobs.get(job).state === 'paused');
    const seen = work.events.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(work.events).toHaveLength(seen);
    await work.call('jobs.stop', { job });
    const { state, run: stopped } = await work.jobs.ended(job);
    expect(state).toBe('done');
    const detail = await work.call('runs.get', { project: id, run: stopped ?? '' });
    expect(detail.result?.stoppedEarly).toBe(true);
    expect(detail.curves.length).toBeLessThan(10_000);
    expect(detail.advice.map(({ code }) => code)).toContain('stopped-early');
    await work.call('runs.remove', { project: id, run: stopped ?? '' });
  });
});

describe('answers for other photos', () => {
  const others = join(scratch, 'others');
  let job: string;
  beforeAll(async () => {
    mkdirSync(join(others, 'deep'), { recursive: true });
    for (let n = 0; n < 6; n += 1)
      writeFileSync(join(others, `a ${n}.jpg`), await tintedPhoto('red', 9000 + n));
    writeFileSync(join(others, 'deep', 'a 0.jpg'), await tintedPhoto('blue', 9100));
    writeFileSync(join(others, 'broken.jpg'), 'no photo');
    const place = work.places.grant(others);
    ({ job } = await work.call('predict.start', { project: id, run, source: { place } }));
    await work.jobs.ended(job);
  });

  test('come in pages, with what could not be read', async () => {
    const all = await work.call('predict.answers', { job, offset: 0 });
    expect(work.jobs.get(job)).toMatchObject({ state: 'done', title: 'Answers for others' });
    expect(all).toMatchObject({ job, total: 7, classes: ['blue', 'green', 'red'] });
    expect(all.answers.map(({ path }) => path)).toEqual([
      ...Array.from({ length: 6 }, (_, n) => `a ${n}.jpg`),
      'deep/a 0.jpg',
    ]);
    expect(all.failed).toEqual([{ path: 'broken.jpg', reason: expect.stringMatching(/not a photo/) }]);
    const some = await work.call('predict.answers', { job, offset: 5, limit: 1 });
    expect(some.answers).toEqual([all.answers[5]]);
    expect(some.total).toBe(7);
    for (const { probabilities, confidence, label } of all.answers) {
      expect(probabilities.reduce((sum, share) => sum + share)).toBeCloseTo(1, 4);
      expect(probabilities[all.classes.indexOf(label)]).toBe(confidence);
    }
    expect((await work.call('predict.answers', { job, offset: 100 })).answers).toEqual([]);
  });

  test('have pictures, and none where there is no answer', async () => {
    expect(await work.work.answerFile(job, 6)).toEqual({ folder: others, path: 'deep/a 0.jpg' });
    expect(await work.work.answerFile(job, 7)).toBeUndefined();
    expect(await work.work.answerFile('job-nothing', 0)).toBeUndefined();
  });

  test('make a table', async () => {
    const { download, name } = await work.call('predict.table', { job });
    expect(name).toBe('others.csv');
    const { content } = work.downloads.get(download);
    const rows = parse(readFileSync('path' in content ? content.path : '', 'utf8'));
    expect(rows).toHaveLength(8);
    expect(rows[0]).toEqual(['path', 'label', 'confidence', 'unknown', 'blue', 'green', 'red', 'note']);
  });

  test('sort copies into folders, beside what is there', async () => {
    const to = join(scratch, 'sorted');
    mkdirSync(to);
    const sorting = await work.call('predict.sort', { job, into: work.places.grant(to) });
    expect(await work.jobs.ended(sorting.job)).toMatchObject({
      state: 'done',
      kind: 'sort',
      progress: { message: 'Copied all photos', done: 7, total: 7 },
    });
    expect(readdirSync(to, { recursive: true }).filter((name) => String(name).endsWith('.jpg'))).toHaveLength(
      7,
    );
  });

  test('sort into an archive; photos that are gone meanwhile are counted', async () => {
    rmSync(join(others, 'a 3.jpg'));
    const sorting = await work.call('predict.sort', { job });
    const ended = await work.jobs.ended(sorting.job);
    expect(ended.progress?.message).toBe('Copied 6 photos; 1 were no longer there');
    const offered = await work.call('jobs.download', { job: sorting.job });
    expect(offered?.name).toBe('others, sorted.zip');
    const { content } = work.downloads.get(offered?.download ?? '');
    const names = Object.keys(unzipSync(readFileSync('path' in content ? content.path : '')));
    expect(names).toHaveLength(6);
    // Two photos of one name, whatever their answers, are two files.
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(6);
  });

  test('for a single photo, and for uploads', async () => {
    const place = work.places.grant(join(others, 'deep', 'a 0.jpg'));
    const one = await work.call('predict.start', { project: id, run, source: { place } });
    await work.jobs.ended(one.job);
    const { answers } = await work.call('predict.answers', { job: one.job, offset: 0 });
    expect(answers.map(({ path }) => path)).toEqual(['a 0.jpg']);
    const upload = 'u'.repeat(22);
    work.uploads.set(upload, join(others, 'deep'));
    const sent = await work.call('predict.start', { project: id, run, source: { upload } });
    expect((await work.jobs.ended(sent.job)).title).toBe('Answers for your photos');
    expect(
      (await work.call('predict.answers', { job: sent.job, offset: 0 })).answers[0]?.probabilities,
    ).toEqual(answers[0]?.probabilities);
  });

  test('are refused in words for runs without a model, folders that are gone, jobs that are over', async () => {
    const gone = work.places.grant(join(scratch, 'nowhere'));
    const start = (source: { place: string }, of = run): Promise<unknown> =>
      work.call('predict.start', { project: id, run: of, source });
    await expect(start({ place: gone })).rejects.toMatchObject({ code: 'not-found' });
    const strange = '2020-01-01T00-00-00-000Z-00000000';
    await expect(start({ place: work.places.grant(others) }, strange)).rejects.toThrow(/no model/);
    await expect(work.call('predict.answers', { job: 'job-gone-long-ago', offset: 0 })).rejects.toThrow(
      /no longer there/,
    );
  });

  test('a picture of the camera is answered as the same photo would be', async () => {
    const picture = readFileSync(join(others, 'deep', 'a 0.jpg'));
    const answer = await work.work.classifyPicture(id, run, picture);
    const again = await work.work.classifyPicture(id, run, picture);
    const { answers } = await work.call('predict.answers', { job, offset: 6, limit: 1 });
    expect(answer.classes).toEqual(['blue', 'green', 'red']);
    expect(answer).toEqual(again);
    expect(answer.label).toBe(answers[0]?.label);
    answer.probabilities.forEach((share, at) =>
      expect(share).toBeCloseTo(answers[0]?.probabilities[at] ?? Number.NaN, 5),
    );
    await expect(work.work.classifyPicture(id, run, Buffer.from('no picture'))).rejects.toMatchObject({
      code: 'bad-input',
    });
  });
});

describe('exports', () => {
  test('are written, checked on real photos, packed, and come with programs', async () => {
    const formats = (await work.call('export.formats', {})).map((format) => format.id);
    expect(formats).toEqual(['onnx', 'tfjs', 'holotype']);
    const { job } = await work.call('export.start', { project: id, run, formats });
    expect(await work.jobs.ended(job)).toMatchObject({ state: 'done', error: null });
    const results = await work.call('export.result', { job });
    const { result } = await work.call('runs.get', { project: id, run });
    const heldOut = (result?.counts.val ?? 0) + (result?.counts.test ?? 0);
    for (const { format, files, bytes, parity, snippets, download } of results) {
      const folder = join(project.folder, 'models', run, 'exports', format.id);
      expect(bytes).toBe(files.reduce((sum, file) => sum + file.bytes, 0));
      expect(parity?.photos).toBe(format.id === 'tfjs' ? 8 : heldOut);
      expect(parity?.difference).toBeLessThan(1e-4);
      expect(snippets.length).toBeGreaterThan(1);
      const { content, name } = work.downloads.get(download);
      expect(name).toBe(`Leaves & more-${format.id}.zip`);
      const packed = unzipSync(readFileSync('path' in content ? content.path : ''));
      expect(Object.keys(packed).toSorted()).toEqual(
        files.map(({ path }) => `Leaves & more-${format.id}/${path}`).toSorted(),
      );
      for (const { path } of files)
        expect(Buffer.from(packed[`Leaves & more-${format.id}/${path}`] ?? [])).toEqual(
          readFileSync(join(folder, path)),
        );
    }
    expect(await work.call('jobs.download', { job })).toBeNull();
  });

  test('go where a person wants them; one alone is the job’s download', async () => {
    const into = join(scratch, 'exports');
    mkdirSync(into);
    const place = work.places.grant(into);
    const { job } = await work.call('export.start', { project: id, run, formats: ['onnx'], into: place });
    await work.jobs.ended(job);
    expect(readdirSync(join(into, 'Leaves & more-onnx')).toSorted()).toEqual([
      'holotype.json',
      'labels.txt',
      'model.onnx',
    ]);
    expect((await work.call('jobs.download', { job }))?.name).toBe('Leaves & more-onnx.zip');
  });

  test('fall back to what was checked in training where the photos are gone', async () => {
    const aside = join(scratch, 'aside');
    renameSync(photos, aside);
    const { job } = await work.call('export.start', { project: id, run, formats: ['onnx'] });
    await work.jobs.ended(job);
    renameSync(aside, photos);
    const [result] = await work.call('export.result', { job });
    const { result: trained } = await work.call('runs.get', { project: id, run });
    expect(result?.parity).toMatchObject({
      difference: trained?.parity.onnx,
      photos: trained?.parity.photos,
    });
  });

  test('of formats there aren’t, and results before the end, are refused', async () => {
    const start = work.call('export.start', { project: id, run, formats: ['coreml'] });
    await expect(start).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(work.call('export.result', { job: 'job-gone-long-ago' })).rejects.toThrow(/no longer/);
  });
});

async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 5));
}
