import { HolotypeError } from '../../contract/errors.ts';
import { recipeFileSchema } from '../../contract/search.ts';
import type { RecipeFile } from '../../contract/search.ts';
import type { TrainSettings } from '../../contract/train-settings.ts';
import { readJson, writeJsonAtomic } from '../../store/atomic.ts';

/**
 * The settings in a recipe file.
 *
 * @throws HolotypeError 'bad-usage' when there is no such file, 'bad-input' when it is no recipe
 */
export async function readRecipe(path: string): Promise<TrainSettings> {
  try {
    return (await readJson(path, recipeFileSchema)).settings;
  } catch (error) {
    if (!(error instanceof HolotypeError)) throw error;
    const missing = error.code === 'not-found';
    throw new HolotypeError(
      missing ? 'bad-usage' : error.code,
      missing
        ? `There is no recipe "${path}", and no such file.`
        : `The recipe can't be used: ${error.message}`,
      { remedy: 'Give auto, head, finetune, or a file that `holotype search` wrote.', cause: error },
    );
  }
}

/** Settings as a recipe file has them. @param note where they come from, for people */
export const recipeOf = (settings: TrainSettings, note: string): RecipeFile => ({
  format: 'holotype-recipe',
  version: 1,
  settings,
  note,
});

/** Writes settings as a file that `train --recipe` takes. @throws HolotypeError('storage') */
export function writeRecipe(path: string, settings: TrainSettings, note: string): Promise<void> {
  return writeJsonAtomic(path, recipeOf(settings, note));
}
