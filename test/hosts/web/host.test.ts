import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../../src/contract/client.ts';
import { socketCloseCodes, socketTransport } from '../../../src/contract/transport.ts';
import { asAttachment } from '../../../src/hosts/web/media.ts';
import { acceptedEncoding, loadRenderer, rendererFolder } from '../../../src/hosts/web/renderer-files.ts';
import { pickerRoots } from '../../../src/hosts/web/roots.ts';
import { createSockets } from '../../../src/hosts/web/sockets.ts';
import { startWebHost } from '../../../src/hosts/web/host.ts';
import { appInfo } from '../../contract/fake-service.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { fakeService, openHost, renderer, script, type TestHost } from './web-testing.ts';

const hosts: TestHost[] = [];
async function open(...args: Parameters<typeof openHost>): Promise<TestHost> {
  const host = await openHost(...args);
  hosts.push(host);
  return host;
}
const folders: string[] = [];
function scratch(): string {
  const folder = scratchFolder();
  folders.push(folder);
  return folder;
}
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe("the page's files", () => {
  async function built() {
    const folder = scratch();
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<html><head></head></html>');
    writeFileSync(join(folder, 'built'), 'a note');
    writeFileSync(join(folder, 'assets', 'index-o_lvSw3R.js'), script);
    writeFileSync(join(folder, 'assets', 'mark-CiByf8Q4.svg'), '<svg/>');
    writeFileSync(join(folder, 'assets', 'plain.css'), 'a{}'.repeat(1000));
    return loadRenderer(folder);
  }

  it('are those of the kinds a page is made of, the ones named by content for ever', async () => {
    const { page, files } = await built();
    expect(page).toContain('<head>');
    expect(Object.fromEntries([...files].map(([path, { immutable }]) => [path, immutable]))).toEqual({
      '/assets/index-o_lvSw3R.js': true,
      '/assets/mark-CiByf8Q4.svg': true,
      '/assets/plain.css': false,
    });
  });

  it('are compressed as the browser likes it, where that is worth it', async () => {
    const { files } = await built();
    const file = files.get('/assets/index-o_lvSw3R.js');
    const br = (await file?.compressed('br')) ?? new Uint8Array();
    const gzip = (await file?.compressed('gzip')) ?? new Uint8Array();
    expect(brotliDecompressSync(br).toString()).toBe(script);
    expect(gunzipSync(gzip).toString()).toBe(script);
    expect(await file?.compressed('br')).toBe(br);
    expect(files.get('/assets/mark-CiByf8Q4.svg')?.compressed('br')).toBeUndefined();
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.0', undefined],
    ['identity', undefined],
  ])('for %j are sent as %s', (header, expected) => {
    expect(acceptedEncoding(header)).toBe(expected);
  });

  it('that are missing are said to be missing, and how to get them', async () => {
    await expect(loadRenderer(join(scratch(), 'nothing'))).rejects.toMatchObject({
      code: 'failed',
      remedy: expect.stringContaining('npm run build'),
    });
    expect(await rendererFolder('/')).toBe('/out/renderer');
    const folder = scratch();
    mkdirSync(join(folder, 'out', 'renderer'), { recursive: true });
    writeFileSync(join(folder, 'out', 'renderer', 'index.html'), '');
    expect(await rendererFolder(join(folder, 'dist', 'node'))).toBe(join(folder, 'out', 'renderer'));
  });

  it('are kept by the browser; the page never is', async () => {
    const host = await open();
    expect((await host.send('/')).headers['cache-control']).toBe('no-store');
    const { headers, text } = await host.send('/assets/index-AbCd1234.js');
    expect(headers['cache-control']).toBe('private, max-age=31536000, immutable');
    expect(headers['vary']).toBe('accept-encoding');
    expect(text).toBe(script);
  });
});

