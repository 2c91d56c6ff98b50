// The engine's process: serves the contract to every port it is handed. Runs under Electron's utility
// process, where `process.parentPort` is the way to the main process.
import { toErrorShape } from '../../src/contract/errors.ts';
import { serve } from '../../src/contract/server.ts';
import { portTransport } from '../../src/contract/transport.ts';
import { createLocalService, logCrashes } from '../../src/service/app/local.ts';
import { startProbesWith } from '../../src/service/probe-process.ts';
import { saveDownload } from '../../src/service/save-download.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Answer, FromChild, Question, ToChild } from './child-messages.ts';
import { createLaunches } from './launches.ts';
import { serveMedia } from './media-port.ts';

const main = process.parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
const tellMain = (message: FromChild): void => main.postMessage(message);
const launches = createLaunches(tellMain);
startProbesWith(launches.probe);
const service = createLocalService({
  version: packageJson.version,
  host: 'desktop',
  launchWorker: launches.worker,
});
logCrashes(service);

async function answer(question: Question): Promise<Answer> {
  try {
    switch (question.about) {
      case 'grant':
        return { about: 'grant', places: question.paths.map((path) => service.places.grant(path)) };
      case 'save':
        await saveDownload(service.downloads, question.download, question.path);
        return { about: 'save' };
      case 'logs':
        return { about: 'logs', folder: service.logsFolder };
      default:
        return question satisfies never;
    }
  } catch (error) {
    const { message, remedy = '' } = toErrorShape(error);
    return { about: 'trouble', message, remedy };
  }
}

main.on('message', ({ data, ports: [port] }) => {
  const message: ToChild = data;
  if (launches.hear(message, port)) return;
  if (message.kind === 'connect' && port !== undefined) serve(portTransport(port), service);
  if (message.kind === 'media' && port !== undefined) serveMedia(portTransport(port), service.media);
  if (message.kind === 'ask')
    void answer(message.question).then((said) => tellMain({ kind: 'answer', id: message.id, answer: said }));
  if (message.kind === 'quit') void service.close().finally(() => process.exit(0));
});
