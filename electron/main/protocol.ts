import { extname, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { net, protocol } from 'electron';
import { contentSecurityPolicy } from './security.ts';

const scheme = 'app';
const host = 'holotype';
/** Where the window's page is. */
export const homeUrl = `${scheme}://${host}/index.html`;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Must run before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
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

/** Serves the built renderer in `root` under app://holotype/, each answer with the strict policy. */
export function serveRenderer(root: string): void {
  protocol.handle(scheme, async (request) => {
    const file = request.method === 'GET' ? fileFor(request.url, root) : undefined;
    if (file === undefined) return refuse(404);
    try {
      const found = await net.fetch(pathToFileURL(file).href);
      if (!found.ok) return refuse(404);
      return new Response(found.body, { headers: headers(types[extname(file)] ?? '') });
    } catch {
      // Chromium reports a file that isn't there as a network error.
      return refuse(404);
    }
  });
}

function refuse(status: number): Response {
  return new Response('Not found', { status, headers: headers('text/plain; charset=utf-8') });
}

function headers(type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
}