describe('pictures and files', () => {
  it('are sent with their type, length, life and name', async () => {
    const host = await open({
      media: async ({ path }) =>
        path === '/thumb/x'
          ? { status: 200, type: 'image/jpeg', body: Buffer.from('abc'), length: 3, maxAge: 60 }
          : { status: 200, type: 'text/csv', body: Buffer.from('a,b'), fileName: 'Blätter "1".csv' },
    });
    const thumb = await host.send('/media/thumb/x');
    expect(thumb.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '3',
      'cache-control': 'private, max-age=60, immutable',
    });
    const table = await host.send('/media/download/x');
    expect(table.headers['cache-control']).toBe('no-store');
    expect(table.headers['content-disposition']).toBe(
      `attachment; filename="Bl_tter _1_.csv"; filename*=UTF-8''Bl%C3%A4tter%20%221%22.csv`,
    );
  });

  it('have names that cannot break out of their header', () => {
    expect(asAttachment('a"; x=y\r\nset-cookie: 1.zip')).toMatch(
      /^attachment; filename="a_; x=y__set-cookie: 1.zip"/,
    );
    expect(asAttachment("it's (1)*.zip")).toContain("filename*=UTF-8''it%27s%20%281%29%2a.zip");
  });

  it('are streamed, and broken off when nobody reads on', async () => {
    let given = 0;
    let ended = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given += 1;
          yield new Uint8Array(64 * 1024);
        }
      } finally {
        ended = true;
      }
    };
    const host = await open({ media: async () => ({ status: 200, type: 'x/y', body: endless() }) });
    await new Promise<void>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: host.port,
        path: '/media/download/x',
        headers: { cookie: host.cookie },
      };
      const request = httpRequest(options, (response) => {
        response.once('data', () => {
          request.destroy();
          resolve();
        });
        response.on('error', () => undefined);
      });
      request.on('error', reject);
      request.end();
    });
    await vi.waitFor(() => expect(ended).toBe(true));
    // What one reader has not read is not piled up in memory.
    expect(given).toBeLessThan(200);
  });

  it('that nobody waits for any more are cancelled', async () => {
    const aborted = vi.fn();
    const host = await open({
      media: ({ signal }) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            aborted();
            resolve({ status: 499, type: 'text/plain', body: Buffer.from('') });
          });
        }),
    });
    const request = httpRequest({
      host: '127.0.0.1',
      port: host.port,
      path: '/media/thumb/x',
      headers: { cookie: host.cookie },
    });
    request.on('error', () => undefined);
    request.end();
    await vi.waitFor(() => expect(host.service.asked).toHaveLength(1));
    request.destroy();
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledTimes(1));
  });

  it('that are sent arrive whole; a refusal in the middle ends the connection', async () => {
    let received = 0;
    const host = await open({
      media: async ({ path, body }) => {
        if (path.endsWith('/refused'))
          return { status: 413, type: 'text/plain', body: Buffer.from('too much') };
        for await (const chunk of body ?? []) received += chunk.length;
        return { status: 201, type: 'application/json', body: Buffer.from('{}') };
      },
    });
    const options = { method: 'PUT', headers: { origin: host.origin }, body: new Uint8Array(3_000_000) };
    expect((await host.send('/media/upload/x/a', options)).status).toBe(201);
    expect(received).toBe(3_000_000);
    const refused = await host.send('/media/upload/x/refused', { ...options, body: new Uint8Array(1000) });
    expect(refused.status).toBe(413);
    expect(refused.headers.connection).toBe('close');
  });
});

