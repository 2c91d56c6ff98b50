import type { Comparison } from '../../../contract/compare.ts';
import type { Api } from '../api.ts';

/** Which backbone suits a project's photos. */
export function compareActions(api: Api) {
  const { call } = api;
  return {
    /** Tries all installed backbones on the project's photos, behind what runs already. */
    start: async (project: string): Promise<void> => {
      const started = await api.attempt(call('compare.start', { project }));
      if (started !== undefined) api.announce('The comparison has begun.');
    },
    /** For useAnswer: what came of it last. */
    latest: (project: string, signal: AbortSignal): Promise<Comparison | null> =>
      call('compare.latest', { project }, { signal }),
  };
}
