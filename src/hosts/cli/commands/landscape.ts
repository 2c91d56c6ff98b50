import type { Command } from 'commander';
import { gridSides } from '../../../contract/choices.ts';
import type { Landscape } from '../../../contract/landscape.ts';
import { integer } from '../arguments.ts';
import { count, duration, interruptible, log, percent, print, printJson } from '../output.ts';
import { Counter } from '../progress-bar.ts';

interface Flags {
  readonly grid: number;
  readonly to?: string;
  readonly photos?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `holotype landscape <run>` */
export function addLandscape(program: Command): void {
  program
    .command('landscape')
    .description('Measure the loss around a trained model: how flat the place is where training ended.')
    .argument('<run>', 'folder that train wrote, or one of a run')
    .option(
      '--grid <n>',
      'points along each side of the plane',
      integer(gridSides.least, gridSides.most),
      gridSides.usual,
    )
    .option('--to <run>', 'another run: follow the straight way to it, too')
    .option('--photos <folder>', 'where the photos are now, if they were moved')
    .option('--seed <n>', 'decides the directions (default: the run’s)', integer(Number.MIN_SAFE_INTEGER))
    .option('--json', 'print one JSON document on stdout')
    .action(async (path: string, flags: Flags) => {
      const { findFinishedRun } = await import('../../../service/landscape/finished-run.ts');
      const { landscapeOf } = await import('../../../service/landscape/landscape.ts');
      const signal = interruptible();
      const run = await findFinishedRun(path);
      const to = flags.to === undefined ? undefined : await findFinishedRun(flags.to);
      const counter = new Counter('steps');
      const { grid, seed, photos } = flags;
      const work = landscapeOf(run, { grid, seed, photos, to }, signal);
      let landscape: Landscape;
      try {
        let stage = '';
        for (;;) {
          const step = await work.next();
          if (step.done === true) {
            landscape = step.value;
            break;
          }
          const { message, done, total } = step.value;
          if (message !== stage) {
            counter.clear();
            log(message);
          }
          stage = message;
          counter.show(done, total);
        }
      } finally {
        counter.clear();
      }
      if (flags.json === true) printJson(landscape);
      else summarize(landscape, run.folder);
    });
}

/** Shades from the lowest loss to the highest. */
const shades = ' .:-=+*#%@';

function summarize(landscape: Landscape, folder: string): void {
  const { plane, sharpness, centre, photos, words, notes, seconds } = landscape;
  const there = sharpness.val?.accuracy ?? null;
  for (const line of drawing(plane.train)) print(`  ${line}`);
  print('Training loss over two random directions; the model is in the middle, darker is higher.');
  print('');
  print(
    `Loss: ${decimal(centre.train.loss)} on ${count(photos.train, 'training photo')}${
      centre.val === null ? '' : `, ${decimal(centre.val.loss)} on ${count(photos.val, 'validation photo')}`
    }.`,
  );
  print(
    `Sharpness: at a distance of ${sharpness.radius} training loss rises by ${decimal(sharpness.train.rise)} ± ${decimal(sharpness.train.error)}${
      sharpness.val === null
        ? ''
        : `, validation loss by ${decimal(sharpness.val.rise)} ± ${decimal(sharpness.val.error)}`
    } (mean of ${sharpness.directions} directions, both ways)${
      there === null ? '' : `; right on ${percent(there)} there`
    }.`,
  );
  for (const sentence of words) print(`- ${sentence}`);
  for (const note of notes) log(`Note: ${note}`);
  print('');
  print(`Saved in ${folder}/landscape.json; measured in ${duration(seconds)}.`);
}

const decimal = (value: number | null): string =>
  value === null ? '–' : String(Number(value.toPrecision(3)));

/** Two characters a point, as wide as they are high; the darkest are the highest tenth of the logarithms. */
function drawing(rows: readonly (readonly (number | null)[])[]): string[] {
  const values = rows.flat().flatMap((loss) => (loss === null ? [] : [Math.log(loss + 1e-6)]));
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  return rows.toReversed().map((row) =>
    row
      .map((loss) => {
        if (loss === null) return '??';
        const shade = Math.min(
          shades.length - 1,
          Math.floor(((Math.log(loss + 1e-6) - low) / range) * shades.length),
        );
        return (shades[shade] ?? '?').repeat(2);
      })
      .join(''),
  );
}