describe('the contract over the host', () => {
  const connect = (host: TestHost): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${host.port}/engine`, {
      origin: host.origin,
      headers: { cookie: host.cookie },
    });
  const closeCode = (socket: WebSocket): Promise<number> =>
    new Promise((resolve) => {
      socket.on('close', resolve);
      socket.on('error', () => undefined);
    });

  it('carries calls and events to several windows', async () => {
    const host = await open({ handlers: { 'projects.list': async () => [] } });
    const [one, other] = [connect(host), connect(host)].map((socket) =>
      createClient(socketTransport(socket)),
    );
    const heard = new Promise((resolve) => other?.subscribe('projects.changed', resolve));
    expect(await one?.call('projects.list', {})).toEqual([]);
    await other?.call('app.info', {});
    host.service.events.emit('projects.changed', { projects: [] });
    expect(await heard).toEqual({ projects: [] });
    one?.close();
    other?.close();
  });

  it.each([
    ['text that is no JSON', '{"kind":'],
    ['bytes', Buffer.from('{}')],
    ['nothing', ''],
  ])('closes the connection for %s, and goes on for others', async (_what, message) => {
    const host = await open();
    const socket = connect(host);
    socket.on('open', () => socket.send(message));
    expect(await closeCode(socket)).toBe(socketCloseCodes.malformed);
    const client = createClient(socketTransport(connect(host)));
    expect(await client.call('app.info', {})).toEqual(appInfo);
    client.close();
  });

  it('closes the connection for a message that is too long', async () => {
    const host = await open();
    const socket = connect(host);
    socket.on('open', () => socket.send(Buffer.alloc(65 * 2 ** 20, 32), { binary: false }));
    expect(await closeCode(socket)).toBe(1009);
    expect((await host.send('/')).status).toBe(200);
  });

  it('ends the calls of a window that is gone', async () => {
    const aborted = vi.fn();
    const host = await open({
      handlers: {
        'projects.list': (_input, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted();
              reject(new Error('gone'));
            });
          }),
      },
    });
    const socket = connect(host);
    const client = createClient(socketTransport(socket));
    const call = client.call('projects.list', {});
    await client.call('app.info', {});
    socket.terminate();
    await expect(call).rejects.toMatchObject({ code: 'failed' });
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledTimes(1));
  });

  it('gives up on a connection that shows no sign of life', async () => {
    const sockets = createSockets(fakeService(), { heartbeat: 20 });
    const server = createServer().listen(0, '127.0.0.1');
    server.on('upgrade', (request, socket, head) => sockets.accept(request, socket, head));
    await new Promise((resolve) => server.once('listening', resolve));
    const port = (server.address() as { port: number }).port;
    const [alive, dead] = [true, false].map(
      (autoPong) => new WebSocket(`ws://127.0.0.1:${port}`, { autoPong }),
    );
    expect(await closeCode(dead ?? new WebSocket(''))).toBe(1006);
    expect(alive?.readyState).toBe(WebSocket.OPEN);
    sockets.close();
    expect(await closeCode(alive ?? new WebSocket(''))).toBe(1001);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('starting and ending', () => {
  it('says when the port is taken', async () => {
    const host = await open();
    const start = startWebHost({ service: fakeService(), renderer, host: '127.0.0.1', port: host.port });
    await expect(start).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(String(host.port)),
    });
  });

  it('says when the address is not of this machine', async () => {
    const start = startWebHost({ service: fakeService(), renderer, host: '192.0.2.1', port: 0 });
    await expect(start).rejects.toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('192.0.2.1'),
    });
  });

  it('ends connections, then the service, even with windows open', async () => {
    const host = await openHost();
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/engine`, {
      origin: host.origin,
      headers: { cookie: host.cookie },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await host.close();
    expect(await closed).toBe(1001);
    expect(host.service.isClosed()).toBe(true);
    await expect(host.send('/')).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('folders to choose from', () => {
  it('are the home folder and drives, as far as they are there', async () => {
    const roots = await pickerRoots(undefined);
    expect(roots).toContain(homedir());
  });

  it('are those that were given, which have to be there', async () => {
    const folder = scratch();
    expect(await pickerRoots([folder, `${folder}/`])).toEqual([folder]);
    await expect(pickerRoots([join(folder, 'gone')])).rejects.toMatchObject({ code: 'not-found' });
  });
});
