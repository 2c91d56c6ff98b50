import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { serve, type Service } from '../../contract/server.ts';
import { socketTransport } from '../../contract/transport.ts';

/** Longest message (bytes) a page may send: a CSV file of labels is the largest there is. */
const longestMessage = 64 * 2 ** 20;
/** A connection that gives no sign of life for so long (ms) is taken for lost. */
const heartbeat = 20_000;

export interface Sockets {
  /** Takes over a connection that has asked for the contract and may have it. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Serves the contract to WebSockets. */
export function createSockets(
  service: Service,
  limits: { message?: number; heartbeat?: number } = {},
): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    // Nearly always on the same machine, where compressing costs more than sending.
    perMessageDeflate: false,
    maxPayload: limits.message ?? longestMessage,
  });
  const silent = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (silent.has(socket)) socket.terminate();
      else {
        silent.add(socket);
        socket.ping();
      }
    }
  }, limits.heartbeat ?? heartbeat);
  timer.unref();
  return {
    accept: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (connection) => {
        connection.on('pong', () => silent.delete(connection));
        connection.on('message', () => silent.delete(connection));
        serve(socketTransport(connection), service);
      });
    },
    close: () => {
      clearInterval(timer);
      server.close();
      for (const socket of server.clients) {
        socket.close(1001, 'Holotype ends');
        // A reader that doesn't answer the farewell is not waited for.
        setTimeout(() => socket.terminate(), 500).unref();
      }
    },
  };
}
