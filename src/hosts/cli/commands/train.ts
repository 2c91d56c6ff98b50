import type { Command } from 'commander';
import { Option } from 'commander';
import { augmentPresets, recipes, samplings, tasks } from '../../../contract/choices.ts';
import type { Task } from '../../../contract/project.ts';
import type { TrainSettings } from '../../../contract/train-settings.ts';
import type { Sampling, TrainOptionsInput, TrainResult } from '../../../contract/train.ts';
import { amount, fraction, integer } from '../arguments.ts';
import { adviceLine } from '../advice-line.ts';
import { judgementLines, testLine } from '../metrics-text.ts';
import { count, duration, interruptible, print, printJson } from '../output.ts';
import { ProgressBar } from '../progress-bar.ts';
import { addTrainingOptions, trainingOptions } from '../training-options.ts';
import type { TrainingFlags } from '../training-options.ts';

interface Flags extends TrainingFlags {
  out?: string;
  backbone?: string;
  recipe: string;
  epochs?: number;
  batchSize?: number;
  task?: Task;
  loss?: string;
  classWeights?: string;
  sampling?: Sampling;
  freezeUntil?: string;
  finetuneEpochs?: number;
  finetuneBatchSize?: number;
  layerDecay?: number;
  labelSmoothing?: number;
  views?: number;
  flips?: 'auto' | 'on' | 'off';
  augment?: string;
  mixup?: number;
  cutmix?: number;
  resize?: 'squash' | 'crop' | 'pad';
  val?: string;
  valFraction?: number;
  testFraction?: number;
  groupBy?: string;
  labels?: string;
  seed?: number;
  device: string;
  resume?: boolean;
  json?: boolean;
}

/** `holotype train <photos>` */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('Train a classifier from a folder of photos.')
    .argument(
      '<photos>',
      'a folder per class; or train/ and val/ with a folder per class; or photos and a CSV',
    )
    .option('--out <folder>', 'where the model goes (default: <photos>-model in this folder)')
    .option('--backbone <id|file>', 'pretrained network (default: the best one installed)')
    .option(
      '--recipe <recipe|file>',
      'head: a new head on a frozen backbone; finetune: then its last blocks, too; auto: what validation prefers; or a file of settings that search wrote',
      'auto',
    )
    .addOption(
      new Option(
        '--task <task>',
        'one class a photo; labels, several with ; between them; or a number in a column "target" (default: single-label)',
      ).choices([...tasks]),
    )
    .option('--epochs <n>', 'passes over the training photos', integer(1, 10_000))
    .option('--batch-size <n>', 'photos a step learns from (default: 64)', integer(1, 4096));
  addTrainingOptions(command)
    .option(
      '--loss <name>',
      'cross-entropy, focal[:gamma]; several labels: binary-cross-entropy, focal[:gamma]; numbers: mse, mae, huber[:delta]',
    )
    .option(
      '--class-weights <what>',
      'balanced: rare classes count more; none; or a file of class,weight (default: none)',
    )
    .addOption(
      new Option(
        '--sampling <how>',
        'shuffle: every photo once an epoch; balanced: every class equally often (default: shuffle)',
      ).choices([...samplings]),
    )
    .option(
      '--freeze-until <block>',
      'fine-tuning leaves the backbone as it is up to this block; none: trains all of it (default: about two thirds)',
    )
    .option('--finetune-epochs <n>', 'passes of fine-tuning over the training photos', integer(1))
    .option('--finetune-batch-size <n>', 'photos a step of fine-tuning learns from (default: 32)', integer(1))
    .option(
      '--layer-decay <f>',
      "share of the next block's rate each block learns at (default: 0.9)",
      amount(0, { above: true, most: 1 }),
    )
    .option('--label-smoothing <f>', 'share of each target spread over all classes', fraction(true))
    .option('--views <n>', 'different cuts of each photo to fine-tune on (default: one an epoch)', integer(1))
    .addOption(new Option('--flips <when>', 'learn from mirrored copies too').choices(['auto', 'on', 'off']))
    .option(
      '--augment <preset|file>',
      `how photos are changed for learning: ${augmentPresets.join(', ')}, or a JSON file (default: standard)`,
    )
    .option(
      '--mixup <alpha>',
      'fine-tune on averages of two photos; 0.2 is usual (default: 0, off)',
      amount(0, { most: 100 }),
    )
    .option(
      '--cutmix <alpha>',
      'fine-tune with a part of one photo pasted into another; 1 is usual (default: 0, off)',
      amount(0, { most: 100 }),
    )
    .addOption(
      new Option('--resize <how>', 'how photos are fitted to the input').choices(['squash', 'crop', 'pad']),
    )
    .option('--val <folder>', 'photos to check on, laid out like the others')
    .option('--val-fraction <f>', 'part of the photos to check on (default: 0.2)', fraction(false))
    .option('--test-fraction <f>', 'part that nothing looks at before the end (default: 0)', fraction(true))
    .option('--group-by <what>', 'keep together: folder, burst, csv:COLUMN, or a regular expression')
    .option('--labels <csv>', 'filename,label[,split][,group]')
    .option(
      '--seed <n>',
      'same seed, same machine: same model (default: 0)',
      integer(Number.MIN_SAFE_INTEGER),
    )
    .option(
      '--device <name>',
      'auto (the fastest that passes a test), cpu, webgpu, dml, coreml, cuda',
      'auto',
    )
    .option('--resume', 'go on where a stopped training of the same kind had got to')
    .option('--json', 'print one JSON document on stdout')
    .action(async (photos: string, flags: Flags, own: Command) => {
      const result = await runTrain(await optionsOf(photos, flags, own));
      if (flags.json === true) printJson(result);
      else summarize(result);
    });
}

