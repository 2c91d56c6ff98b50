import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { listRuns, openRun, type RunEvent } from '../../../src/store/runs.ts';
import type { Served } from './harness.ts';

const run = promisify(execFile);

interface ProcessLine {
  readonly id: number;
  readonly parent: number;
  readonly command: string;
}

async function processes(): Promise<ProcessLine[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args='], { maxBuffer: 2 ** 24 });
  return stdout.split('\n').flatMap((line) => {
    const [, id, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ id: Number(id), parent: Number(parent), command }];
  });
}

/** Kills processes below one, as the system does when memory runs out. @returns the ids of those killed */
async function killBelow(parent: number | undefined, script: string): Promise<number[]> {
  const found = (await processes()).filter((one) => one.parent === parent && one.command.includes(script));
  if (found.length === 0) throw new Error(`There is no ${script} below process ${parent}.`);
  for (const { id } of found) process.kill(id, 'SIGKILL');
  return found.map(({ id }) => id);
}

/** The process that serves page and contract. */
export async function killEngine(host: Served): Promise<void> {
  await killBelow(host.process.pid, 'web-server.mjs');
}

/** The process that trains, and those that compute for the window beside it: from outside they look the same. */
export async function killWorkers(host: Served): Promise<void> {
  const server = (await processes()).find(
    ({ parent, command }) => parent === host.process.pid && command.includes('web-server.mjs'),
  );
  await killBelow(server?.id, 'job-worker.mjs');
}

/** The way between a browser and `holotype serve`, to be broken: what a network does. */
export interface Line {
  /** The host's address at this end. */
  readonly address: string;
  /** Ends all connections and lets none through. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function lineTo(address: string): Promise<Line> {
  const far = new URL(address);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const on = connect(Number(far.port), far.hostname);
    for (const [one, other] of [
      [near, on],
      [on, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.pipe(on).pipe(near);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      server.listen(port, far.hostname, resolve);
    });
  await listen(0);
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  far.port = String(port);
  const here = far.href;
  far.port = new URL(address).port;
  return {
    address: here,
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const one of open) one.destroy();
      }),
    mend: () => listen(port),
  };
}

/** What the newest run of the one project has logged so far, oldest first. */
export async function logged(host: Served): Promise<readonly RunEvent[]> {
  const projects = join(host.home, 'data', 'projects');
  const [project = ''] = await readdir(projects);
  const newest = (await listRuns(join(projects, project))).at(-1);
  if (newest === undefined) return [];
  const run = await openRun(join(projects, project, 'runs', newest), { readOnly: true });
  return (await run.readEvents()).events;
}

/** Waits until the training has something that it can go on from. */
export async function firstCheckpoint(host: Served): Promise<void> {
  const known = (await logged(host)).filter(({ type }) => type === 'checkpoint').length;
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) {
    const events = await logged(host);
    if (events.filter(({ type }) => type === 'checkpoint').length > known) return;
    if (['done', 'failed', 'cancelled'].includes(String(events.at(-1)?.type)))
      throw new Error(`The training ended before it had a checkpoint: ${JSON.stringify(events.at(-1))}`);
  }
  throw new Error('The training had no checkpoint within a minute.');
}
