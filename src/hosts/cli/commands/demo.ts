import type { Command } from 'commander';
import { join, resolve } from 'node:path';
import { integer } from '../arguments.ts';
import { interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';
import { runTrain, summarize } from './train.ts';

/** Leaves of each class to learn from, and other ones to try the model on. */
const perClass = 60;
const newPerClass = 12;

/** `holotype demo` */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('Draw photos of leaves, train on them, evaluate: the whole thing once, in about a minute.')
    .option('--out <folder>', 'where photos and model go', 'holotype-demo')
    .option('--backbone <id|file>', 'pretrained network (default: the best one installed)')
    .option('--seed <n>', 'other leaves', integer(0), 1)
    .option('--json', 'print one JSON document on stdout')
    .action(async (flags: { out: string; backbone?: string; seed: number; json?: boolean }) => {
      const { writeDemoPhotos } = await import('../../../service/demo.ts');
      const { openSavedModel } = await import('../../../service/saved-model.ts');
      const { evaluate } = await import('../../../service/evaluate.ts');
      const signal = interruptible();
      const folder = resolve(flags.out);
      const [photos, fresh] = [join(folder, 'photos'), join(folder, 'new-photos')];
      const counter = new Counter('photos');
      log(`Drawing photos of healthy, rusty and mildewed leaves in ${folder}`);
      const { seed } = flags;
      await writeDemoPhotos(photos, { seed, perClass, signal }, counter.show).finally(counter.clear);
      await writeDemoPhotos(fresh, { seed: seed + 1, perClass: newPerClass, signal });

      const { backbone } = flags;
      const options = {
        photos,
        out: join(folder, 'model'),
        seed,
        recipe: 'head' as const, // seconds; fine-tuning Inception-v3 takes minutes
        ...(backbone === undefined ? {} : { backbone }),
      };
      const trained = await runTrain(options, signal);
      log('Trying the model on leaves it has never seen');
      const evaluated = await evaluate(await openSavedModel(trained.model), fresh, { signal });
      if (flags.json === true) {
        printJson({ photos, train: trained, evaluate: evaluated });
        return;
      }
      summarize(trained);
      const { correct, count, accuracy } = evaluated.metrics;
      print(`\nOn ${count} new leaves: right ${correct} times (${percent(accuracy)}).`);
      print('Open the report in a browser, then try your own photos:');
      print('  npx holotype train <folder with a folder per class>');
    });
}
