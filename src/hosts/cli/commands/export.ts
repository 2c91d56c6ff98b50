import type { Command } from 'commander';
import { bytes, print, printJson } from '../output.ts';

/** `holotype export <model>` */
export function addExport(program: Command): void {
  program
    .command('export')
    .description('Write a saved model in one format, to take it elsewhere.')
    .argument('<model>', 'folder that train wrote')
    .requiredOption('--format <name>', 'onnx, tfjs (also for Teachable Machine) or holotype (all of it)')
    .requiredOption('--out <folder>', 'where to')
    .option('--json', 'print one JSON document on stdout')
    .action(async (path: string, flags: { format: string; out: string; json?: boolean }) => {
      const { openSavedModel } = await import('../../../service/saved-model.ts');
      const { exportTo } = await import('../../../service/deliver.ts');
      const result = await exportTo(await openSavedModel(path), flags.format, flags.out);
      if (flags.json === true) printJson(result);
      else for (const file of result.files) print(`${flags.out}/${file.path}  ${bytes(file.bytes)}`);
    });
}
