/** What the next training does differently: settings as `trainSettingsSchema` has them. */
import type { AdviceFix } from '../../contract/metrics.ts';
import type { EpochPoint } from '../../contract/runs.ts';
import type { CurveInput } from './advice-input.ts';
import { count } from './plain-words.ts';

type Stage = EpochPoint['stage'];
type Fixed = { readonly fix?: AdviceFix };

const rateOf = { head: 'learningRate', finetune: 'finetuneLearningRate' } as const;
const findOf = { head: 'findLearningRate', finetune: 'findFinetuneLearningRate' } as const;
const epochsOf = { head: 'epochs', finetune: 'finetuneEpochs' } as const;
const partOf = { head: '', finetune: ' of fine-tuning' } as const;
/** As settings take it. */
const highestRate = 10;
/** Of a head that overfits. */
const dropout = 0.3;

/** The usual rate, if a person chose this one; else a part of it. */
export function lowerRate(stage: Stage, peak: number, by: number, input: CurveInput): Fixed {
  return usualRate(stage, input) ?? rate(stage, peak / by, input);
}

/** @see lowerRate */
export function higherRate(stage: Stage, peak: number, input: CurveInput): Fixed {
  return usualRate(stage, input) ?? rate(stage, Math.min(highestRate, peak * 10), input);
}

function usualRate(stage: Stage, { options }: CurveInput): Fixed | undefined {
  if (options?.[rateOf[stage]] === undefined) return undefined;
  return {
    fix: { label: `Take the usual learning rate${partOf[stage]}`, settings: { [rateOf[stage]]: null } },
  };
}

function rate(stage: Stage, value: number, { options }: CurveInput): Fixed {
  const rounded = Number(value.toPrecision(2));
  // One that was found was not right, and a rate that is given can't be looked for.
  const given = options?.[findOf[stage]] === 'on' ? { [findOf[stage]]: null } : {};
  return {
    fix: {
      label: `Take a learning rate${partOf[stage]} of ${rounded}`,
      settings: { [rateOf[stage]]: rounded, ...given },
    },
  };
}

/** Twice the epochs. */
export function longer(stage: Stage, epochs: number): Fixed {
  const more = Math.min(10_000, 2 * epochs);
  return {
    fix: {
      label: `Train for ${count(more, 'epoch')}${partOf[stage]}`,
      settings: { [epochsOf[stage]]: more },
    },
  };
}

/** What holds a model back, the simplest that was not tried first. */
export function moreRegularization(stage: Stage, { options = {} }: CurveInput): Fixed {
  if (stage === 'finetune') return { fix: { label: 'Train the head alone', settings: { recipe: 'head' } } };
  if ((options.hidden ?? []).length > 0)
    return { fix: { label: 'Train a head without hidden layers', settings: { hidden: null } } };
  if (options.weightDecay !== undefined)
    return { fix: { label: 'Let training find the weight decay', settings: { weightDecay: null } } };
  if ((options.dropout ?? 0) < dropout)
    return { fix: { label: `Train with a dropout of ${dropout}`, settings: { dropout } } };
  return { fix: { label: 'Go to the photos', go: 'labels' } };
}

/** What lets a model learn more. */
export function morePower(stage: Stage, { options = {} }: CurveInput): Fixed {
  if (stage === 'head' && options.recipe !== 'finetune')
    return { fix: { label: 'Fine-tune the backbone, too', settings: { recipe: 'finetune' } } };
  return { fix: { label: 'Look at the mistakes', go: 'mistakes' } };
}
