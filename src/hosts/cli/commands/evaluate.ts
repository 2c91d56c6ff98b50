import type { Command } from 'commander';
import { judgementLines } from '../metrics-text.ts';
import { interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

/** `holotype evaluate <model> <photos>` */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('Judge a saved model on labelled photos (test/ where there is one, else val/, else all).')
    .argument('<model>', 'folder that train wrote')
    .argument('<photos>', 'labelled photos, laid out as for train')
    .option('--labels <csv>', 'filename,label')
    .option('--json', 'print one JSON document on stdout')
    .action(async (path: string, photos: string, flags: { labels?: string; json?: boolean }) => {
      const { openSavedModel } = await import('../../../service/saved-model.ts');
      const { evaluate } = await import('../../../service/evaluate.ts');
      const signal = interruptible();
      const counter = new Counter('photos');
      const result = await evaluate(await openSavedModel(path), photos, {
        signal,
        onProgress: counter.show,
        ...(flags.labels === undefined ? {} : { labels: flags.labels }),
      }).finally(counter.clear);
      if (flags.json === true) {
        printJson(result);
        return;
      }
      const { metrics } = result;
      const notes = (): void => {
        for (const warning of result.warnings) log(`Note: ${warning}`);
        for (const { path: photo, reason } of result.skipped) log(`Skipped ${photo}: ${reason}`);
      };
      const [low, high] = metrics.accuracyInterval ?? [null, null];
      const which = result.split === 'all' ? 'photos' : `photos in ${result.split}/`;
      if (metrics.regression !== undefined || metrics.multiLabel !== undefined)
        for (const line of judgementLines(metrics, which)) print(line);
      if (metrics.regression !== undefined) {
        notes();
        return;
      }
      if (metrics.multiLabel === undefined) {
        print(`Right ${metrics.correct} times of ${metrics.count} ${which}: ${percent(metrics.accuracy)}`);
        print(
          `(on new photos like these between ${percent(low)} and ${percent(high)}); macro-F1 ${percent(metrics.macroF1)}.`,
        );
      }
      const width = Math.max(...metrics.perClass.map((one) => one.class.length), 5);
      print(`\n${'class'.padEnd(width)}  photos  found  right when said`);
      for (const one of metrics.perClass) {
        print(
          `${one.class.padEnd(width)}  ${String(one.support).padStart(6)}  ${percent(one.recall).padStart(6)}  ${percent(one.precision)}`,
        );
      }
      notes();
    });
}
