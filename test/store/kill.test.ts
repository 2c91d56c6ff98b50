import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanTemporaryFiles } from '../../src/store/atomic.ts';
import { openFeatureCache } from '../../src/store/feature-cache.ts';
import { createProject, openProject } from '../../src/store/project.ts';
import { listRuns, openRun } from '../../src/store/runs.ts';
import { scratchFolder } from './scratch.ts';

let scratch: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  scratch = scratchFolder();
  const entryPoints = ['write-until-killed', 'take-lock'].map((name) =>
    fileURLToPath(new URL(`children/${name}.ts`, import.meta.url)),
  );
  await build({
    entryPoints,
    outdir: scratch,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

function start(script: string, ...arguments_: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [join(scratch, script), ...arguments_]);
  child.stderr.pipe(process.stderr);
  children.push(child);
  return child;
}

/** Lets the writer go on for four rounds and a little into the next; returns the last one it has promised. */
async function writeAndKill(folder: string, before: number): Promise<number> {
  const child = start('write-until-killed.mjs', folder, String(before));
  let promised = before;
  for await (const line of createInterface({ input: child.stdout })) {
    promised = Number(line);
    if (promised !== before + 4) continue;
    await sleep(Math.random() * 10);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  return promised;
}

describe('a process killed while writing', () => {
  it('leaves all that it promised, and the next one goes on', async () => {
    const folder = join(scratch, 'project');
    await (await createProject(folder, { name: 'x' })).close();
    let promised = 0;
    for (let round = 0; round < 4; round += 1) {
      const before = promised;
      promised = await writeAndKill(folder, before);
      expect(promised).toBeGreaterThan(before);

      const [id = ''] = await listRuns(folder);
      const run = await openRun(join(folder, 'runs', id));
      const { events, badLines } = await run.readEvents();
      expect(badLines).toEqual([]);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.length).toBeGreaterThanOrEqual(promised);
      const { checkpoint, problems } = await run.loadCheckpoint();
      expect(problems).toEqual([]);
      expect(checkpoint?.step).toBeGreaterThanOrEqual(promised);
      expect(checkpoint?.state).toEqual({ n: checkpoint?.step });
      expect(checkpoint?.tensors.get('w')?.data[49_999]).toBe(checkpoint?.step);
      await run.close();

      const cache = openFeatureCache(join(folder, 'features'), {
        graphHash: 'g',
        policyHash: 'p',
        view: 'plain',
        dimension: 1000,
      });
      const project = await openProject(folder);
      expect(project.problems.filter(({ reason }) => !reason.includes('cut off'))).toEqual([]);
      for (let n = 1; n <= promised; n += 1) {
        const key = createHash('sha256').update(String(n)).digest('hex');
        expect([n, cache.get(key)?.[999]]).toEqual([n, n]);
        expect([n, project.assets.get(key)?.path]).toEqual([n, `${n}.jpg`]);
      }
      await cache.close();
      await project.close();

      const counter = readFileSync(join(folder, 'counter.txt'), 'utf8');
      expect(counter).toHaveLength(20_000);
      expect(Number.parseInt(counter, 10)).toBeGreaterThanOrEqual(promised);
      await cleanTemporaryFiles(folder);
      expect(readdirSync(folder).sort()).toEqual(
        ['counter.txt', 'dataset.jsonl', 'features', 'holotype.json', 'labels.journal.jsonl', 'runs'].filter(
          (name) => name !== 'dataset.jsonl' || promised >= 3,
        ),
      );
      expect(readdirSync(join(folder, 'runs', id, 'checkpoints')).every((name) => /^\d+$/.test(name))).toBe(
        true,
      );
    }
  });
});

describe('a lock left behind by a dead process', () => {
  it('is taken over by exactly one of many', async () => {
    const path = join(scratch, 'lock');
    writeFileSync(path, JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, started: '' }));
    const contenders = Array.from({ length: 5 }, () => start('take-lock.mjs', path));
    const answers = await Promise.all(
      contenders.map(async ({ stdout }) => {
        const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
        return (await lines.next()).value;
      }),
    );
    expect(answers.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'busy',
      'busy',
      'busy',
      'busy',
      'won',
    ]);
    for (const child of contenders) child.stdin.end();
  });
});
