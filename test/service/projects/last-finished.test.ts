import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastFinished } from '../../../src/service/projects/last-finished.ts';
import { createRun } from '../../../src/store/runs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holotype-last-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A finished run; without a report it is one that was given up. */
async function run(report?: unknown): Promise<string> {
  const made = await createRun(folder, { kind: 'train' });
  if (report !== undefined) await made.writeReport(report);
  await made.close();
  return made.id;
}

it('says what the newest run with a report taught', async () => {
  expect(await lastFinished(folder)).toBeUndefined();
  const older = await run({ metrics: { val: { accuracy: 0.75 } } });
  await run();
  expect(await lastFinished(folder)).toEqual({
    run: older,
    result: { task: 'single-label', accuracy: 0.75, mae: null },
  });
  const newer = await run({
    task: 'regression',
    metrics: { val: { accuracy: null, regression: { mae: 2.5, newer: true } } },
  });
  expect(await lastFinished(folder)).toEqual({
    run: newer,
    result: { task: 'regression', accuracy: null, mae: 2.5 },
  });
});

it('knows of a run whose figures it does not understand', async () => {
  const odd = await run({ accuracy: 1 });
  expect(await lastFinished(folder)).toEqual({ run: odd, result: undefined });
  writeFileSync(join(folder, 'runs', odd, 'report.json'), '{"torn');
  expect(await lastFinished(folder)).toEqual({ run: odd, result: undefined });
});
