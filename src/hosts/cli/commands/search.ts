import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { searchMethods, tasks } from '../../../contract/choices.ts';
import type { SearchMethod, SearchResult, SearchTrial, SearchUnderWay } from '../../../contract/search.ts';
import type { TrainOptionsInput } from '../../../contract/train.ts';
import { fraction, integer } from '../arguments.ts';
import { count, duration, interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

interface Flags extends Pick<
  TrainOptionsInput,
  'task' | 'backbone' | 'labels' | 'val' | 'valFraction' | 'testFraction' | 'groupBy' | 'seed' | 'device'
> {
  readonly out?: string;
  readonly method: SearchMethod;
  readonly space: string;
  readonly trials?: number;
  readonly budget?: number;
  readonly resume?: boolean;
  readonly atOnce?: number;
  readonly json?: boolean;
}

/** `holotype search <photos>` */
export function addSearch(program: Command): void {
  program
    .command('search')
    .description('Look for better settings of a training, and keep them as a recipe that train takes.')
    .argument('<photos>', 'labelled photos, laid out as for train; test photos are not looked at')
    .option('--out <folder>', 'where trials and recipe.json go (default: <photos>-search in this folder)')
    .addOption(
      new Option('--method <name>', 'how settings are chosen; auto: by budget and space')
        .choices([...searchMethods])
        .default('auto'),
    )
    .option('--space <file|default>', 'what may be tried: a JSON file of parameters', 'default')
    .option(
      '--trials <n>',
      'settings to try (default: 30, or as many as the budget allows)',
      integer(1, 10_000),
    )
    .option('--budget <time>', 'time it may take in all, such as 90s, 10m or 2h', time)
    .option('--backbone <id|file>', 'only this one (default: the installed ones are compared, too)')
    .addOption(new Option('--task <task>', 'as for train (default: single-label)').choices([...tasks]))
    .option('--labels <csv>', 'filename,label[,split][,group]')
    .option('--val <folder>', 'photos to check on, laid out like the others')
    .option('--val-fraction <f>', 'part of the photos to check on (default: 0.2)', fraction(false))
    .option('--test-fraction <f>', 'part that nothing looks at (default: 0)', fraction(true))
    .option('--group-by <what>', 'keep together: folder, burst, csv:COLUMN, or a regular expression')
    .option('--seed <n>', 'same seed: same trials (default: 0)', integer(Number.MIN_SAFE_INTEGER))
    .option('--device <name>', 'what computes: auto, cpu, webgpu, cuda, ...')
    .option(
      '--at-once <n>',
      'heads trained side by side (default: one a core, as memory allows); results are the same',
      integer(1, 256),
    )
    .option(
      '--resume',
      'go on with the search in the folder; with more --trials or --budget further than it was to go',
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (photos: string, flags: Flags) => {
      const { trainOptionsSchema } = await import('../../../contract/train.ts');
      const { search } = await import('../../../service/search/search.ts');
      const { readSpace } = await import('../../../service/search/default-space.ts');
      const { out, method, space, trials, budget, atOnce, resume = false, json: _json, ...training } = flags;
      const board = new Board();
      const work = search(
        {
          training: trainOptionsSchema.parse({ photos, ...training }),
          out: resolve(out ?? `${basename(resolve(photos)) || 'photos'}-search`),
          method,
          space: space === 'default' ? undefined : await readSpace(space),
          trials,
          budget,
          resume,
          atOnce,
        },
        interruptible(),
      );
      let result: SearchResult;
      try {
        for (;;) {
          const step = await work.next();
          if (step.done === true) {
            result = step.value;
            break;
          }
          const event = step.value;
          if (event.type === 'progress') board.progress(event.progress);
          else if (event.type === 'method') board.say(event.why);
          else if (event.type === 'under-way') board.atOnce(event.atOnce);
          else if (event.type === 'trial') board.trial(event.trial, event.best);
          else if (event.type === 'cut') board.cut(event.cut);
        }
      } finally {
        board.clear();
      }
      if (flags.json === true) printJson(result);
      else summarize(result);
    });
}

function time(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600 }[unit === 's' || unit === 'h' ? unit : 'm'];
  if (number === '' || seconds <= 0) throw new InvalidArgumentError('Give a time such as 90s, 10m or 2h.');
  return seconds;
}

