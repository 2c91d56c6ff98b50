/** Pairs of connected transports of every kind that hosts use. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';
import {
  directTransport,
  portTransport,
  socketTransport,
  type MessagePortLike,
  type Transport,
} from '../../src/contract/transport.ts';

/** Electron's port speaks `on(type, event => event.data)`; Node's, dressed up the same way. */
function likeElectron(port: MessageChannel['port1']): MessagePortLike {
  return {
    postMessage: (message) => port.postMessage(message),
    close: () => port.close(),
    start: () => port.start(),
    on: (type, listener) =>
      type === 'message'
        ? port.on('message', (data) => listener({ data }))
        : port.on('close', () => listener()),
  };
}

const ends: Transport[] = [];
const servers: WebSocketServer[] = [];
/** Closes all that were made. */
export function closeTransports(): void {
  for (const end of ends.splice(0)) end.close();
  for (const server of servers.splice(0)) server.close();
}
const keep = (pair: [Transport, Transport]): [Transport, Transport] => {
  ends.push(...pair);
  return pair;
};

/** Two ends of a WebSocket over TCP, as a browser and the web host have them. */
async function socketPair(): Promise<[Transport, Transport]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  servers.push(server);
  await once(server, 'listening');
  const arrived = once(server, 'connection') as Promise<[WebSocket]>;
  // What is sent before the connection stands must not get lost: the client's end is used at once.
  const mine = socketTransport(new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const [theirs] = await arrived;
  return keep([mine, socketTransport(theirs)]);
}

export const transports: Record<string, () => [Transport, Transport] | Promise<[Transport, Transport]>> = {
  'a direct transport': () => keep(directTransport()),
  'a message channel': () => {
    const { port1, port2 } = new MessageChannel();
    return keep([portTransport(port1), portTransport(port2)]);
  },
  "a channel with Electron's kind of port": () => {
    const { port1, port2 } = new MessageChannel();
    return keep([portTransport(port1), portTransport(likeElectron(port2))]);
  },
  'a WebSocket': socketPair,
};
