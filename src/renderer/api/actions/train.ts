import type { Api } from '../api.ts';

/** What the screen "Train" can do. */
export function trainActions(api: Api) {
  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => api.dispatch({ type: 'train/entered', project }),
  };
}
