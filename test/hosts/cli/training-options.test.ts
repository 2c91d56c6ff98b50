import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { addTrainingOptions, trainingOptions } from '../../../src/hosts/cli/training-options.ts';
import type { TrainingFlags } from '../../../src/hosts/cli/training-options.ts';

/** What `train` would be told; a refusal is thrown. */
function parse(...line: string[]): Record<string, unknown> {
  const command = addTrainingOptions(new Command('train'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const flags = command.parse(line, { from: 'user' }).opts<TrainingFlags>();
  const { lr: _lr, finetuneLr: _tuned, head: _head, batchNorm: _norm, updateBn: _bn, ...same } = flags;
  const options = { photos: 'x', ...same, ...trainingOptions(flags) };
  // Whatever the command line lets through, training takes.
  trainOptionsSchema.parse(options);
  const { photos: _photos, ...told } = options;
  return told;
}

describe('options of the head and its steps', () => {
  it('say nothing but the shape of the head when nothing was said', () => {
    expect(parse()).toEqual({ hidden: [] });
    expect(parse('--head', 'linear')).toEqual({ hidden: [] });
  });

  it.each<[string[], object]>([
    [['--head', 'mlp:256,128'], { hidden: [256, 128] }],
    [['--activation', 'tanh'], { activation: 'tanh' }],
    [['--init', 'he-uniform'], { init: 'he-uniform' }],
    [['--optimizer', 'momentum'], { optimizer: 'momentum' }],
    [['--optimizer', 'rmsprop'], { optimizer: 'rmsprop' }],
    [['--lr', '0.5'], { learningRate: 0.5 }],
    [['--lr', 'find'], { findLearningRate: 'on' }],
    [['--finetune-lr', '0.001'], { finetuneLearningRate: 0.001 }],
    [['--finetune-lr', 'find'], { findFinetuneLearningRate: 'on' }],
    [['--schedule', 'one-cycle'], { schedule: 'one-cycle' }],
    [['--warmup', '0.2'], { warmup: 0.2 }],
    [['--clip', '2'], { clip: 2 }],
    [['--ema', '0'], { ema: 0 }],
    [['--early-stop', 'accuracy:5'], { earlyStop: 'accuracy:5' }],
    [['--weight-decay', '0'], { weightDecay: 0 }],
    [['--l1', '0.001'], { l1: 0.001 }],
    [['--l2', '0.002'], { l2: 0.002 }],
    [['--dropout', '0.5'], { dropout: 0.5 }],
    [['--batch-norm'], { batchNorm: 'on' }],
    [['--update-bn'], { updateBn: 'on' }],
  ])('%j', (line, told) => {
    expect(parse(...line)).toEqual({ hidden: [], ...told });
  });

  it.each([
    [['--head', 'tree'], /linear or mlp/],
    [['--head', 'mlp:0'], /linear or mlp/],
    [['--lr', '0'], /above 0/],
    [['--lr', 'fast'], /or find/],
    [['--finetune-lr', '11'], /at most 10/],
    [['--optimizer', 'lion'], /adamw, adam, momentum, sgd, rmsprop/],
    [['--schedule', 'moon'], /plateau/],
    [['--init', 'luck'], /orthogonal/],
    [['--activation', 'maxout'], /leaky-relu/],
    [['--dropout', '1'], /below 1/],
    [['--l1', '-1'], /0 or more/],
  ])('%j is refused with what would do', (line, message) => {
    expect(() => parse(...line)).toThrow(message);
  });
});
