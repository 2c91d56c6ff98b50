import type { Api } from '../api.ts';

/** What the screen "Use" can do. */
export function usingActions(api: Api) {
  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => api.dispatch({ type: 'use/entered', project }),
  };
}
