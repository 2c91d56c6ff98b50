import type { Command } from 'commander';
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
      const { pickerRoots } = await import('../../web/roots.ts');
      const { superviseServer } = await import('../../web/supervise.ts');
      const { host } = flags;
      const server = await superviseServer(
        {
          host,
          // The one that was asked for and no other; without one the usual, or where that is taken, a free one.
          ports: flags.port === undefined ? [usualPort, 0] : [flags.port],
          roots: await pickerRoots(flags.root),
        },
        log,
      );
      if (!isLoopback(host))
        log(
          'Warning: anyone who can reach this machine and has the address below can see and label your photos. ' +
            'The connection is not encrypted. Give the address to nobody, or leave out --host.',
        );
      const { address, port, keys } = server;
      if (flags.json === true) printJson({ address, host, port, token: keys.token });
      else print(address);
      if (signal.aborted) await server.stop();
      else signal.addEventListener('abort', () => void server.stop(), { once: true });
      await server.ended;
    });
}
