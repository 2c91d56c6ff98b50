/** A local HTTP server for download tests: it serves files and misbehaves on demand. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';

export interface Served {
  body: Uint8Array;
  etag?: string;
  type?: string;
  /** Answers Range requests with the whole file. */
  ignoresRange?: boolean;
  /**
   * Sends only so many bytes of an answer, and cuts the connection when `reached` tells that they have arrived;
   * one entry for each request, then none.
   */
  cuts?: number[];
  /** Answers with these codes first. */
  failures?: number[];
  /** Sends no Content-Length (chunked). */
  unknownLength?: boolean;
  /** Sends its first half and then nothing more. */
  stalls?: boolean;
}

export interface FileServer {
  readonly url: string;
  readonly files: Map<string, Served>;
  /** `GET /path range` of each request. */
  readonly requests: string[];
  /** For `onProgress`: tells how much of a file has arrived, so that a cut loses nothing on the way. */
  readonly reached: (received: number) => void;
  close(): Promise<void>;
}

export async function serveFiles(files: Record<string, Served> = {}): Promise<FileServer> {
  const map = new Map(Object.entries(files));
  const requests: string[] = [];
  const held: Held[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    requests.push(`GET ${path}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    const file = map.get(path);
    if (file === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    answer(file, request, response, held);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    files: map,
    requests,
    reached: (received) => {
      for (const cut of held.splice(0))
        if (received >= cut.until) cut.response.destroy();
        else held.push(cut);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Held {
  readonly response: ServerResponse;
  /** Position in the file up to which was sent. */
  readonly until: number;
}

function answer(file: Served, request: IncomingMessage, response: ServerResponse, held: Held[]): void {
  const failure = file.failures?.shift();
  if (failure !== undefined) {
    response.writeHead(failure).end();
    return;
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const from = range && !file.ignoresRange ? Number(range[1]) : 0;
  if (from >= file.body.length && from > 0) {
    response.writeHead(416, { 'content-range': `bytes */${file.body.length}` }).end();
    return;
  }
  const part = file.body.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...(file.etag === undefined ? {} : { etag: file.etag }),
    ...(file.unknownLength ? {} : { 'content-length': part.length }),
    ...(from > 0 ? { 'content-range': `bytes ${from}-${file.body.length - 1}/${file.body.length}` } : {}),
    'content-type': file.type ?? 'application/octet-stream',
  });
  const cut = file.stalls ? part.length >> 1 : file.cuts?.shift();
  if (cut === undefined || cut >= part.length) {
    response.end(part);
    return;
  }
  response.write(part.subarray(0, cut));
  if (!file.stalls) held.push({ response, until: from + cut });
}
