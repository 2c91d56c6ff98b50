/** Runs the command line as people do: a process of `node bin/holotype.mjs`. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../../bin/holotype.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What was written to stderr so far. */
  readonly stderr: () => string;
  readonly done: Promise<Finished>;
}

/** An environment in which nothing outside `scratch` is touched. */
export function environment(scratch: string): NodeJS.ProcessEnv {
  const env = { ...process.env };
  delete env['HOLOTYPE_MODELS'];
  return {
    ...env,
    HOLOTYPE_CACHE: join(scratch, 'cache'),
    HOLOTYPE_DATA: join(scratch, 'data'),
    NO_COLOR: '1',
  };
}

/** Starts `holotype ...`. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv, cwd = process.cwd()): Running {
  const child = spawn(process.execPath, [bin, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, stderr: () => stderr, done };
}

/** Runs `holotype ...` to its end. */
export function run(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<Finished> {
  return start(args, env, cwd).done;
}

/** The last run's folder of a model's folder, or undefined before there is one. */
export function lastRun(out: string): string | undefined {
  const runs = join(out, 'runs');
  if (!existsSync(runs)) return undefined;
  const id = readdirSync(runs)
    .filter((name) => existsSync(join(runs, name, 'config.json')))
    .toSorted()
    .at(-1);
  return id === undefined ? undefined : join(runs, id);
}

/** The events in the log of a model's last run. */
export function logOf(out: string): { type: string; stage?: string; message?: string }[] {
  const path = join(lastRun(out) ?? '', 'log.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { type: string });
}

/** Waits until something is so, looking often. @throws when `running` ends before that */
export async function until(running: Running, condition: () => boolean): Promise<void> {
  let ended: Finished | undefined;
  void running.done.then((finished) => (ended = finished));
  while (!condition()) {
    if (ended !== undefined) throw new Error(`ended too early: ${ended.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
