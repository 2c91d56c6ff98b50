import type { Advice } from '../../contract/metrics.ts';

/** Settings whose options are called otherwise than they are. */
const names: Readonly<Record<string, string>> = { learningRate: 'lr', finetuneLearningRate: 'finetune-lr' };

/** Settings that a number after --lr or --finetune-lr says no to by itself. */
const replaced: readonly string[] = ['findLearningRate', 'findFinetuneLearningRate'];

/** A piece of advice for people, with the options that act on it: `- It ... (loss 0.3 ...) Train ... [--dropout 0.3]` */
export function adviceLine({ message, evidence, action, fix }: Advice): string {
  const options = Object.entries(fix?.settings ?? {})
    .filter(([key]) => !replaced.includes(key))
    .map(([key, value]) => option(key, value));
  const how = options.length === 0 ? '' : ` [${options.join(' ')}]`;
  return `- ${message} ${evidence === '' ? '' : `(${evidence.replace(/\.$/, '')}) `}${action}${how}`;
}

/** Settings whose options take no value. */
const flags: readonly string[] = ['batchNorm', 'updateBn'];

type Setting = NonNullable<NonNullable<Advice['fix']>['settings']>[string];

/** @param value null: as it is by itself */
function option(key: string, value: Setting): string {
  const widths = Array.isArray(value) ? value : [];
  if (key === 'hidden') return widths.length === 0 ? '--head linear' : `--head mlp:${widths.join(',')}`;
  const name = names[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (flags.includes(key)) return value === 'on' ? `--${name}` : `without --${name}`;
  return value === null ? `without --${name}` : `--${name} ${Array.isArray(value) ? value.join(',') : value}`;
}
