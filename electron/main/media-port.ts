// How a picture or file gets from the engine's process to the main process and what a page sends gets back: over a
// port of its own for each request, a piece at a time, so that none of it piles up.
import type { Transport } from '../../src/contract/transport.ts';
import type { Media, MediaRequest, MediaResponse } from '../../src/service/media/media.ts';

type Method = MediaRequest['method'];

/** To the engine. The port's end cancels what isn't answered yet. */
type Asked =
  | { readonly kind: 'request'; readonly method: Method; readonly path: string; readonly hasBody: boolean }
  /** The next piece of what is sent, after the engine asked for `more`. */
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'sent' }
  /** Ready for the next piece of the answer. */
  | { readonly kind: 'pull' };

/** From the engine. */
type Told =
  | { readonly kind: 'more' }
  /** Small answers are whole: `bytes`. Else pieces follow, one for each `pull`. */
  | ({ readonly kind: 'head'; readonly bytes?: Uint8Array } & Omit<MediaResponse, 'body'>)
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken' };

/** Answers the one request that comes over a port. */
export function serveMedia(transport: Transport, media: Media): void {
  const controller = new AbortController();
  const heard = createMailbox<Asked>(transport);
  transport.onClose(() => controller.abort());
  const tell = (message: Told): void => transport.send(message);
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      tell({ kind: 'more' });
      const next = await heard.next();
      if (next?.kind === 'sent') return;
      if (next?.kind !== 'piece') throw new Error('The page has broken off.');
      yield next.bytes;
    }
  };
  void (async () => {
    const request = await heard.next();
    if (request?.kind !== 'request') return transport.close();
    const { method, path, hasBody } = request;
    const { body: answer, ...about } = await media({
      method,
      path,
      signal: controller.signal,
      ...(hasBody ? { body: body() } : {}),
    });
    if (answer instanceof Uint8Array) return tell({ kind: 'head', ...about, bytes: answer });
    tell({ kind: 'head', ...about });
    const pieces = answer[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await heard.next();
        if (next?.kind !== 'pull') return void (await pieces.return?.());
        const { done, value } = await pieces.next();
        if (done === true) return tell({ kind: 'end' });
        tell({ kind: 'piece', bytes: value });
      }
    } catch {
      tell({ kind: 'broken' });
    }
  })();
}

/** What the engine says about a request; `body` is whole, or comes as it is read. */
export interface MediaAnswer extends Omit<MediaResponse, 'body'> {
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/**
 * Asks the engine for a picture or file.
 *
 * @param transport used for this alone; closed at the end
 * @returns undefined when the engine ends before it has answered
 */
export async function askMedia(
  transport: Transport,
  request: {
    readonly method: Method;
    readonly path: string;
    readonly body: ReadableStream<Uint8Array> | null;
    readonly signal?: AbortSignal;
  },
): Promise<MediaAnswer | undefined> {
  const { method, path, body, signal } = request;
  const heard = createMailbox<Told>(transport);
  const ask = (message: Asked): void => transport.send(message);
  signal?.addEventListener('abort', () => transport.close(), { once: true });
  ask({ kind: 'request', method, path, hasBody: body !== null });
  const reader = body?.getReader();
  for (;;) {
    const told = await heard.next();
    if (told?.kind === 'more') {
      const piece = await reader?.read().catch(() => undefined);
      if (piece === undefined) transport.close();
      else ask(piece.done ? { kind: 'sent' } : { kind: 'piece', bytes: piece.value });
      continue;
    }
    // What was refused half-way is not read to its end.
    await reader?.cancel().catch(() => undefined);
    if (told?.kind !== 'head') {
      transport.close();
      return undefined;
    }
    const { kind: _, bytes, ...about } = told;
    if (bytes === undefined) return { ...about, body: streamOf(transport, heard) };
    transport.close();
    return { ...about, body: bytes };
  }
}

function streamOf(transport: Transport, heard: Mailbox<Told>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        transport.send({ kind: 'pull' } satisfies Asked);
        const told = await heard.next();
        if (told?.kind === 'piece') return controller.enqueue(told.bytes);
        transport.close();
        if (told?.kind === 'end') controller.close();
        else controller.error(new Error('The file could not be read to its end.'));
      },
      cancel: () => transport.close(),
    },
    { highWaterMark: 0 },
  );
}

interface Mailbox<Message> {
  /** The next message; undefined when the other side is gone. */
  next(): Promise<Message | undefined>;
}

function createMailbox<Message>(transport: Transport): Mailbox<Message> {
  const letters: Message[] = [];
  let waiting: ((message: Message | undefined) => void) | undefined;
  let closed = false;
  const deliver = (message: Message | undefined): void => {
    const wake = waiting;
    waiting = undefined;
    if (wake !== undefined) wake(message);
    else if (message !== undefined) letters.push(message);
  };
  // Both ends are ours, of one version.
  transport.onMessage((message) => deliver(message as Message));
  transport.onClose(() => {
    closed = true;
    deliver(undefined);
  });
  return {
    next: () => {
      const letter = letters.shift();
      if (letter !== undefined || closed) return Promise.resolve(letter);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
  };
}
