import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { download } from '../../src/store/download.ts';
import type { DownloadOptions } from '../../src/store/download.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { proxySettings } from '../../src/store/proxy.ts';
import { serveFiles } from './file-server.ts';
import type { FileServer, Served } from './file-server.ts';
import { scratchFolder } from './scratch.ts';

const body = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24);
const other = body.map((byte) => byte ^ 0xff);
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const sha256 = hashOf(body);

let folder: string;
let target: string;
let server: FileServer;

beforeEach(async () => {
  folder = scratchFolder();
  target = join(folder, 'model.onnx');
  server = await serveFiles();
  quick = { retryDelay: 1, retries: 0, onProgress: server.reached };
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function serve(served: Partial<Served> = {}): string {
  server.files.set('/model', { body, etag: '"one"', ...served });
  return `${server.url}/model`;
}

/** Gives up at once; lets the server cut connections. */
let quick: DownloadOptions;
const failure = (promise: Promise<unknown>): Promise<HolotypeError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => {
      if (error instanceof HolotypeError) return error;
      throw error;
    },
  );
const parts = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));

describe('download', () => {
  it('brings the file, its hash and its progress, and leaves nothing else', async () => {
    const progress: [number, number | undefined][] = [];
    const result = await download(serve(), target, {
      sha256,
      size: body.length,
      onProgress: (received, total) => progress.push([received, total]),
    });
    expect(result).toEqual({ sha256, size: body.length });
    expect(readFileSync(target).equals(body)).toBe(true);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
    expect(progress[0]).toEqual([0, body.length]);
    expect(progress.at(-1)).toEqual([body.length, body.length]);
  });

  it('tells the hash of a file nobody published one for, of unknown length', async () => {
    expect(await download(serve({ unknownLength: true }), target)).toEqual({ sha256, size: body.length });
  });

  it('takes up a cut connection where it broke, as often as it gets on', async () => {
    const url = serve({ cuts: [100_000, 70_000, 50_000] });
    await download(url, target, { sha256, retryDelay: 1, retries: 1, onProgress: server.reached });
    expect(readFileSync(target).equals(body)).toBe(true);
    expect(server.requests).toEqual([
      'GET /model',
      'GET /model bytes=100000-',
      'GET /model bytes=170000-',
      'GET /model bytes=220000-',
    ]);
  });

  it('goes on in the next call where the last one gave up', async () => {
    const url = serve({ cuts: [120_000] });
    const error = await failure(download(url, target, { sha256, ...quick }));
    expect(error.code).toBe('network');
    expect(error.remedy).toContain('holotype models import');
    expect(existsSync(target)).toBe(false);
    expect(parts()).toHaveLength(1);
    await download(url, target, { sha256, ...quick });
    expect(server.requests[1]).toBe('GET /model bytes=120000-');
    expect(hashOf(readFileSync(target))).toBe(sha256);
    expect(parts()).toEqual([]);
  });

  it('goes on after a killed process, from any length of its part', async () => {
    const url = serve({ cuts: [120_000] });
    await failure(download(url, target, { sha256, ...quick }));
    const [name = ''] = parts();
    for (const length of [1, 1000, body.length - 1, body.length]) {
      rmSync(target, { force: true });
      for (const left of parts()) rmSync(join(folder, left));
      writeFileSync(join(folder, name), body.subarray(0, length));
      server.requests.length = 0;
      await download(url, target, { sha256, size: body.length, ...quick });
      expect(hashOf(readFileSync(target))).toBe(sha256);
      // A part that is whole already needs no request at all.
      expect(server.requests).toEqual(length === body.length ? [] : [`GET /model bytes=${length}-`]);
    }
  });

  it('begins again when the server ignores Range', async () => {
    const url = serve({ cuts: [120_000], ignoresRange: true });
    await failure(download(url, target, { sha256, ...quick }));
    await download(url, target, { sha256, ...quick });
    expect(hashOf(readFileSync(target))).toBe(sha256);
    expect(parts()).toEqual([]);
  });

  it('begins again when the file there is another one by now', async () => {
    const url = serve({ cuts: [120_000] });
    await failure(download(url, target, quick));
    serve({ body: other, etag: '"two"' });
    await download(url, target, quick);
    expect(hashOf(readFileSync(target))).toBe(hashOf(other));
  });

  it('never joins pieces when nothing would tell that the file was exchanged', async () => {
    const url = serve({ cuts: [120_000], etag: 'W/"weak"' });
    await failure(download(url, target, quick));
    expect(parts()).toEqual([]);
    serve({ body: other, etag: 'W/"weak"' });
    await download(url, target, quick);
    expect(hashOf(readFileSync(target))).toBe(hashOf(other));
  });

  it('refuses a file with another hash, says so, and keeps nothing of it', async () => {
    const error = await failure(download(serve({ body: other }), target, { sha256, ...quick }));
    expect(error.code).toBe('checksum');
    expect(error.message).toContain(sha256);
    expect(error.message).toContain(hashOf(other));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a file of another size before fetching it, and a login page by name', async () => {
    const page = new TextEncoder().encode('<html>Please log in</html>');
    const error = await failure(
      download(serve({ body: page, type: 'text/html' }), target, { sha256, size: body.length, ...quick }),
    );
    expect(error.code).toBe('checksum');
    expect(error.message).toContain('26 bytes');
    expect(error.message).toContain('login page');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops a file that does not end where it should', async () => {
    const url = serve({ body: new Uint8Array(500_000), unknownLength: true });
    const error = await failure(download(url, target, { sha256, size: body.length, ...quick }));
    expect(error.code).toBe('checksum');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps the old file when the new one is refused', async () => {
    writeFileSync(target, 'old');
    await failure(download(serve({ body: other }), target, { sha256, ...quick }));
    expect(readFileSync(target, 'utf8')).toBe('old');
  });

  it('explains 404', async () => {
    const error = await failure(download(`${server.url}/nowhere`, target, quick));
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toContain('404');
    expect(server.requests).toHaveLength(1);
  });

  it('tries again when the server is busy, and gives up in the end', async () => {
    await download(serve({ failures: [503, 429] }), target, { sha256, retryDelay: 1, retries: 2 });
    const error = await failure(
      download(serve({ failures: [500, 500, 500] }), join(folder, 'b'), { retryDelay: 1, retries: 1 }),
    );
    expect(error.code).toBe('network');
    expect(error.message).toContain('500');
  });

  it('says what to do when nobody answers', async () => {
    const closed = await serveFiles();
    await closed.close();
    const error = await failure(download(`${closed.url}/model`, target, { sha256 }));
    expect(error.code).toBe('network');
    expect(error.message).toContain('refuses connections');
    expect(error.remedy).toContain('holotype models import');
  });

  it('gives up on a connection that fell silent', async () => {
    const url = serve({ stalls: true });
    const error = await failure(download(url, target, { sha256, stallTime: 50, ...quick }));
    expect(error.code).toBe('network');
    expect(error.message).toContain('nothing came');
    expect(parts()).toHaveLength(1);
  });

  it('stops when it is cancelled, and goes on another time', async () => {
    const controller = new AbortController();
    const error = await failure(
      download(serve({ stalls: true }), target, {
        sha256,
        signal: controller.signal,
        onProgress: (received) => received > 0 && controller.abort(),
      }),
    );
    expect(error.code).toBe('cancelled');
    expect(existsSync(target)).toBe(false);
    await download(serve(), target, { sha256 });
    expect(server.requests.at(-1)).toMatch(/bytes=\d+-/);
    expect(hashOf(readFileSync(target))).toBe(sha256);
  });

  it('tells a full disk from a broken connection', async () => {
    vi.spyOn(fileSystem, 'open').mockImplementation(async (path, flags, mode) => {
      const handle = await open(path, flags, mode);
      vi.spyOn(handle, 'write').mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      return handle;
    });
    const error = await failure(download(serve(), target, { sha256 }));
    expect(error.code).toBe('storage');
    expect(error.message).toContain('disk is full');
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves two downloads of one file apart', async () => {
    const url = serve({ cuts: [50_000, 60_000] });
    const options = { sha256, retryDelay: 1, onProgress: server.reached };
    await Promise.all([download(url, target, options), download(url, target, options)]);
    expect(hashOf(readFileSync(target))).toBe(sha256);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });
});

