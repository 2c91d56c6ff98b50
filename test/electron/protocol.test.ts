import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

let handler: ((request: Request) => Promise<Response>) | undefined;
const declared: unknown[] = [];
vi.mock('electron', () => ({
  protocol: {
    registerSchemesAsPrivileged: (schemes: unknown) => declared.push(schemes),
    handle: (_scheme: string, own: typeof handler) => (handler = own),
  },
  // As Chromium's does: a missing file is a network error.
  net: { fetch: async (url: string) => new Response(new Uint8Array(await readFile(fileURLToPath(url)))) },
  shell: {},
}));
const { declareSchemes, fileFor, homeUrl, serveRenderer } = await import('../../electron/main/protocol.ts');

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holotype-protocol-'));
  root = join(folder, 'renderer');
  await mkdir(join(root, 'assets'), { recursive: true });
  await mkdir(join(folder, 'renderer-secret'));
  await writeFile(join(root, 'index.html'), '<!doctype html><head></head>page');
  await writeFile(join(root, 'assets', 'index.js'), 'code');
  await writeFile(join(root, 'notes.txt'), 'not part of the window');
  await writeFile(join(folder, 'secret.html'), 'secret');
  await writeFile(join(folder, 'renderer-secret', 'x.html'), 'secret');
  serveRenderer(root, () => undefined);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fetchApp = async (url: string, init?: RequestInit): Promise<Response> => {
  if (handler === undefined) throw new Error('no handler');
  return handler(new Request(url, init));
};

describe('the app protocol', () => {
  it('is declared as a standard, secure scheme, and so is the one of pictures', () => {
    declareSchemes();
    const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true };
    expect(declared).toEqual([
      [
        { scheme: 'app', privileges },
        { scheme: 'media', privileges: { ...privileges, corsEnabled: true } },
      ],
    ]);
  });

  it('gives each loading of the page a nonce of its own, for styles alone', async () => {
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const page = await fetchApp(homeUrl);
        const [, nonce] = /<meta name="csp-nonce" content="([^"]+)"/.exec(await page.text()) ?? [];
        const policy = page.headers.get('content-security-policy') ?? '';
        expect(policy).toContain(`style-src 'self' 'nonce-${nonce}';`);
        expect(policy).toContain("script-src 'self';");
        expect(page.headers.get('cache-control')).toBe('no-store');
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(2);
  });

  it('passes what the page sends on to the engine, and serves no files there', async () => {
    const sent = await fetchApp('app://holotype/media/upload/x/a.jpg', { method: 'PUT', body: 'x' });
    // There is no engine in this test.
    expect(sent.status).toBe(503);
    expect((await fetchApp('app://holotype/media/index.html')).status).toBe(404);
  });

  it('serves the page and its parts with their types and the strict policy', async () => {
    const page = await fetchApp(homeUrl);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('page');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const code = await fetchApp('app://holotype/assets/index.js?v=1#top');
    expect(code.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await code.text()).toBe('code');
  });

  it.each([
    ['outside, encoded', 'app://holotype/..%2fsecret.html'],
    ['outside, double dots', 'app://holotype/assets/../../secret.html'],
    ['outside, encoded dots', 'app://holotype/%2e%2e/secret.html'],
    ['outside, backslashes', 'app://holotype/..%5csecret.html'],
    ['a sibling whose name begins the same', 'app://holotype/..%2frenderer-secret/x.html'],
    ['an absolute path', 'app://holotype//etc/passwd.html'],
    ['a drive letter', 'app://holotype/C:%5cindex.html'],
    ['a null byte', 'app://holotype/index.html%00.png'],
    ['a broken escape', 'app://holotype/%E0%A4%A'],
    ['another host', 'app://evil/index.html'],
    ['another kind of file', 'app://holotype/notes.txt'],
    ['a folder', 'app://holotype/assets'],
    ['the root', 'app://holotype/'],
    ['a file that is not there', 'app://holotype/nothing.html'],
  ])('refuses %s', async (_what, url) => {
    const answer = await fetchApp(url);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('secret');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('refuses to be written to', async () => {
    expect((await fetchApp(homeUrl, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('never names a file outside its root', () => {
    for (const path of ['..', '.', '%2e%2e%2f%2e%2e', '....//x.html', '..;/x.html', '~/x.html']) {
      const file = fileFor(`app://holotype/${path}`, root) ?? join(root, 'refused');
      expect(file.startsWith(root + sep)).toBe(true);
    }
    expect(fileFor('https://holotype/index.html', root)).toBeUndefined();
    expect(fileFor('rubbish', root)).toBeUndefined();
  });
});
