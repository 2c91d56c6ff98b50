// A process that tries one device, which may crash or hang in it.
import { portTransport } from '../../src/contract/transport.ts';
import { runProbe } from '../../src/service/run-probe.ts';

process.parentPort.once('message', ({ ports: [port] }) => {
  if (port === undefined) return;
  const employer = portTransport(port);
  // Nobody is left to answer to.
  employer.onClose(() => process.exit());
  employer.onMessage((request) => void runProbe(request, (said) => employer.send(said)));
});
