// The engine's process: serves the contract to every port it is handed. Runs under Electron's utility
// process, where `process.parentPort` is the way to the main process.
import { serve } from '../../src/contract/server.ts';
import { portTransport } from '../../src/contract/transport.ts';
import { createLocalService, logCrashes } from '../../src/service/app/local.ts';
import packageJson from '../../package.json' with { type: 'json' };

const service = createLocalService({ version: packageJson.version, host: 'desktop' });
logCrashes(service);

process.parentPort.on('message', ({ ports }) => {
  for (const port of ports) serve(portTransport(port), service);
});
