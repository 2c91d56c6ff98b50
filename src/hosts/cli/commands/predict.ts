import type { Command } from 'commander';
import { sayNovelty } from '../../../contract/doubt.ts';
import { HolotypeError } from '../../../contract/errors.ts';
import { count, interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

/** `holotype predict <model> <photos...>` */
export function addPredict(program: Command): void {
  program
    .command('predict')
    .description('Let a saved model answer for photos or folders of photos.')
    .argument('<model>', 'folder that train wrote')
    .argument('<photos...>', 'photos, or folders of photos')
    .option('--csv <file>', 'write the answers as a table')
    .option('--sort-into <folder>', 'copy the photos into a folder per answer')
    .option('--json', 'print one JSON document on stdout')
    .action(
      async (path: string, photos: string[], flags: { csv?: string; sortInto?: string; json?: boolean }) => {
        const { openSavedModel } = await import('../../../service/saved-model.ts');
        const { predict } = await import('../../../service/predict.ts');
        const { checkSortable, sortInto, writeCsv } = await import('../../../service/deliver.ts');
        const signal = interruptible();
        const model = await openSavedModel(path);
        const { task } = model.about;
        if (flags.sortInto !== undefined) checkSortable(task);
        const counter = new Counter('photos');
        const result = await predict(model, photos, { signal, onProgress: counter.show }).finally(
          counter.clear,
        );
        if (flags.csv !== undefined) await writeCsv(flags.csv, model.about, result);
        if (flags.sortInto !== undefined)
          await sortInto(flags.sortInto, result.results, {
            signal,
            onProgress: (done) => counter.show(done, result.results.length),
          }).finally(counter.clear);
        if (flags.json === true) printJson(result);
        else {
          for (const { path: photo, note, ...answer } of result.results) {
            const said =
              answer.unknown && task === 'single-label'
                ? `unknown (perhaps ${answer.label})`
                : answer.label === ''
                  ? 'no label'
                  : answer.label;
            const sure = task === 'regression' ? [] : [percent(answer.confidence)];
            print([photo, said, ...sure, ...(note === undefined ? [] : [note])].join('\t'));
          }
          const said = result.novelty === undefined ? undefined : sayNovelty(result.novelty);
          if (said !== undefined) log(`${said.title} ${said.detail}`);
          if (flags.csv !== undefined) log(`Table: ${flags.csv}`);
          if (flags.sortInto !== undefined)
            log(`Copies of ${count(result.results.length, 'photo')}: ${flags.sortInto}`);
        }
        for (const { path: photo, reason } of result.failed) log(`Skipped ${photo}: ${reason}`);
        if (result.results.length === 0 && flags.json !== true)
          throw new HolotypeError('bad-input', 'None of the files is a photo that can be read.');
        if (result.results.length === 0) process.exitCode = 3;
      },
    );
}
