// A process that computes for the engine: trains, predicts, exports. It may start others that try devices.
import { portTransport } from '../../src/contract/transport.ts';
import { startProbesWith } from '../../src/service/probe-process.ts';
import { runWorker } from '../../src/service/worker/run-worker.ts';
import type { ToChild } from './child-messages.ts';
import { createLaunches } from './launches.ts';

const main = process.parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
const launches = createLaunches((message) => main.postMessage(message));
startProbesWith(launches.probe);

main.on('message', ({ data, ports }) => {
  const message: ToChild = data;
  const [port] = ports;
  if (launches.hear(message, port) || message.kind !== 'employer' || port === undefined) return;
  const employer = portTransport(port);
  // Nobody is left to work for.
  employer.onClose(() => process.exit());
  runWorker({
    post: (said) => employer.send(said),
    onMessage: (listener) => employer.onMessage(listener),
  });
});
