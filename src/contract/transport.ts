/**
 * Anything that carries messages both ways, in order. Messages are plain data (what JSON and structured
 * clone both carry).
 */
export interface Transport {
  /** Does nothing once the transport is closed. */
  send(message: unknown): void;
  /** One listener; messages that came before are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when either side closes or dies; at once if that has already happened. */
  onClose(listener: () => void): void;
  close(): void;
}

/** What a browser's, Node's and Electron's message ports have in common, one of the two ways to listen. */
export type MessagePortLike = {
  postMessage(message: unknown): void;
  close(): void;
  start(): void;
} & (
  | { addEventListener(type: 'message' | 'close', listener: (event: Event) => void): void }
  | { on(type: 'message' | 'close', listener: (event?: { data: unknown }) => void): unknown }
);

/** A transport over one end of a message channel: a browser's, Node's or Electron main's port. */
export function portTransport(port: MessagePortLike): Transport {
  const inbox = createInbox();
  const receive = (event: unknown): void => {
    if (typeof event === 'object' && event !== null && 'data' in event) inbox.receive(event.data);
  };
  if ('addEventListener' in port) {
    port.addEventListener('message', receive);
    port.addEventListener('close', inbox.closed);
  } else {
    port.on('message', receive);
    port.on('close', () => inbox.closed());
  }
  port.start();
  return {
    send: (message) => {
      if (!inbox.isClosed()) port.postMessage(message);
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close: () => {
      port.close();
      inbox.closed();
    },
  };
}

/** What a browser's WebSocket and the one of Node's package `ws` have in common. */
export interface SocketLike {
  /** 0: connecting, 1: open; anything else: no longer. */
  readonly readyState: number;
  /** Bytes that are waiting to be sent. */
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Codes a WebSocket is closed with; 4000 and up are for programs' own use (RFC 6455, 7.4.2). */
export const socketCloseCodes = { malformed: 4400, slow: 4408 } as const;

/** More bytes waiting than this, and the other side has stopped reading: asleep, or gone. */
const longestQueue = 256 * 2 ** 20;

/**
 * A transport over a WebSocket: each message is a text of JSON. Anything else ends the connection, and so does a
 * reader that falls behind by more than `maxQueued` bytes: it connects again and asks for the state as it is then.
 */
export function socketTransport(socket: SocketLike, maxQueued: number = longestQueue): Transport {
  const inbox = createInbox();
  let early: string[] = [];
  const end = (code: number, reason: string): void => {
    socket.close(code, reason);
    inbox.closed();
  };
  const sendNow = (text: string): void => {
    if (socket.bufferedAmount > maxQueued) end(socketCloseCodes.slow, 'too far behind');
    else socket.send(text);
  };
  socket.addEventListener('open', () => {
    const waiting = early;
    early = [];
    for (const text of waiting) sendNow(text);
  });
  socket.addEventListener('message', ({ data }) => {
    let message: unknown;
    try {
      if (typeof data !== 'string') throw new TypeError('not text');
      message = JSON.parse(data);
    } catch {
      end(socketCloseCodes.malformed, 'not a message');
      return;
    }
    inbox.receive(message);
  });
  socket.addEventListener('close', () => inbox.closed());
  // Always followed by 'close'; unheard, it would end a Node process.
  socket.addEventListener('error', () => undefined);
  return {
    send: (message) => {
      if (inbox.isClosed()) return;
      const text = JSON.stringify(message);
      if (socket.readyState === 0) early.push(text);
      else if (socket.readyState === 1) sendNow(text);
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close: () => {
      socket.close();
      inbox.closed();
    },
  };
}

/**
 * Two transports joined in one process (command line, tests). Messages are cloned and arrive later, as
 * they would from another process, so that neither side can lean on shared objects.
 */
export function directTransport(): [Transport, Transport] {
  const inboxes = [createInbox(), createInbox()] as const;
  const close = (): void => {
    queueMicrotask(() => {
      inboxes[0].closed();
      inboxes[1].closed();
    });
  };
  const end = (own: Inbox, other: Inbox): Transport => ({
    send: (message) => {
      if (own.isClosed()) return;
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => other.receive(copy));
    },
    onMessage: own.onMessage,
    onClose: own.onClose,
    close,
  });
  return [end(inboxes[0], inboxes[1]), end(inboxes[1], inboxes[0])];
}

interface Inbox {
  readonly receive: (message: unknown) => void;
  readonly closed: () => void;
  readonly isClosed: () => boolean;
  readonly onMessage: (listener: (message: unknown) => void) => void;
  readonly onClose: (listener: () => void) => void;
}

/** Keeps messages until somebody listens, and the news of closing for those who ask late. */
function createInbox(): Inbox {
  let closed = false;
  let listener: ((message: unknown) => void) | undefined;
  let waiting: unknown[] = [];
  const closeListeners = new Set<() => void>();
  return {
    receive: (message) => {
      if (closed) return;
      if (listener === undefined) waiting.push(message);
      else listener(message);
    },
    closed: () => {
      if (closed) return;
      closed = true;
      for (const tell of closeListeners) tell();
      closeListeners.clear();
    },
    isClosed: () => closed,
    onMessage: (next) => {
      listener = next;
      const missed = waiting;
      waiting = [];
      for (const message of missed) next(message);
    },
    onClose: (tell) => {
      if (closed) tell();
      else closeListeners.add(tell);
    },
  };
}
