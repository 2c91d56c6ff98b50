import type { Api } from '../api.ts';

export function connectionActions(api: Api) {
  return {
    /** A person asks for the engine after it stopped. */
    reconnect: (): void => api.session.connect('person'),
  };
}
