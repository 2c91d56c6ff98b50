/** A web host on a free port, with a service of which a test writes what it is about. */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { Handlers } from '../../../src/contract/server.ts';
import { startWebHost, type WebHost } from '../../../src/hosts/web/host.ts';
import type { RendererFiles } from '../../../src/hosts/web/renderer-files.ts';
import type { HostedService } from '../../../src/service/app/service.ts';
import { createDownloads } from '../../../src/service/downloads.ts';
import { createEmitter, type Emitter } from '../../../src/service/emitter.ts';
import type { Media, MediaRequest } from '../../../src/service/media/media.ts';
import { createPlaces } from '../../../src/service/places.ts';
import { appInfo, fakeHandlers } from '../../contract/fake-service.ts';

export const page = '<!doctype html><html><head><title>Holotype</title></head><body></body></html>';
export const script = `console.log(${JSON.stringify('x'.repeat(4000))});`;

export const renderer: RendererFiles = {
  page,
  files: new Map([
    [
      '/assets/index-AbCd1234.js',
      {
        type: 'text/javascript; charset=utf-8',
        bytes: Buffer.from(script),
        immutable: true,
        compressed: () => undefined,
      },
    ],
  ]),
};

export interface FakeService extends HostedService {
  readonly events: Emitter;
  /** What was asked of media. */
  readonly asked: MediaRequest[];
  /** Whether it was closed. */
  readonly isClosed: () => boolean;
}

export function fakeService(over: { handlers?: Partial<Handlers>; media?: Media } = {}): FakeService {
  const asked: MediaRequest[] = [];
  let closed = false;
  return {
    events: createEmitter(),
    places: createPlaces(),
    downloads: createDownloads(),
    log: { write: () => undefined, tail: () => [] },
    logsFolder: '/logs',
    handlers: fakeHandlers({ 'app.info': async () => appInfo, ...over.handlers }),
    asked,
    media: async (request) => {
      asked.push(request);
      return over.media?.(request) ?? { status: 200, type: 'image/jpeg', body: Buffer.from('a picture') };
    },
    close: async () => {
      closed = true;
    },
    isClosed: () => closed,
  };
}

export interface TestHost extends WebHost {
  readonly service: FakeService;
  /** The cookie a browser would send. */
  readonly cookie: string;
  readonly origin: string;
  /** Sends a request exactly as written: nothing in the path is tidied up. */
  send(path: string, options?: SendOptions): Promise<Answer>;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
  /** With the cookie; default: yes. */
  readonly admitted?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export async function openHost(
  over: Parameters<typeof fakeService>[0] = {},
  host = '127.0.0.1',
): Promise<TestHost> {
  const service = fakeService(over);
  const web = await startWebHost({ service, renderer, host, port: 0 });
  const origin = `http://127.0.0.1:${web.port}`;
  const plain = (path: string, options: SendOptions = {}): Promise<Answer> => sendTo(web.port, path, options);
  const entered = await plain(new URL(web.address).pathname + new URL(web.address).search);
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  return {
    ...web,
    service,
    cookie,
    origin,
    send: (path, options = {}) =>
      plain(path, {
        ...options,
        headers: { ...(options.admitted === false ? {} : { cookie }), ...options.headers },
      }),
  };
}

function sendTo(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: SendOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: all,
            text: all.toString('utf8'),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
