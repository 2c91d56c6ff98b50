/** `holotype serve` as a process: the line it prints, what answers there, and how it ends. */
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../../src/contract/client.ts';
import { socketTransport } from '../../../src/contract/transport.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, run, start, until, type Running } from './cli-testing.ts';

const scratch = scratchFolder();
const env = environment(scratch);
const started: Running[] = [];
afterAll(() => {
  // What a failed test has left running.
  for (const { child } of started) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

/** Starts it. @returns what it has printed once there is a whole line (or document) of it */
async function serving(
  args: readonly string[],
): Promise<{ running: Running; printed: string; stdout: () => string }> {
  const running = start(['serve', ...args], env);
  started.push(running);
  let stdout = '';
  running.child.stdout?.on('data', (text: string) => (stdout += text));
  await until(running, () => (args.includes('--json') ? stdout.endsWith('}\n') : stdout.endsWith('\n')));
  return { running, printed: stdout, stdout: () => stdout };
}

async function end({ child, done }: Running): Promise<{ code: number | null; stderr: string }> {
  child.kill('SIGINT');
  return done;
}

describe('serve', () => {
  test('prints one line with the address, serves page and contract there, and ends with Ctrl-C', async () => {
    const { running, printed, stdout } = await serving(['--port', '0', '--root', scratch]);
    expect(printed).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
    const entered = await fetch(printed.trim(), { redirect: 'manual' });
    expect(entered.status).toBe(303);
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { origin, host } = new URL(printed);
    const page = await fetch(`${origin}/`, { headers: { cookie } });
    expect(page.status).toBe(200);
    const [, script] = /src="\.(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    const code = await fetch(`${origin}${script}`, { headers: { cookie } });
    expect(code.headers.get('content-encoding')).toMatch(/^(br|gzip)$/);

    const client = createClient(
      socketTransport(new WebSocket(`ws://${host}/engine`, { origin, headers: { cookie } })),
    );
    expect(await client.call('app.info', {})).toMatchObject({
      host: 'web',
      dataFolder: env['HOLOTYPE_DATA'],
    });
    expect((await client.call('folders.list', {})).path).toBe(scratch);

    const { code: exit, stderr } = await end(running);
    expect(exit).toBe(0);
    expect(stdout()).toBe(printed);
    expect(stderr).not.toMatch(/Warning|Error/);
    expect(readFileSync(join(scratch, 'data', 'logs', 'holotype.log'), 'utf8')).toContain('(web) starts');
  });

  // Where a process' children can be looked up.
  test.skipIf(process.platform !== 'linux')(
    'comes back under the same address when it crashes; a page that was open goes on with its cookie',
    async () => {
      const { running, printed } = await serving(['--port', '0']);
      const entered = await fetch(printed.trim(), { redirect: 'manual' });
      const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
      const { origin } = new URL(printed);
      const { pid } = running.child;
      // Building has children, too.
      const server = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('web-server.mjs'));
      process.kill(Number(server), 'SIGSEGV');
      await until(running, () => running.stderr().includes('started again'));
      await vi.waitFor(
        async () => expect((await fetch(`${origin}/`, { headers: { cookie } })).status).toBe(200),
        { timeout: 20_000, interval: 100 },
      );
      const { code, stderr } = await end(running);
      expect(code).toBe(0);
      expect(stderr).toMatch(/stopped unexpectedly \(SIGSEGV\)/);
    },
  );

  test('--json prints one document', async () => {
    const { running, printed } = await serving(['--port', '0', '--json']);
    const document = JSON.parse(printed) as { address: string; port: number; token: string };
    expect(document.address).toBe(`http://127.0.0.1:${document.port}/?token=${document.token}`);
    expect((await end(running)).code).toBe(0);
  });

  test('warns when others can reach it', async () => {
    const { running } = await serving(['--port', '0', '--host', '0.0.0.0']);
    const { code, stderr } = await end(running);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: anyone who .* can see .* your photos/);
  });

  test('says what is wrong, with the exit code of its kind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const [busy, noFolder, noPort] = await Promise.all([
      run(['serve', '--port', String(port)], env),
      run(['serve', '--port', '0', '--root', join(scratch, 'gone')], env),
      run(['serve', '--port', '99999'], env),
    ]);
    taken.close();
    expect([busy.code, noFolder.code, noPort.code]).toEqual([1, 3, 2]);
    expect(busy.stderr).toMatch(new RegExp(`Port ${port} is in use.*--port 0`, 's'));
    expect(noFolder.stderr).toContain('gone');
    for (const { stdout } of [busy, noFolder, noPort]) expect(stdout).toBe('');
  });
});
