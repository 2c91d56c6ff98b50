import { HolotypeError } from '../../contract/errors.ts';

/** The index of a class. @throws HolotypeError('bad-usage') when the model knows no such class */
export function classIndex(classes: readonly string[], name: string): number {
  const index = classes.indexOf(name);
  if (index >= 0) return index;
  throw new HolotypeError('bad-usage', `The model knows no class "${name}".`, {
    remedy: `It knows: ${classes.join(', ')}.`,
  });
}
