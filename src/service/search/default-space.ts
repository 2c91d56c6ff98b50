import { isAugmentPreset } from '../../contract/augment.ts';
import { augmentPresets } from '../../contract/choices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { Task } from '../../contract/project.ts';
import { searchSpaceSchema, searchableSettings } from '../../contract/search.ts';
import type { SearchSpace, SearchSpaceInput, SearchValue } from '../../contract/search.ts';
import { trainSettingsSchema } from '../../contract/train-settings.ts';
import { describeIssues, readJson } from '../../store/atomic.ts';

/**
 * What is worth trying for a head on a person's photos. The optimizer stays AdamW, which reaches what the others do: its
 * rate and decay are what matters. Backbones are compared where several are installed.
 *
 * @param backbones ids of those to choose between
 */
export function defaultSpace(task: Task, backbones: readonly string[]): SearchSpace {
  const parameters: SearchSpaceInput['parameters'] = [
    { type: 'float', name: 'learningRate', low: 1e-4, high: 3e-2, scale: 'log' },
    { type: 'float', name: 'weightDecay', low: 0.03, high: 30, scale: 'log' },
    { type: 'choice', name: 'hidden', choices: [[], [128], [512]] },
    { type: 'float', name: 'dropout', low: 0, high: 0.6 },
    { type: 'choice', name: 'batchSize', choices: [16, 32, 64, 128] },
    { type: 'choice', name: 'flips', choices: ['on', 'off'] },
    ...(task === 'regression' ? [] : [{ type: 'float' as const, name: 'labelSmoothing', low: 0, high: 0.2 }]),
    ...(backbones.length < 2 ? [] : [{ type: 'choice' as const, name: 'backbone', choices: [...backbones] }]),
  ];
  return searchSpaceSchema.parse({ parameters });
}

/**
 * A space from a JSON file.
 *
 * @throws HolotypeError 'bad-usage' when there is no such file, 'bad-input' when it is no space of settings
 */
export async function readSpace(path: string): Promise<SearchSpace> {
  const space = await readJson(path, searchSpaceSchema).catch((error: unknown) => {
    if (error instanceof HolotypeError && error.code === 'not-found')
      throw new HolotypeError('bad-usage', `There is no space "${path}": no such file.`, {
        remedy: 'Give --space default, or a JSON file of parameters.',
        cause: error,
      });
    throw error;
  });
  checkSpace(space);
  return space;
}

/** @throws HolotypeError('bad-input') when a parameter is no setting that can be searched, or may have a wrong value */
export function checkSpace({ parameters }: SearchSpace): void {
  for (const parameter of parameters) {
    const { name } = parameter;
    if (!searchableSettings.some((known) => known === name))
      throw new HolotypeError('bad-input', `"${name}" can't be searched.`, {
        remedy: `A space may name: ${searchableSettings.join(', ')}.`,
      });
    const values: SearchValue[] =
      parameter.type === 'choice' ? parameter.choices : [parameter.low, parameter.high];
    for (const value of values) {
      // A file may be another one tomorrow, when the search goes on.
      if (name === 'augment' && value !== null && !isAugmentPreset(String(value)))
        throw new HolotypeError('bad-input', `"augment" can't be ${JSON.stringify(value)}.`, {
          remedy: `A space may name: ${augmentPresets.join(', ')}.`,
        });
      const parsed = trainSettingsSchema.safeParse(value === null ? {} : { [name]: value });
      if (parsed.success) continue;
      throw new HolotypeError('bad-input', `"${name}" can't be ${JSON.stringify(value)}.`, {
        remedy: `Correct it in the space: ${describeIssues(parsed.error)}.`,
      });
    }
  }
}