/** What is said on the command line goes before what a recipe's file says. */
async function optionsOf(photos: string, flags: Flags, own: Command): Promise<TrainOptionsInput> {
  const {
    lr: _lr,
    head: _head,
    batchNorm: _norm,
    updateBn: _bn,
    finetuneLr: _finetuneLr,
    json: _json,
    recipe: named,
    device,
    ...same
  } = flags;
  const recipe = recipes.find((one) => one === named);
  const { quality: _quality, ...file }: TrainSettings =
    recipe === undefined ? await readRecipeFile(named) : {};
  const { hidden, ...said } = trainingOptions(flags);
  // A rate that is to be looked for is none that is given.
  if (said.findLearningRate === 'on') delete file.learningRate;
  if (said.findFinetuneLearningRate === 'on') delete file.finetuneLearningRate;
  const isSaid = (name: string): boolean => own.getOptionValueSource(name) !== 'default';
  return {
    photos,
    ...file,
    ...same,
    ...said,
    ...(isSaid('head') || file.hidden === undefined ? { hidden } : {}),
    ...(isSaid('device') || file.device === undefined ? { device } : {}),
    ...(recipe === undefined ? {} : { recipe }),
  };
}

async function readRecipeFile(path: string): Promise<TrainSettings> {
  const { readRecipe } = await import('../../../service/search/recipe-file.ts');
  return readRecipe(path);
}

/** Trains with a progress bar and Ctrl-C. */
export async function runTrain(options: TrainOptionsInput, signal = interruptible()): Promise<TrainResult> {
  const { train } = await import('../../../service/train/train.ts');
  const bar = new ProgressBar();
  try {
    const job = train(options, signal);
    for (;;) {
      const { value, done } = await job.next();
      if (done === true) return value;
      bar.show(value);
    }
  } finally {
    bar.clear();
  }
}

/** What a person wants to know, in a few lines. */
export function summarize(result: TrainResult): void {
  const { val, test } = result.metrics;
  print('');
  for (const line of judgementLines(val, 'photos it did not learn from')) print(line);
  if (test !== undefined && test.count > 0) print(testLine(test));
  const { rateSearch } = result.chosen;
  if (rateSearch?.found === true) print(`Learning rate that was found: ${rateSearch.chosen}.`);
  const tuning = result.chosen.finetune?.rateSearch;
  if (tuning?.found === true) print(`Learning rate of fine-tuning that was found: ${tuning.chosen}.`);
  if (result.chosen.finetune !== undefined) print(result.chosen.finetune.why);
  const skipped = result.counts.skipped === 0 ? '' : `, ${result.counts.skipped} skipped (see the report)`;
  const classes =
    result.task === 'regression'
      ? ''
      : `${count(result.classes.length, result.task === 'multi-label' ? 'label' : 'class', result.task === 'multi-label' ? 'labels' : 'classes')}; `;
  print(
    `${classes}${result.counts.train} photos to learn from, ${result.counts.val} to check on${skipped}; ${duration(result.seconds.total)}.`,
  );
  for (const advice of result.advice) print(adviceLine(advice));
  print('');
  print(`Model:  ${result.model}`);
  print(`Report: ${result.report}`);
}
