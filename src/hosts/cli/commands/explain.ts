import { Option, type Command } from 'commander';
import { explainMethods } from '../../../contract/choices.ts';
import { HolotypeError } from '../../../contract/errors.ts';
import type { Explanation } from '../../../contract/runs.ts';
import { count, interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

interface Flags {
  readonly out: string;
  readonly class?: string;
  readonly method?: Explanation['method'];
  readonly json?: boolean;
}

/** `holotype explain <model> <photos...>` */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('Show where in photos a saved model looks.')
    .argument('<model>', 'folder that train wrote')
    .argument('<photos...>', 'photos, or folders of photos')
    .requiredOption('--out <folder>', 'folder for the pictures')
    .option('--class <name>', 'what speaks for this class; default: for each photo’s own answer')
    .addOption(
      new Option('--method <method>', 'default: grad-cam where the network has a map').choices([
        ...explainMethods,
      ]),
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (path: string, photos: string[], flags: Flags) => {
      const { openSavedModel } = await import('../../../service/saved-model.ts');
      const { explainPhotos } = await import('../../../service/explain/explain-photos.ts');
      const signal = interruptible();
      const model = await openSavedModel(path);
      const counter = new Counter('photos');
      const options = { ...flags, signal, onProgress: counter.show };
      const result = await explainPhotos(model, photos, options).finally(counter.clear);
      if (flags.json === true) printJson(result);
      else {
        for (const { path: photo, class: name, probability, picture } of result.results)
          print(`${photo}\t${name}\t${percent(probability)}\t${picture}`);
        log(`${count(result.results.length, 'picture')}: ${flags.out}`);
      }
      for (const { path: photo, reason } of result.failed) log(`Skipped ${photo}: ${reason}`);
      if (result.results.length === 0 && flags.json !== true)
        throw new HolotypeError('bad-input', 'None of the files is a photo that can be read.');
      if (result.results.length === 0) process.exitCode = 3;
    });
}
