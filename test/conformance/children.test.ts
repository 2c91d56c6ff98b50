import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inParallel, runJob } from './children.ts';

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A worker with five tests, a to e, in which `body` may do something to `name` before it passes. */
function workerThat(name: string, body: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `process.once('message', async ({ done }) => {
      const say = (message) => new Promise((sent) => process.send(message, sent));
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        if (done.includes(name)) continue;
        const test = { key: name, file: 'f', name };
        await say({ type: 'started', test });
        ${body}
        await say({ type: 'done', result: { ...test, status: 'passed', ms: 1, messages: [] } });
      }
      await say({ type: 'finished', fallbacks: { Sort: 2 } });
      process.exit(0);
    });`,
  );
  return path;
}

const job = { backend: 'x', files: ['f'], filter: '', runSkipped: false, done: [] };
const limits = () => ({ deadline: Date.now() + 60_000, silence: 3_000 });
const outcome = (results: { name: string; status: string }[]): string[] =>
  results.map(({ name, status }) => `${name} ${status}`);

describe('a job in a child process', () => {
  it('reports what the child reports', async () => {
    const { results, fallbacks } = await runJob(workerThat('good', ''), job, limits());
    expect(outcome(results)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `${name} passed`));
    expect(fallbacks).toEqual({ Sort: 2 });
  });

  it('fails the test at which the child crashes and goes on after it', async () => {
    const worker = workerThat('crash', `if (name === 'b' || name === 'd') process.abort();`);
    const { results } = await runJob(worker, job, limits());
    expect(outcome(results)).toEqual(['a passed', 'b failed', 'c passed', 'd failed', 'e passed']);
    expect(results[1]?.messages.join('\n')).toContain('SIGABRT');
  });

  it('ends a child that hangs and goes on after the test it hung at', async () => {
    const worker = workerThat('hang', `while (name === 'c');`);
    const { results } = await runJob(worker, job, limits());
    expect(outcome(results)).toEqual(['a passed', 'b passed', 'c failed', 'd passed', 'e passed']);
    expect(results[2]?.messages).toEqual(['hung: silent for 3 s']);
  });

  it('gives up on a child that dies outside any test, and says so', async () => {
    const path = join(folder, 'dead.mjs');
    writeFileSync(path, `throw new Error('no such library');`);
    const { results } = await runJob(path, job, limits());
    expect(outcome(results)).toEqual(['the rest of these modules was not run failed']);
    expect(results[0]?.messages.join('\n')).toContain('no such library');
  });

  it('ends when the time for the whole run is over', async () => {
    const worker = workerThat('slow', `while (name === 'b');`);
    const past = { deadline: Date.now() + 1_000, silence: 60_000 };
    const names = outcome((await runJob(worker, job, past)).results);
    expect(names).toContain('the rest of these modules was not run failed');
    expect(names).not.toContain('c passed');
  });
});

it('runs jobs side by side, never more than asked, answers in order', async () => {
  let running = 0;
  let most = 0;
  const answers = await inParallel([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, n));
    running--;
    return n * 10;
  });
  expect(answers).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});