describe('proxies', () => {
  it('are read from the environment in either case, and from npm', () => {
    expect(proxySettings({ HTTPS_PROXY: 'http://a:1', no_proxy: 'localhost' })).toEqual({
      httpsProxy: 'http://a:1',
      httpProxy: undefined,
      noProxy: 'localhost',
    });
    expect(proxySettings({ npm_config_proxy: 'http://b:2', npm_config_https_proxy: 'null' })).toMatchObject({
      httpsProxy: 'http://b:2',
      httpProxy: 'http://b:2',
    });
    expect(proxySettings({})).toEqual({ httpsProxy: undefined, httpProxy: undefined, noProxy: undefined });
  });

  it('are gone through', async () => {
    const tunnels: string[] = [];
    const proxy = createServer((request, response) => {
      // Plain forwarding, for clients that don't open a tunnel.
      tunnels.push(request.url ?? '');
      response.writeHead(501).end();
    });
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${port}`);
    vi.stubEnv('NO_PROXY', '');
    try {
      await download(serve(), target, { sha256, ...quick });
    } finally {
      vi.unstubAllEnvs();
      proxy.closeAllConnections();
      proxy.close();
    }
    expect(hashOf(readFileSync(target))).toBe(sha256);
    expect(tunnels).toEqual([new URL(server.url).host]);
  });
});
