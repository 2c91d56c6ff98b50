/** The process that serves page, contract and pictures; started, and when it crashes started again, by supervise.ts. */
import { toErrorShape } from '../../contract/errors.ts';
import { ownVersion } from '../../service/about.ts';
import { createLocalService, logCrashes } from '../../service/app/local.ts';
import { startWebHost, type WebHost, type WebHostOptions } from './host.ts';
import { loadRenderer, rendererFolder } from './renderer-files.ts';
import type { FromServer, ServerOptions, ToServer } from './server-messages.ts';

let running: WebHost | undefined;

const tell = (message: FromServer): void => {
  process.send?.(message);
};

async function start({ host, ports, roots, keys }: ServerOptions): Promise<void> {
  const renderer = await loadRenderer(await rendererFolder());
  const service = createLocalService({ version: ownVersion(), host: 'web', pickerRoots: roots });
  logCrashes(service);
  running = await listen({ service, renderer, host, ...(keys === undefined ? {} : { keys }) }, ports);
  tell({ kind: 'ready', port: running.port, address: running.address, keys: running.keys });
}

async function listen(options: Omit<WebHostOptions, 'port'>, ports: readonly number[]): Promise<WebHost> {
  const [port = 0, ...others] = ports;
  try {
    return await startWebHost({ ...options, port });
  } catch (error) {
    if (others.length === 0 || toErrorShape(error).code !== 'busy') throw error;
    return listen(options, others);
  }
}

async function quit(): Promise<void> {
  await running?.close();
  process.exit(0);
}

process.on('message', (message: ToServer) => {
  if (message.kind === 'quit') void quit();
  else
    start(message.options).catch((error: unknown) => {
      tell({ kind: 'failed', error: toErrorShape(error) });
    });
});
// Ctrl-C reaches all processes of a terminal; this one is asked to end by the one that started it, which may be gone.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => void quit());
