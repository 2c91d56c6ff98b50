// Plays a utility process in a thread: gives the program the `process.parentPort` that Electron gives it.
import { EventEmitter } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';

/** Electron's ports speak `on(type, event => event.data)`. */
const likeElectron = (port) => ({
  postMessage: (message) => port.postMessage(message),
  close: () => port.close(),
  start: () => port.start(),
  on: (type, listener) =>
    type === 'message'
      ? port.on('message', (data) => listener({ data }))
      : port.on('close', () => listener()),
});

const port = new EventEmitter();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
port.postMessage = (message) => parentPort.postMessage(message);
process.parentPort = port;
// Electron keeps messages until somebody listens.
const early = [];
parentPort.on('message', ({ message, ports }) => {
  const event = { data: message, ports: ports.map(likeElectron) };
  if (port.listenerCount('message') === 0) early.push(event);
  else port.emit('message', event);
});
await import(workerData.entry);
for (const event of early) port.emit('message', event);
