import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRuns } from '../../../src/service/runs/project-runs.ts';

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'holotype-old-runs-'));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** A run's config.json as the version before schedules wrote it. */
function writeOld(id: string, optimizer: string): void {
  const options = {
    photos: '/photos',
    recipe: 'auto',
    batchSize: 64,
    optimizer,
    hidden: [8],
    flips: 'auto',
    clip: 2,
    valFraction: 0.2,
    testFraction: 0,
    seed: 3,
    device: 'auto',
    resume: false,
  };
  const config = { kind: 'train', options, settings: { quality: 'best', optimizer }, number: 1 };
  const folder = join(project, 'runs', id);
  mkdirSync(folder, { recursive: true });
  const written = { version: 1, id, createdAt: '2026-03-14T09:26:53.589Z', config };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(written));
}

test('runs of the version before schedules are read: what they called sgd is momentum', async () => {
  writeOld('2026-03-14T09-26-53-589Z-1f3c5a7e', 'sgd');
  writeOld('2026-03-15T09-26-53-589Z-1f3c5a7e', 'adam');
  const runs = await readRuns(project);
  expect(runs.map(({ config }) => config?.options.optimizer)).toEqual(['momentum', 'adam']);
  expect(runs.map(({ config }) => config?.settings?.optimizer)).toEqual(['momentum', 'adam']);
  expect(runs[0]?.config?.options).toMatchObject({
    schedule: 'cosine',
    dropout: 0,
    clip: 2,
    hidden: [8],
    seed: 3,
  });
});
