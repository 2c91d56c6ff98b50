import { Option, type Command } from 'commander';
import { tasks } from '../../../contract/choices.ts';
import type { Task } from '../../../contract/project.ts';
import type { ToldProgress } from '../../../service/jobs/jobs.ts';
import { integer } from '../arguments.ts';
import { drawComparison } from '../draw-comparison.ts';
import { interruptible, log, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

interface Flags {
  readonly models?: string;
  readonly labels?: string;
  readonly task?: Task;
  readonly groupBy?: string;
  readonly folds?: number;
  readonly device: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** `holotype compare <photos>` */
export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('Rank the installed backbones by how well they do on your own photos.')
    .argument('<photos>', 'labelled photos, laid out as for train; those in test/ are not looked at')
    .option('--models <ids>', 'only these, with commas between (default: all that are installed)')
    .option('--labels <csv>', 'filename,label[,split][,group], or target for numbers')
    .addOption(
      new Option('--task <task>', 'what is said of a photo (default: single-label)').choices([...tasks]),
    )
    .option('--group-by <rule>', 'keep photos together: folder, burst, csv:COLUMN or a regular expression')
    .option('--folds <n>', 'parts the photos are divided into (default: 5)', integer(2, 20))
    .option('--device <device>', 'what computes: auto, cpu, webgpu, cuda, ...', 'auto')
    .option('--seed <n>', 'of the division into folds', integer(0), 0)
    .option('--json', 'print one JSON document on stdout')
    .action(async (photos: string, flags: Flags) => {
      const { comparePhotos } = await import('../../../service/compare/compare-photos.ts');
      const signal = interruptible();
      const said = new Told();
      const ids = flags.models?.split(',').map((id) => id.trim());
      const result = await comparePhotos(
        photos,
        { ...flags, models: ids?.filter((id) => id !== '') },
        said.show,
        signal,
      ).finally(said.clear);
      if (flags.json === true) printJson(result);
      else print(drawComparison(result));
      for (const { id, error } of result.failed) log(`Could not try ${id}: ${error.message}`);
      for (const { path, reason } of result.skipped) log(`Skipped ${path}: ${reason}`);
    });
}

/** A line for each new thing that is done, with a count on a terminal. */
class Told {
  readonly #counters = new Map<string, Counter>();
  #message = '';

  readonly show = ({ message, done, total, unit }: ToldProgress): void => {
    if (message !== this.#message) {
      this.clear();
      this.#message = message;
      log(message);
    }
    const counter = this.#counters.get(unit) ?? new Counter(unit);
    this.#counters.set(unit, counter);
    counter.show(done, total ?? undefined);
  };

  readonly clear = (): void => {
    for (const counter of this.#counters.values()) counter.clear();
  };
}
