import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pagePolicy, safetyHeaders } from '../../contract/page.ts';

/** Sends a whole answer with the headers that all of ours have. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: Uint8Array | string,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  begin(response, status, { 'content-length': bytes.length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Sends status and headers; the strict policy unless `headers` has one of its own, and no caching by default. */
export function begin(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'content-security-policy': pagePolicy(),
    ...safetyHeaders,
    ...headers,
  });
}

/** Refuses a request in a few words. What it still wants to send is not waited for. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  words: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const close = request.method === 'GET' || request.method === 'HEAD' ? {} : { connection: 'close' };
  answer(
    request,
    response,
    status,
    { 'content-type': 'text/plain; charset=utf-8', ...close, ...headers },
    words,
  );
}
