import type { z } from 'zod';
import { augmentationSchema } from '../../../contract/augment.ts';
import type { Augmentation } from '../../../contract/augment.ts';
import { HolotypeError } from '../../../contract/errors.ts';

/**
 * Reads a file for `--augment`.
 *
 * @param text JSON as `augmentationSchema` describes it
 * @param name of the file, for messages
 * @throws HolotypeError('bad-input') that names every key that is wrong, with those there are
 */
export function parseAugmentation(text: string, name: string): Augmentation {
  const remedy = `Give JSON like {"flip": {"probability": 0.5}, "crop": {"area": [0.5, 1]}}. Keys: ${Object.keys(augmentationSchema.shape).join(', ')}.`;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new HolotypeError('bad-input', `The augmentation in "${name}" is no JSON.`, { remedy, cause });
  }
  const parsed = augmentationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(inWords).join('; ');
  throw new HolotypeError('bad-input', `The augmentation in "${name}" can't be used: ${wrong}.`, { remedy });
}

function inWords(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `"${where === '' ? '' : `${where}.`}${key}"`);
    return `there is no ${keys.join(' nor ')}`;
  }
  const what = issue.message.replace(/^./, (letter) => letter.toLowerCase());
  return where === '' ? what : `"${where}": ${what}`;
}
