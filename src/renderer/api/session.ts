import { createClient, type CallOptions, type Client } from '../../contract/client.ts';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { EventName, EventPayload } from '../../contract/events.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../contract/methods.ts';
import type { ConnectReason } from '../../contract/shell.ts';
import type { Dispatch } from '../state/action.ts';
import type { Host } from './host.ts';

/** One connection after the other to the engine, as if they were one. */
export interface Session {
  /** As {@link Client.call}; @throws HolotypeError 'failed' when there is no connection now */
  readonly call: <M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    options?: CallOptions,
  ) => Promise<MethodOutput<M>>;
  /** Hears an event over all connections, present and future. */
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void;
  /** Called after each connection is made: everything may be another than it was. */
  onConnected(listener: () => void): void;
  /** Asks for a connection. */
  connect(reason: ConnectReason): void;
}

type Subscribe = (client: Client) => () => void;

/**
 * Connects to the engine, keeps connected, and tells the store how that goes.
 * @param refused told when the engine refuses a subscription or sends something malformed: a defect
 */
export function createSession(
  host: Host,
  dispatch: Dispatch,
  refused: (error: HolotypeError) => void,
): Session {
  let client: Client | undefined;
  /** How to subscribe, and how to end what is subscribed now. */
  const subscriptions = new Map<Subscribe, () => void>();
  const connected = new Set<() => void>();

  const drop = (): void => {
    const last = client;
    client = undefined;
    last?.close();
  };

  host.listen({
    engine: (transport) => {
      drop();
      let closed = false;
      // Before the client hears of it, so that its subscriptions' ends are known to be no defect.
      transport.onClose(() => {
        closed = true;
        if (client === mine) client = undefined;
      });
      const mine: Client = createClient(transport);
      if (closed) return;
      client = mine;
      for (const subscribe of subscriptions.keys()) subscriptions.set(subscribe, subscribe(mine));
      mine.call('app.info', {}).then(
        (info) => {
          if (client !== mine) return;
          dispatch({ type: 'connection/ready', info });
          for (const tell of connected) tell();
        },
        (error: unknown) => {
          if (client !== mine) return;
          dispatch({ type: 'connection/lost', message: toErrorShape(error).message, retry: false });
        },
      );
    },
    stopped: (message, retry) => {
      drop();
      dispatch({ type: 'connection/lost', message, retry });
    },
  });

  return {
    call: (method, input, options) => {
      if (client !== undefined) return client.call(method, input, options);
      return Promise.reject(
        new HolotypeError('failed', 'There is no connection to the engine at the moment.', {
          remedy: 'Wait until it is back, then try again. What was saved is safe.',
        }),
      );
    },
    on: (event, listener) => {
      const subscribe: Subscribe = (to) =>
        to.subscribe(event, listener, (error) => {
          // Closing ends every subscription; the next connection takes them up again.
          if (client === to) refused(error);
        });
      subscriptions.set(subscribe, client === undefined ? () => undefined : subscribe(client));
      return () => {
        subscriptions.get(subscribe)?.();
        subscriptions.delete(subscribe);
      };
    },
    onConnected: (listener) => connected.add(listener),
    connect: (reason) => {
      dispatch({ type: 'connection/connecting' });
      host.request(reason);
    },
  };
}
