import type { Advice } from '../../contract/metrics.ts';

/** Settings whose options are called otherwise than they are. */
const names: Readonly<Record<string, string>> = { learningRate: 'lr', finetuneLearningRate: 'finetune-lr' };

/** A piece of advice for people, with the options that act on it: `- It ... (loss 0.3 ...) Train ... [--dropout 0.3]` */
export function adviceLine({ message, evidence, action, fix }: Advice): string {
  const options = Object.entries(fix?.settings ?? {}).map(([key, value]) => option(key, value));
  const how = options.length === 0 ? '' : ` [${options.join(' ')}]`;
  return `- ${message} ${evidence === '' ? '' : `(${evidence.replace(/\.$/, '')}) `}${action}${how}`;
}

/** @param value null: as it is by itself */
function option(key: string, value: unknown): string {
  if (key === 'hidden')
    return value === null || (Array.isArray(value) && value.length === 0)
      ? '--head linear'
      : `--head mlp:${String(value)}`;
  const name = names[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return value === null ? `without --${name}` : `--${name} ${String(value)}`;
}
