import type { Command } from 'commander';
import { interruptible, log, print, printJson } from '../output.ts';

/** `holotype devices` */
export function addDevices(program: Command): void {
  program
    .command('devices')
    .description('What can train here, and why the rest cannot; each is tested against the processor first.')
    .option('--bench', 'time a real step on each')
    .option('--json', 'print one JSON document on stdout')
    .action(async (flags: { bench?: boolean; json?: boolean }) => {
      const { listDevices } = await import('../../../service/devices.ts');
      const list = await listDevices({
        bench: flags.bench === true,
        signal: interruptible(),
        onDevice: ({ id, state }) => {
          if (flags.bench === true) log(`${id}: ${state}`); // timing takes its time
        },
      });
      if (flags.json === true) {
        printJson(list);
        return;
      }
      const { drawDevices } = await import('../draw-devices.ts');
      print(drawDevices(list));
    });
}
