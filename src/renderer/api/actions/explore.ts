import { toErrorShape } from '../../../contract/errors.ts';
import type { ExploreSettings } from '../../../contract/explore.ts';
import type { Api } from '../api.ts';

/** Looking through a project's photos; labels have their own actions. */
export function exploreActions(api: Api) {
  const { call, dispatch } = api;
  return {
    /** Fetches what was found last, as far as it has come. */
    load: async (project: string): Promise<void> => {
      dispatch({ type: 'explore/loading', project });
      try {
        dispatch({ type: 'explore/found', project, found: await call('explore.result', { project }) });
      } catch (error) {
        dispatch({ type: 'explore/failed', project, error: toErrorShape(error) });
      }
    },
    /** Looks through the photos (again). */
    start: async (
      project: string,
      settings: Partial<Pick<ExploreSettings, 'method' | 'groups'>>,
    ): Promise<void> => {
      if ((await api.attempt(call('explore.start', { project, settings }))) !== undefined)
        api.announce('Looking through the photos.');
    },
  };
}
