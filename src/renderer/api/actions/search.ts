import type { ProjectSearch, SearchMethod } from '../../../contract/search.ts';
import type { TrainSettings } from '../../../contract/train-settings.ts';
import type { Api } from '../api.ts';

/** What a search may take: so many trials, or so many seconds. */
export interface SearchWish {
  readonly method: SearchMethod;
  readonly trials?: number;
  readonly budget?: number;
}

/** Better settings for a project's training. */
export function searchActions(api: Api) {
  const { call } = api;
  return {
    /** Searches, behind what runs already. @param settings what stays as it is, where it is not searched */
    start: async (project: string, wish: SearchWish, settings: TrainSettings): Promise<void> => {
      const started = await api.attempt(call('search.start', { project, ...wish, settings }));
      if (started !== undefined) api.announce('The search has begun.');
    },
    /** The last one, as far as it has come. */
    latest: (project: string, signal: AbortSignal): Promise<ProjectSearch | null> =>
      call('search.result', { project }, { signal }),
    /** Saves the settings that were found as a file that the command line takes. */
    saveRecipe: async (project: string): Promise<void> => {
      const recipe = await api.attempt(call('search.recipe', { project }));
      if (recipe !== undefined) await api.attempt(api.host.save(recipe.download, recipe.name));
    },
  };
}
