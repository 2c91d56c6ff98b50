import type { Api } from '../api.ts';

/** What the screen "Judge" can do. */
export function judgeActions(api: Api) {
  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => api.dispatch({ type: 'judge/entered', project }),
  };
}
