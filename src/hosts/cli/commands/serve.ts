import type { Command } from 'commander';
import { toErrorShape } from '../../../contract/errors.ts';
import type { WebHost, WebHostOptions } from '../../web/host.ts';
import { integer } from '../arguments.ts';
import { interruptible, log, printJson, print } from '../output.ts';

/** Used when it is free, so that an SSH tunnel or a bookmark fits the next time. */
const usualPort = 8642;

interface ServeFlags {
  readonly port?: number;
  readonly host: string;
  readonly root?: string[];
  readonly json?: boolean;
}

/** `holotype serve` */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('The window in a browser: prints the address to open, and runs until Ctrl-C.')
    .option(
      '--port <n>',
      `port to listen on; 0: a free one (default: ${usualPort}, or a free one)`,
      integer(0, 65_535),
    )
    .option(
      '--host <address>',
      'address to listen on; others than your own machine reach it then',
      '127.0.0.1',
    )
    .option(
      '--root <folder...>',
      'folders in which photos may be chosen (default: your home folder and drives)',
    )
    .option('--json', 'print one JSON document with the address on stdout')
    .action(async (flags: ServeFlags) => {
      const signal = interruptible();
      const { isLoopback } = await import('../../web/access.ts');
      const { loadRenderer, rendererFolder } = await import('../../web/renderer-files.ts');
      const { pickerRoots } = await import('../../web/roots.ts');
      const { createLocalService, logCrashes } = await import('../../../service/app/local.ts');
      const { ownVersion } = await import('../../../service/about.ts');
      const renderer = await loadRenderer(await rendererFolder());
      const roots = await pickerRoots(flags.root);
      const service = createLocalService({ version: ownVersion(), host: 'web', pickerRoots: roots });
      logCrashes(service);
      const host = await start({ service, renderer, host: flags.host }, flags.port);
      if (!isLoopback(flags.host))
        log(
          'Warning: anyone who can reach this machine and has the address below can see and label your photos. ' +
            'The connection is not encrypted. Give the address to nobody, or leave out --host.',
        );
      const { address, port, token } = host;
      if (flags.json === true) printJson({ address, host: flags.host, port, token });
      else print(address);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await host.close();
    });
}

/** On the port that was asked for and no other; without one, on the usual one or, where that is taken, a free one. */
async function start(options: Omit<WebHostOptions, 'port'>, port: number | undefined): Promise<WebHost> {
  const { startWebHost } = await import('../../web/host.ts');
  if (port !== undefined) return startWebHost({ ...options, port });
  try {
    return await startWebHost({ ...options, port: usualPort });
  } catch (error) {
    if (toErrorShape(error).code !== 'busy') throw error;
    return startWebHost({ ...options, port: 0 });
  }
}
