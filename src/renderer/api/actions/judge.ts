import type { Api } from '../api.ts';

/** What the screen "Judge" can do; labels and runs have their own actions. */
export function judgeActions(api: Api) {
  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => api.dispatch({ type: 'judge/entered', project }),
    /** A label was mended here. */
    mended: (): void => api.dispatch({ type: 'judge/mended' }),
  };
}
