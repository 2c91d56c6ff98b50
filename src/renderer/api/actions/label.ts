import type { Api } from '../api.ts';

/** What the screen "Label" can do. */
export function labelActions(api: Api) {
  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => api.dispatch({ type: 'label/entered', project }),
  };
}
