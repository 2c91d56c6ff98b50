import { randomBytes } from 'node:crypto';
import { extname, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { net, protocol } from 'electron';
import { appOrigin, mediaScheme, safetyHeaders, withNonce } from '../../src/contract/page.ts';
import { mediaOfPage, type OpenMedia } from './media.ts';
import { contentSecurityPolicy, policyWithNonce } from './security.ts';

const { protocol: schemeOfPage, host } = new URL(appOrigin);
const scheme = schemeOfPage.slice(0, -1);
/** Where the window's page is. */
export const homeUrl = `${appOrigin}/index.html`;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Must run before the app is ready. */
export function declareSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
    {
      scheme: mediaScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, corsEnabled: true },
    },
  ]);
}

/**
 * The file an address of ours stands for, or undefined when it is not ours, not inside `root`, or not a
 * kind of file the window is made of.
 */
export function fileFor(url: string, root: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== `${scheme}:` || parsed.host !== host) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(parsed.pathname);
  } catch {
    return undefined;
  }
  // A backslash or a drive letter separates folders on Windows only: refused everywhere.
  if (/[\0\\:]/.test(path)) return undefined;
  const file = resolve(root, `.${path}`);
  if (!file.startsWith(resolve(root) + sep) || types[extname(file)] === undefined) return undefined;
  return file;
}

/**
 * Serves the built renderer in `root` under app://holotype/, each answer with the strict policy.
 *
 * @param openMedia where what the page sends goes to
 */
export function serveRenderer(root: string, openMedia: OpenMedia): void {
  protocol.handle(scheme, async (request) => {
    const sent = mediaOfPage(openMedia, request);
    if (sent !== undefined) return sent;
    const file = request.method === 'GET' ? fileFor(request.url, root) : undefined;
    if (file === undefined) return refuse(404);
    try {
      const found = await net.fetch(pathToFileURL(file).href);
      if (!found.ok) return refuse(404);
      const type = types[extname(file)] ?? '';
      if (extname(file) !== '.html') return new Response(found.body, { headers: headers(type) });
      const nonce = randomBytes(16).toString('base64');
      return new Response(withNonce(await found.text(), nonce), {
        headers: { ...headers(type, policyWithNonce(nonce)), 'cache-control': 'no-store' },
      });
    } catch {
      // Chromium reports a file that isn't there as a network error.
      return refuse(404);
    }
  });
}

function refuse(status: number): Response {
  return new Response('Not found', { status, headers: headers('text/plain; charset=utf-8') });
}

function headers(type: string, policy = contentSecurityPolicy): Record<string, string> {
  return { 'content-type': type, 'content-security-policy': policy, ...safetyHeaders };
}
