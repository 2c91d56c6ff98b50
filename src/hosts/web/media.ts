import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { HostedService } from '../../service/app/service.ts';
import type { MediaRequest, MediaResponse } from '../../service/media/media.ts';
import { answer, begin } from './answer.ts';

/**
 * Answers a request below the media address.
 *
 * @param path without the prefix, still percent-encoded
 */
export async function answerMedia(
  service: Pick<HostedService, 'media'>,
  request: IncomingMessage,
  response: ServerResponse,
  method: MediaRequest['method'],
  path: string,
): Promise<void> {
  const controller = new AbortController();
  // A page that scrolls on no longer wants what it asked for: its browser closes the request.
  response.once('close', () => controller.abort());
  const sends = method === 'PUT' || method === 'POST';
  const { signal } = controller;
  const found = await service.media({ method, path, signal, ...(sends ? { body: request } : {}) });
  if (signal.aborted) {
    if (!(found.body instanceof Uint8Array)) await found.body[Symbol.asyncIterator]().return?.();
    return;
  }
  // What was refused half-way is not read to its end: the connection can't be used again.
  const close = sends && !request.complete ? { connection: 'close' } : {};
  const headers = { ...headersOf(found), ...close };
  if (found.body instanceof Uint8Array) {
    answer(request, response, found.status, headers, found.body);
    return;
  }
  begin(response, found.status, headers);
  if (method === 'HEAD') {
    response.end();
    return;
  }
  // Fails when the reader goes away in the middle, or the file does: the connection is broken off either way.
  await pipeline(Readable.from(found.body), response).catch(() => response.destroy());
}

function headersOf({ type, length, maxAge, fileName }: MediaResponse): Record<string, string | number> {
  return {
    'content-type': type,
    ...(length === undefined ? {} : { 'content-length': length }),
    ...(maxAge === undefined ? {} : { 'cache-control': `private, max-age=${maxAge}, immutable` }),
    ...(fileName === undefined ? {} : { 'content-disposition': asAttachment(fileName) }),
  };
}

/** RFC 6266: a name in ASCII for the oldest, and the real one. */
export function asAttachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const real = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${real}`;
}
