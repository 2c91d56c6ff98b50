import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { superviseServer, type Supervised } from '../../../src/hosts/web/supervise.ts';

const script = fileURLToPath(new URL('children/server.mjs', import.meta.url));
const running: Supervised[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});
const news: string[] = [];
async function serve(plan: string, ports: readonly number[] = [1234]): Promise<Supervised> {
  news.length = 0;
  const server = await superviseServer(
    { host: '127.0.0.1', ports, roots: [plan] },
    (message) => news.push(message),
    script,
  );
  running.push(server);
  return server;
}

describe('the process that serves', () => {
  it('says where, and ends when it is told to', async () => {
    const server = await serve('serve');
    expect(server).toMatchObject({ port: 1234, address: 'http://x/', keys: { token: 't' } });
    await server.stop();
    await server.ended;
    await server.stop();
    expect(news).toEqual([]);
  });

  it('is started again when it crashes, under the same port and with the same keys', async () => {
    const server = await serve('crash-once', [0]);
    await vi.waitFor(() => expect(news).toHaveLength(1));
    expect(news[0]).toMatch(/stopped unexpectedly \(SIGKILL\).*started again.*safe/);
    // It ends only when told: the second one runs.
    await server.stop();
    await server.ended;
  });

  it('is given up when it keeps crashing', async () => {
    const server = await serve('crash-always');
    await expect(server.ended).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/exit code 7.*3 times within a minute/),
      remedy: expect.stringContaining('safe'),
    });
    expect(news).toHaveLength(2);
  });

  it.each([
    ['busy', { code: 'busy', message: 'Port 1 is in use.', remedy: 'Wait.' }],
    ['crash-at-start', { code: 'failed', message: expect.stringContaining('exit code 3') }],
  ])('that cannot be started says why: %s', async (plan, error) => {
    await expect(serve(plan)).rejects.toMatchObject(error);
  });

  it('that is missing from the build says so', async () => {
    const start = superviseServer(
      { host: '127.0.0.1', ports: [0], roots: [] },
      () => undefined,
      '/no/such/script.mjs',
    );
    await expect(start).rejects.toMatchObject({ code: 'failed' });
  });
});
