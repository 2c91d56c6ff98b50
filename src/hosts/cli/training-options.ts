/** Options of `train` that say what a head is made of and how its weights are moved. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { headActivations, initializers, optimizerKinds, scheduleKinds } from '../../contract/choices.ts';
import type { TrainOptionsInput } from '../../contract/train.ts';
import { amount, fraction, list } from './arguments.ts';

/** What commander makes of them. */
export interface TrainingFlags extends Pick<
  TrainOptionsInput,
  | 'optimizer'
  | 'schedule'
  | 'warmup'
  | 'clip'
  | 'ema'
  | 'earlyStop'
  | 'weightDecay'
  | 'l1'
  | 'l2'
  | 'dropout'
  | 'activation'
  | 'init'
> {
  lr?: number | 'find';
  finetuneLr?: number | 'find';
  head: { hidden: number[] };
  batchNorm?: boolean;
  updateBn?: boolean;
}

/** Adds the options to a command. */
export function addTrainingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--head <shape>', 'linear, or mlp:256,128 for hidden layers')
        .argParser(headShape)
        .default({ hidden: [] }, 'linear'),
    )
    .addOption(
      new Option('--activation <name>', 'between hidden layers (default: relu)').choices(headActivations),
    )
    .addOption(
      new Option('--init <name>', 'where weights start (default: what suits the activation)').choices(
        initializers,
      ),
    )
    .addOption(new Option('--optimizer <name>', 'default: adamw').choices(optimizerKinds))
    .option('--lr <rate|find>', 'peak learning rate of the head, or find: tries some first', rate)
    .option(
      '--finetune-lr <rate|find>',
      "peak learning rate of the backbone's last block, or find: tries some first",
      rate,
    )
    .addOption(
      new Option('--schedule <name>', 'how the learning rate changes (default: cosine)').choices(
        scheduleKinds,
      ),
    )
    .option(
      '--warmup <f>',
      'share of the steps in which rates rise (default: 0.05, in fine-tuning 0.1)',
      fraction(true),
    )
    .option(
      '--clip <length>',
      'scales longer gradients down to this (default: none, in fine-tuning 1)',
      amount(0, { above: true }),
    )
    .option(
      '--ema <f>',
      'share of the averaged weights that stays at each step (default: 0, in fine-tuning 0.99)',
      fraction(true),
    )
    .option(
      '--early-stop <metric:n>',
      'ends after n epochs without a better loss or accuracy on validation, such as loss:10; or off',
    )
    .option('--weight-decay <n>', 'strength of regularization (default: a few are compared)', amount(0))
    .option('--l1 <n>', "L1 penalty on the head's weights: makes useless ones zero", amount(0))
    .option('--l2 <n>', "L2 penalty on the head's weights", amount(0))
    .option('--dropout <f>', 'share of what the head reads that is left out in a step', fraction(true))
    .option('--batch-norm', 'batch normalization in the head')
    .option('--update-bn', "in fine-tuning the backbone's batch normalization follows the photos");
}

/** What they say to `train`. */
export function trainingOptions({
  lr,
  finetuneLr,
  head,
  batchNorm,
  updateBn,
}: TrainingFlags): Pick<
  TrainOptionsInput,
  | 'hidden'
  | 'learningRate'
  | 'findLearningRate'
  | 'finetuneLearningRate'
  | 'findFinetuneLearningRate'
  | 'batchNorm'
  | 'updateBn'
> {
  return {
    hidden: head.hidden,
    ...(lr === undefined ? {} : lr === 'find' ? { findLearningRate: 'on' } : { learningRate: lr }),
    ...(finetuneLr === undefined
      ? {}
      : finetuneLr === 'find'
        ? { findFinetuneLearningRate: 'on' }
        : { finetuneLearningRate: finetuneLr }),
    ...(batchNorm === true ? { batchNorm: 'on' } : {}),
    ...(updateBn === true ? { updateBn: 'on' } : {}),
  };
}

function headShape(text: string): { hidden: number[] } {
  if (text === 'linear') return { hidden: [] };
  return { hidden: list(text, /^mlp:/, 'linear or mlp:256,128', 8192) };
}

function rate(text: string): number | 'find' {
  if (text === 'find') return text;
  const number = Number(text);
  if (text.trim() === '' || !(number > 0) || number > 10)
    throw new InvalidArgumentError('Give a number above 0, at most 10, or find.');
  return number;
}
