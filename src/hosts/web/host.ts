import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { HolotypeError } from '../../contract/errors.ts';
import { mediaPrefix, pagePolicy, socketPath, withNonce } from '../../contract/page.ts';
import type { HostedService } from '../../service/app/service.ts';
import type { MediaRequest } from '../../service/media/media.ts';
import { createAccess, isOwnHost, isOwnOrigin, type Access, type AccessKeys } from './access.ts';
import { answer, refuse } from './answer.ts';
import { answerMedia } from './media.ts';
import { acceptedEncoding, type RendererFiles } from './renderer-files.ts';
import { createSockets, type Sockets } from './sockets.ts';

export interface WebHostOptions {
  readonly service: HostedService;
  readonly renderer: RendererFiles;
  /** Address or name to listen on. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Those of the host whose place this one takes; default: new ones. */
  readonly keys?: AccessKeys;
}

export interface WebHost {
  readonly port: number;
  readonly keys: AccessKeys;
  /** What a person opens in a browser, token included. */
  readonly address: string;
  /** Ends connections, then the service. */
  close(): Promise<void>;
}

/** What is known of a request that came to the right host. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The `Host` header, checked. */
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Large enough for hours of uploading; a page that stops sending is cut off by the system. */
const requestTimeout = 6 * 3_600_000;

/**
 * Serves page, contract and pictures on one port.
 *
 * @throws HolotypeError 'busy' when the port is taken, 'bad-usage' when the address is not this machine's
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { service, renderer, host: bound } = options;
  const server = createServer({ requestTimeout, maxHeaderSize: 16 * 1024 });
  const port = await listen(server, options.port, bound);
  const access = createAccess(port, options.keys);
  // The first page shall not wait for it either.
  for (const file of renderer.files.values()) void file.compressed('br');
  const sockets = createSockets(service);
  server.on('request', (request, response) => {
    receive({ service, renderer, access, bound }, request, response).catch(() => {
      // Only what is our own defect comes here; the page hears that something is wrong, and nothing more.
      if (response.headersSent) response.destroy();
      else refuse(request, response, 500, 'Something went wrong in Holotype.');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    upgrade({ access, bound, sockets }, request, socket, head);
  });
  return {
    port,
    keys: access.keys,
    address: `http://${openable(bound)}:${port}/?token=${access.keys.token}`,
    close: async () => {
      sockets.close();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
      await closed;
      await service.close();
    },
  };
}

/** "All addresses" is none that can be opened: one of this machine's that others reach it by, where it has one. */
function openable(bound: string): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound.includes(':') ? `[${bound}]` : bound;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
  // A server that listens on TCP has an address with a port.
  return (server.address() as AddressInfo).port;
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): HolotypeError {
  if (error.code === 'EADDRINUSE')
    return new HolotypeError('busy', `Port ${port} is in use by another program.`, {
      remedy: 'Give another one with --port, or --port 0 for one that is free.',
      cause: error,
    });
  if (error.code === 'EACCES')
    return new HolotypeError('bad-usage', `Port ${port} may be used by the administrator alone.`, {
      remedy: 'Give a port above 1023 with --port.',
      cause: error,
    });
  return new HolotypeError('bad-usage', `Nothing can listen on "${host}" (${error.code ?? error.message}).`, {
    remedy: 'Give --host an address of this machine, or leave it out.',
    cause: error,
  });
}

interface Hosted {
  readonly service: HostedService;
  readonly renderer: RendererFiles;
  readonly access: Access;
  readonly bound: string;
}

async function receive(hosted: Hosted, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { access, bound } = hosted;
  const host = request.headers.host ?? '';
  if (!isOwnHost(host, bound))
    return refuse(
      request,
      response,
      421,
      'Holotype is not known under this name. Open the address that it has printed, or start it with --host and this name.',
    );
  const url = parse(request.url);
  if (url === undefined) return refuse(request, response, 400, 'This address makes no sense.');
  const visit: Visit = { request, response, host, path: url.pathname, query: url.searchParams };
  const { origin } = request.headers;
  if (origin !== undefined && !isOwnOrigin(origin, host))
    return refuse(request, response, 403, 'Another page may not ask for this.');

  const token = visit.query.get('token');
  if (visit.path === '/' && token !== null && isReading(request) && access.isToken(token))
    return refuse(request, response, 303, '', { location: '/', 'set-cookie': access.cookie() });
  if (!access.isAdmitted(request.headers.cookie)) return turnAway(visit);

  if (visit.path.startsWith(`${mediaPrefix}/`)) return media(hosted, visit);
  if (!isReading(request))
    return refuse(request, response, 405, 'Not possible here.', { allow: 'GET, HEAD' });
  return file(hosted.renderer, visit);
}

