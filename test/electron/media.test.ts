import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Media, MediaRequest, MediaResponse } from '../../src/service/media/media.ts';
import { portTransport } from '../../src/contract/transport.ts';
import { FakeChannel } from './fakes.ts';

const handlers = new Map<string, (request: Request) => Promise<Response> | Response>();
vi.mock('electron', () => ({
  protocol: {
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
      handlers.set(scheme, handler),
  },
  shell: {},
}));
const { handleMedia, mediaOfPage } = await import('../../electron/main/media.ts');
const { serveMedia } = await import('../../electron/main/media-port.ts');

/** What the engine was asked, and what it says. */
let asked: MediaRequest[];
let media: Media;
let running: boolean;
beforeEach(() => {
  asked = [];
  running = true;
  media = async () => ({
    status: 200,
    type: 'image/jpeg',
    body: Buffer.from('picture'),
    length: 7,
    maxAge: 60,
  });
});
/** As the main process does it: a channel a request, its other end in the engine. */
const open = () => {
  if (!running) return undefined;
  const { port1, port2 } = new FakeChannel();
  serveMedia(portTransport(port1), (request) => {
    asked.push(request);
    return media(request);
  });
  // The fake is what the real one is used as.
  return port2 as unknown as Electron.MessagePortMain;
};
handleMedia(open);

const get = async (url: string, init?: RequestInit): Promise<Response> => {
  const handler = handlers.get('media');
  if (handler === undefined) throw new Error('no handler');
  return handler(new Request(url, init));
};
const sendToPage = (url: string, init: RequestInit): Promise<Response> | Response | undefined =>
  mediaOfPage(open, new Request(url, { duplex: 'half', ...init } as RequestInit));
const bytesOf = async (body: AsyncIterable<Uint8Array> | undefined): Promise<number[]> => {
  const sizes: number[] = [];
  for await (const chunk of body ?? []) sizes.push(chunk.length);
  return sizes;
};

describe('media://', () => {
  it('gives the page what the engine has, with its type and life, and the strict policy', async () => {
    const answer = await get('media://holotype/thumb/0123456789abcdef/x/256');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('picture');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '7',
      'cache-control': 'private, max-age=60, immutable',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': 'app://holotype',
    });
    expect(asked[0]).toMatchObject({ method: 'GET', path: '/thumb/0123456789abcdef/x/256' });
    expect(asked[0]?.body).toBeUndefined();
  });

  it('passes on what is wrong', async () => {
    media = async () => ({ status: 422, type: 'text/plain', body: Buffer.from('the file ends too early') });
    const answer = await get('media://holotype/photo/x/y');
    expect([answer.status, await answer.text()]).toEqual([422, 'the file ends too early']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('streams what is large, a piece for each that is read', async () => {
    let given = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield new Uint8Array(1000).fill(given);
      }
    };
    media = async () => ({ status: 200, type: 'application/zip', body: endless() });
    const answer = await get('media://holotype/download/x');
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.value?.[0]).toBe(1);
    expect((await reader?.read())?.value?.[0]).toBe(2);
    await reader?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBeLessThan(5);
  });

  it('gives all of a file, and an error when it breaks off', async () => {
    const pieces = async function* (broken: boolean): AsyncGenerator<Uint8Array> {
      yield Buffer.from('ab');
      if (broken) throw new Error('drive gone');
      yield Buffer.from('c');
    };
    media = async ({ path }) => ({ status: 200, type: 'x/y', body: pieces(path === '/download/broken') });
    expect(await (await get('media://holotype/download/whole')).text()).toBe('abc');
    await expect((await get('media://holotype/download/broken')).text()).rejects.toThrow(/to its end/);
  });

  it('cancels what the page no longer wants', async () => {
    const aborted = vi.fn();
    media = ({ signal }) =>
      new Promise<MediaResponse>((resolve) => {
        signal?.addEventListener('abort', () => {
          aborted();
          resolve({ status: 499, type: 'text/plain', body: Buffer.from('') });
        });
      });
    const controller = new AbortController();
    const answer = get('media://holotype/thumb/x', { signal: controller.signal });
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    controller.abort();
    expect((await answer).status).toBe(503);
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledTimes(1));
  });

  it('says so when the engine does not run', async () => {
    running = false;
    expect((await get('media://holotype/thumb/x')).status).toBe(503);
  });

  it.each([
    ['another host', 'media://evil/thumb/x'],
    ['a host that begins the same', 'media://holotype.evil/thumb/x'],
    ['a port', 'media://holotype:80/thumb/x'],
    ['a name and password', 'media://ada:secret@holotype/thumb/x'],
  ])('has nothing at %s', async (_what, url) => {
    // Such an address can't even be asked for everywhere: a Request is made by hand.
    const handler = handlers.get('media');
    const answer = await handler?.({
      url,
      method: 'GET',
      body: null,
      signal: new AbortController().signal,
    } as Request);
    expect(answer?.status).toBe(404);
    expect(asked).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('is read only: no %s', async (method) => {
    expect((await get('media://holotype/upload/x/a.jpg', { method })).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('leads outside no more than its ids do: paths are passed on without being resolved', async () => {
    await get('media://holotype/photo/..%2f..%2fetc/passwd%00');
    expect(asked.map(({ path }) => path)).toEqual(['/photo/..%2f..%2fetc/passwd%00']);
  });
});

describe('what the page sends', () => {
  const url = 'app://holotype/media/upload/AAAA/a.jpg';

  it('reaches the engine a piece at a time', async () => {
    let sizes: number[] = [];
    media = async ({ body }) => {
      sizes = await bytesOf(body);
      return { status: 201, type: 'application/json', body: Buffer.from('{}') };
    };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const size of [10, 20, 30]) controller.enqueue(new Uint8Array(size));
        controller.close();
      },
    });
    const answer = await sendToPage(url, { method: 'PUT', body });
    expect(answer?.status).toBe(201);
    expect(sizes).toEqual([10, 20, 30]);
    expect(asked[0]).toMatchObject({ method: 'PUT', path: '/upload/AAAA/a.jpg' });
  });

  it('may be refused before all of it was sent', async () => {
    media = async ({ body }) => {
      for await (const chunk of body ?? []) {
        if (chunk.length > 0) break;
      }
      return { status: 413, type: 'text/plain', body: Buffer.from('too much') };
    };
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        cancelled = true;
      },
    });
    expect((await sendToPage(url, { method: 'PUT', body }))?.status).toBe(413);
    expect(cancelled).toBe(true);
  });

  it('is a camera picture, too', async () => {
    const answer = await sendToPage('app://holotype/media/camera/p/r', { method: 'POST', body: 'x' });
    expect(answer?.status).toBe(200);
  });

  it.each([
    ['POST', url],
    ['PUT', 'app://holotype/media/camera/p/r'],
    ['GET', 'app://holotype/media/thumb/x'],
    ['PUT', 'app://holotype/media/download/x'],
  ])('is nothing else: %s %s', async (method, address) => {
    expect((await sendToPage(address, { method }))?.status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('leaves the rest of the page alone', () => {
    expect(sendToPage('app://holotype/index.html', { method: 'GET' })).toBeUndefined();
    expect(sendToPage('app://holotype/mediaeval.js', { method: 'GET' })).toBeUndefined();
  });
});
