import { createClient, type Client } from '../../contract/client.ts';
import { toErrorShape } from '../../contract/errors.ts';
import type { Dispatch } from '../state/state.ts';
import type { Shell } from './shell.ts';

/** What the screens can ask for; results arrive as actions in the store. */
export interface Engine {
  /** Loads the list of projects again. */
  readonly reload: () => void;
  readonly forgetProject: (id: string) => void;
  /** A person asks for the engine after it stopped. */
  readonly reconnect: () => void;
}

/** Connects to the engine, keeps connected, and turns all it says into actions. */
export function connectEngine(shell: Shell, dispatch: Dispatch): Engine {
  let client: Client | undefined;

  const load = (from: Client): void => {
    dispatch({ type: 'projects-loading' });
    from.call('projects.list', {}).then(
      (projects) => dispatch({ type: 'projects-loaded', projects }),
      // A connection that is already replaced has nothing to say about the new one's list.
      (error: unknown) => {
        if (client === from) dispatch({ type: 'projects-failed', error: toErrorShape(error) });
      },
    );
  };
  const fail = (error: unknown): void => dispatch({ type: 'action-failed', error: toErrorShape(error) });
  const request = (reason: 'automatic' | 'person'): void => {
    dispatch({ type: 'connecting' });
    shell.request(reason);
  };

  shell.listen({
    engine: (transport) => {
      client?.close();
      const mine = createClient(transport);
      client = mine;
      mine.onClose(() => {
        if (client === mine) client = undefined;
      });
      mine.subscribe(
        'projects.changed',
        ({ projects }) => dispatch({ type: 'projects-loaded', projects }),
        fail,
      );
      mine.call('app.info', {}).then((info) => dispatch({ type: 'connected', info }), fail);
      load(mine);
    },
    stopped: (message, retry) => {
      client?.close();
      client = undefined;
      dispatch({ type: 'engine-stopped', message, retry });
      if (retry) shell.request('automatic');
    },
  });
  request('automatic');

  return {
    reload: () => {
      if (client === undefined) request('person');
      else load(client);
    },
    forgetProject: (id) => {
      client
        ?.call('projects.forget', { id })
        .then((projects) => dispatch({ type: 'projects-loaded', projects }), fail);
    },
    reconnect: () => request('person'),
  };
}