/** Trials as they are done, on stderr. */
class Board {
  readonly #counters = new Map<string, Counter>();
  #message = '';
  #atOnce = 1;

  progress({
    message,
    done,
    total,
    unit,
  }: {
    readonly message: string;
    readonly done: number;
    readonly total?: number | null | undefined;
    readonly unit: string;
  }): void {
    if (message !== this.#message) this.say(message);
    this.#message = message;
    const counter = this.#counters.get(unit) ?? new Counter(unit);
    this.#counters.set(unit, counter);
    if (done > 0) counter.show(done, total ?? undefined);
  }

  trial(trial: SearchTrial, best: SearchTrial | undefined): void {
    const part = trial.share < 1 ? ` after ${percent(trial.share)} of a training` : '';
    const leader =
      best === undefined ? '' : `; best so far: ${named(best.number)}, ${best.score?.loss.toFixed(4) ?? ''}`;
    const head = trial.number === 0 ? '' : `${named(trial.number)}: `;
    this.say(
      `  ${head}${scoreText(trial)}${part}, ${duration(trial.seconds)}: ${pointText(trial.point)}${leader}`,
    );
  }

  /** Says it once. */
  atOnce(heads: number): void {
    if (heads > this.#atOnce) this.say(`Up to ${heads} heads are trained at once.`);
    this.#atOnce = Math.max(heads, this.#atOnce);
  }

  cut({ number, seed }: SearchUnderWay): void {
    const what = `${named(number)}${seed === null ? '' : ` with seed ${seed}`}`;
    this.say(`  cut short: the time was up for ${what}; it does not count.`);
  }

  say(line: string): void {
    this.clear();
    log(line);
  }

  clear(): void {
    for (const counter of this.#counters.values()) counter.clear();
  }
}

const named = (number: number): string => (number === 0 ? 'the usual settings' : `trial ${number}`);

function scoreText({ score, error }: Pick<SearchTrial, 'score' | 'error'>): string {
  if (score === null) return `failed (${error ?? 'unknown'})`;
  return `loss ${score.loss.toFixed(4)}${score.accuracy === null ? '' : `, ${percent(score.accuracy)} right`}`;
}

function pointText(point: SearchTrial['point']): string {
  const entries = Object.entries(point);
  if (entries.length === 0) return 'the usual settings';
  return entries
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'number' ? Number(value.toPrecision(3)) : JSON.stringify(value)}`,
    )
    .join(', ');
}

/** How many trials are shown. */
const shown = 5;

function summarize(result: SearchResult): void {
  print('');
  print(result.verdict);
  print('');
  print(`Best of ${count(result.trials.length, 'trial')}, up to ${count(result.atOnce, 'head')} at once:`);
  for (const trial of result.trials.slice(0, shown))
    print(`  ${scoreText(trial)}: ${pointText(trial.point)}`);
  print('');
  const seeds = Math.max(0, ...result.finalists.map((finalist) => finalist.seeds.length));
  print(`Again over ${count(seeds, 'seed')}:`);
  for (const { number, loss, spread, accuracy } of result.finalists)
    print(
      `  ${named(number)}: loss ${loss.toFixed(4)}${seeds > 1 ? ` ± ${spread.toFixed(4)}` : ''}${accuracy === null ? '' : `, ${percent(accuracy)} right`}`,
    );
  if (result.importance.length > 0) {
    print('');
    print('What mattered (share of the differences that each setting explains by itself):');
    for (const { name, share } of result.importance) print(`  ${name}: ${percent(share)}`);
  }
  print('');
  const { validation } = result.looks;
  print(
    validation === 0
      ? 'Judged by cross-validation within the training photos: no trial looked at the validation photos.'
      : `${count(validation, 'training')} looked at the validation photos: expect a little less on new ones.`,
  );
  if (result.cut > 0)
    print(
      `${count(result.cut, 'training')} under way when the time was up: cut short, and counted nowhere. With a longer --budget, --resume does them.`,
    );
  print(
    `${count(result.counts.test, 'test photo')} set apart and not looked at; ${duration(result.seconds)} in all.`,
  );
  print(`Recipe: ${result.recipe}`);
}
