import { protocol, type MessagePortMain } from 'electron';
import { appOrigin, mediaOrigin, mediaPrefix, mediaScheme, safetyHeaders } from '../../src/contract/page.ts';
import { portTransport } from '../../src/contract/transport.ts';
import { askMedia, type MediaAnswer } from './media-port.ts';
import { contentSecurityPolicy } from './security.ts';

/** Opens a channel for one request; undefined when the engine isn't running. */
export type OpenMedia = () => MessagePortMain | undefined;

/** Answers every address below media://holotype/ with what the engine says. Only reading: see desktopMediaUrl. */
export function handleMedia(open: OpenMedia): void {
  protocol.handle(mediaScheme, (request) => {
    const path = pathBelow(request.url, `${mediaOrigin}/`);
    const { method } = request;
    if (path === undefined || (method !== 'GET' && method !== 'HEAD')) return words(404, 'Not found.');
    return forward(open, request, method, path);
  });
}

/** Answers what the page asks of its own address below /media; undefined for any other address. */
export function mediaOfPage(open: OpenMedia, request: Request): Promise<Response> | Response | undefined {
  const path = pathBelow(request.url, `${appOrigin}${mediaPrefix}/`);
  if (path === undefined) return undefined;
  const { method } = request;
  const fits =
    (method === 'PUT' && path.startsWith('/upload/')) || (method === 'POST' && path.startsWith('/camera/'));
  return fits ? forward(open, request, method, path) : words(404, 'Not found.');
}

/** The path below an address, with its slash and its escapes: what it may name, the engine decides. */
function pathBelow(url: string, base: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol: scheme, host, pathname, username, password, port } = new URL(url);
  const own = new URL(base);
  if (scheme !== own.protocol || host !== own.host || port !== '' || username !== '' || password !== '')
    return undefined;
  return pathname.startsWith(own.pathname) ? pathname.slice(own.pathname.length - 1) : undefined;
}

async function forward(
  open: OpenMedia,
  request: Request,
  method: 'GET' | 'HEAD' | 'PUT' | 'POST',
  path: string,
): Promise<Response> {
  const port = open();
  const answer =
    port === undefined
      ? undefined
      : await askMedia(portTransport(port), { method, path, body: request.body, signal: request.signal });
  if (answer === undefined) return words(503, 'The engine is not running.');
  const body =
    method === 'HEAD' ? null : answer.body instanceof Uint8Array ? Buffer.from(answer.body) : answer.body;
  return new Response(body, { status: answer.status, headers: headersOf(answer) });
}

function headersOf({ type, length, maxAge }: MediaAnswer): Record<string, string> {
  return {
    ...common,
    'content-type': type,
    'cache-control': maxAge === undefined ? 'no-store' : `private, max-age=${maxAge}, immutable`,
    ...(length === undefined ? {} : { 'content-length': String(length) }),
  };
}

/** The page's origin is another one than that of its pictures, and the only one that may have them. */
const common: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  ...safetyHeaders,
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-allow-origin': appOrigin,
};

function words(status: number, text: string): Response {
  return new Response(text, { status, headers: { ...common, 'content-type': 'text/plain; charset=utf-8' } });
}