/** The path with its dots and escapes as they came: nothing in it is resolved, for nothing is opened by it. */
function parse(url: string | undefined): { pathname: string; searchParams: URLSearchParams } | undefined {
  if (url === undefined || !url.startsWith('/')) return undefined;
  const [pathname = '', query = ''] = url.split(/\?(.*)/s);
  return { pathname, searchParams: new URLSearchParams(query) };
}

const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/**
 * A browser keeps our cookie from us when a link on another site leads here. Then the page is asked for once more,
 * this time by ourselves; whoever has no cookie is told how to get one.
 */
function turnAway({ request, response, path }: Visit): void {
  const from = request.headers['sec-fetch-site'];
  if (path === '/' && isReading(request) && (from === 'cross-site' || from === 'same-site')) {
    const page = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Holotype</title>';
    return answer(request, response, 200, { 'content-type': 'text/html; charset=utf-8' }, page);
  }
  const words = 'To use Holotype, open the whole address that `holotype serve` has printed, token included.';
  return refuse(request, response, 401, words);
}

async function media({ service }: Hosted, visit: Visit): Promise<void> {
  const { request, response, host } = visit;
  const path = visit.path.slice(mediaPrefix.length);
  const method = mediaMethod(request.method, path);
  if (method === undefined)
    return refuse(request, response, 405, 'Not possible here.', { allow: 'GET, HEAD' });
  // What changes something takes a page of ours to ask for it: browsers send the origin with these always.
  if ((method === 'PUT' || method === 'POST') && !isOwnOrigin(request.headers.origin, host))
    return refuse(request, response, 403, 'Only the Holotype page may send this.');
  return answerMedia(service, request, response, method, path);
}

function mediaMethod(method: string | undefined, path: string): MediaRequest['method'] | undefined {
  if (method === 'GET' || method === 'HEAD') return method;
  if (method === 'PUT' && path.startsWith('/upload/')) return method;
  return method === 'POST' && path.startsWith('/camera/') ? method : undefined;
}

async function file({ page, files }: RendererFiles, visit: Visit): Promise<void> {
  const { request, response, path, host } = visit;
  if (path === '/' || path === '/index.html') {
    const nonce = randomBytes(16).toString('base64');
    return answer(
      request,
      response,
      200,
      {
        'content-type': 'text/html; charset=utf-8',
        // Not every browser takes 'self' for a WebSocket's address too.
        'content-security-policy': pagePolicy({ nonce, socket: `ws://${host}` }),
      },
      withNonce(page, nonce),
    );
  }
  const found = files.get(path);
  if (found === undefined) return refuse(request, response, 404, 'Not found.');
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  const compressed = encoding === undefined ? undefined : found.compressed(encoding);
  return answer(
    request,
    response,
    200,
    {
      'content-type': found.type,
      'cache-control': found.immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      ...(compressed === undefined ? {} : { 'content-encoding': encoding }),
    },
    (await compressed) ?? found.bytes,
  );
}

/** A WebSocket is let in on the same terms as what changes something: our name, our cookie, our page. */
function upgrade(
  { access, bound, sockets }: { access: Access; bound: string; sockets: Sockets },
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on('error', () => socket.destroy());
  const { host = '', origin, cookie } = request.headers;
  const status = !isOwnHost(host, bound)
    ? '421 Misdirected Request'
    : !isOwnOrigin(origin, host)
      ? '403 Forbidden'
      : !access.isAdmitted(cookie)
        ? '401 Unauthorized'
        : parse(request.url)?.pathname === socketPath
          ? undefined
          : '404 Not Found';
  if (status === undefined) sockets.accept(request, socket, head);
  else socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
