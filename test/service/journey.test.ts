/** From the demo photos to an exported model over the contract, with the real service and real processes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, type Client } from '../../src/contract/client.ts';
import type { JobEvent } from '../../src/contract/job-events.ts';
import type { JobSummary } from '../../src/contract/jobs.ts';
import type { ProjectState } from '../../src/contract/projects.ts';
import { serve } from '../../src/contract/server.ts';
import { directTransport } from '../../src/contract/transport.ts';
import { createLocalService } from '../../src/service/app/local.ts';
import type { HostedService } from '../../src/service/app/service.ts';
import { scratchFolder } from '../store/scratch.ts';
import { remove, useFolders } from './runs/work-testing.ts';
import { writeBackbone } from './train/training-fixtures.ts';

const scratch = scratchFolder();
const events: JobEvent[] = [];
const jobs = new Map<string, JobSummary>();
let service: HostedService;
let window: Client;

function connect(): Client {
  const [mine, theirs] = directTransport();
  serve(theirs, service);
  return createClient(mine);
}
const until = async (wanted: () => boolean): Promise<void> => {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 10));
};
const ended = async (id: string): Promise<JobSummary> => {
  const over = ['done', 'failed', 'cancelled'];
  await until(() => over.includes(jobs.get(id)?.state ?? ''));
  return jobs.get(id) as JobSummary;
};

beforeAll(() => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  service = createLocalService({ version: '1.0.0', host: 'web' });
  window = connect();
  window.subscribe('job.event', ({ event }) => events.push(event));
  window.subscribe('job.changed', ({ job }) => jobs.set(job.id, job));
});
afterAll(async () => {
  window.close();
  await service.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

test('open, plan, train, judge, use, export: over the contract, in processes of their own', async () => {
  const opened = await window.call('projects.openDemo', {});
  const project = opened.id;
  let state: ProjectState = opened;
  window.subscribe('project.changed', (changed) => {
    state = changed.state;
  });
  if (opened.scan !== null) await ended(opened.scan);
  state = await window.call('projects.get', { project });
  expect(state.counts.labeled).toBeGreaterThan(100);

  const settings = { quality: 'quick', epochs: 5, seed: 1 } as const;
  const plan = await window.call('train.plan', { project, settings });
  expect(plan.obstacles).toEqual([]);
  expect(plan.counts.train + plan.counts.val).toBe(state.counts.labeled);
  expect(plan.backbone.id).toBe('tiny');
  expect(plan.seconds?.high).toBeGreaterThan(0);

  const { job } = await window.call('train.start', { project, settings });
  const trained = await ended(job);
  expect(trained).toMatchObject({ state: 'done', error: null, project });
  const run = trained.run ?? '';
  const told = events.filter(({ jobId }) => jobId === job);
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, at) => at + 1));
  // A window that comes later finds the same.
  const late = connect();
  const replay = await late.call('jobs.events', { job, after: 0 });
  const lasting = (some: readonly JobEvent[]): JobEvent[] => some.filter(({ type }) => type !== 'batch');
  expect(lasting(replay.events)).toEqual(lasting(told));
  late.close();

  const { summary, result, curves } = await window.call('runs.get', { project, run });
  expect(summary).toMatchObject({ number: 1, state: 'finished' });
  expect(curves.length).toBeGreaterThan(0);
  const answers = await window.call('runs.photos', { project, run });
  expect(answers).toHaveLength(result?.counts.val ?? -1);
  await until(() => state.lastRun === run);
  const recent = await window.call('projects.list', {});
  expect(recent.find(({ id }) => id === project)?.lastAccuracy).toBe(summary.accuracy);

  const place = service.places.grant(join(scratch, 'data', 'demo', 'photos'));
  const predicting = await window.call('predict.start', { project, run, source: { place } });
  expect((await ended(predicting.job)).state).toBe('done');
  const page = await window.call('predict.answers', { job: predicting.job, offset: 0, limit: 10 });
  expect(page.total).toBe(state.counts.labeled);
  const picture = await service.media({ method: 'GET', path: `/answer/${predicting.job}/3` });
  expect(picture).toMatchObject({ status: 200, type: 'image/jpeg' });
  const asked = await service.media({
    method: 'POST',
    path: `/camera/${project}/${run}`,
    body: (async function* () {
      yield new Uint8Array(
        readFileSync(join(scratch, 'data', 'demo', 'photos', page.answers[0]?.path ?? '')),
      );
    })(),
  });
  expect(asked.status).toBe(200);
  expect(JSON.parse(Buffer.from(asked.body as Uint8Array).toString('utf8'))).toMatchObject({
    label: page.answers[0]?.label,
  });

  const exporting = await window.call('export.start', { project, run, formats: ['onnx'] });
  expect(await ended(exporting.job)).toMatchObject({ state: 'done', error: null });
  const [exported] = await window.call('export.result', { job: exporting.job });
  expect(exported?.parity?.difference).toBeLessThan(1e-4);
  const zip = await service.media({ method: 'GET', path: `/download/${exported?.download ?? ''}` });
  expect(zip).toMatchObject({ status: 200, type: 'application/zip' });

  const details = await window.call('models.details', { id: 'tiny' });
  expect(details.blocks.length).toBeGreaterThan(3);
  await service.close();
  expect(existsSync(join(scratch, 'cache', 'scratch'))).toBe(true);
});
