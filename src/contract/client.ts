import { serverMessageSchema, addressOf, type ClientMessage } from './envelope.ts';
import { fromErrorShape, HolotypeError } from './errors.ts';
import { events, type EventName, type EventPayload } from './events.ts';
import { methods, type MethodInput, type MethodName, type MethodOutput } from './methods.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * Calls a method and waits for its result.
   * @throws HolotypeError what the service said; 'cancelled' when the signal is aborted; 'failed' when the
   *   connection closes first or an answer is not what the contract promises
   */
  call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    options?: CallOptions,
  ): Promise<MethodOutput<M>>;
  /**
   * Hears an event until the returned function is called or the connection closes.
   * @param onError told when the service refuses the subscription or sends something malformed
   */
  subscribe<E extends EventName>(
    event: E,
    listener: (payload: EventPayload<E>) => void,
    onError?: (error: HolotypeError) => void,
  ): () => void;
  /** Called once when the connection is closed or lost; at once when it already is. */
  onClose(listener: () => void): void;
  close(): void;
}

/** Someone waiting for messages with a certain id. */
interface Pending {
  result(output: unknown): void;
  event(payload: unknown): void;
  fail(error: HolotypeError): void;
}

/** The caller's end of the contract: types from the tables, answers checked against them. */
export function createClient(transport: Transport): Client {
  const pending = new Map<number, Pending>();
  let nextId = 0;
  let closed = false;
  const send = (message: ClientMessage): void => transport.send(message);

  transport.onMessage((raw) => {
    const parsed = serverMessageSchema.safeParse(raw);
    if (!parsed.success) {
      const id = addressOf(raw);
      if (id !== undefined) pending.get(id)?.fail(malformed('a call', parsed.error.message));
      return;
    }
    const message = parsed.data;
    const waiting = pending.get(message.id);
    // Answers to calls that were cancelled in the meantime find nobody.
    if (waiting === undefined) return;
    if (message.kind === 'result') waiting.result(message.output);
    else if (message.kind === 'event') waiting.event(message.payload);
    else waiting.fail(fromErrorShape(message.error));
  });
  transport.onClose(() => {
    closed = true;
    for (const waiting of pending.values()) waiting.fail(connectionLost());
    pending.clear();
  });

  return {
    call(method, input, options = {}) {
      const { signal } = options;
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(cancelled(method));
        if (closed) return reject(connectionLost());
        const id = nextId++;
        const settle = (): void => {
          pending.delete(id);
          signal?.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          settle();
          send({ kind: 'cancel', id });
          reject(cancelled(method));
        };
        const fail = (error: HolotypeError): void => {
          settle();
          reject(error);
        };
        pending.set(id, {
          fail,
          event: () => fail(malformed(`"${method}"`, 'an event came where a result was due')),
          result: (output) => {
            const parsed = parseOutput(method, output);
            if (parsed instanceof HolotypeError) return fail(parsed);
            settle();
            resolve(parsed);
          },
        });
        signal?.addEventListener('abort', abort, { once: true });
        send({ kind: 'call', id, method, input });
      });
    },
    subscribe(event, listener, onError) {
      if (closed) {
        onError?.(connectionLost());
        return () => undefined;
      }
      const id = nextId++;
      const fail = (error: HolotypeError): void => {
        pending.delete(id);
        onError?.(error);
      };
      pending.set(id, {
        fail,
        result: () => fail(malformed(`"${event}"`, 'a result came where an event was due')),
        event: (payload) => {
          const parsed = parsePayload(event, payload);
          if (parsed instanceof HolotypeError) onError?.(parsed);
          else listener(parsed);
        },
      });
      send({ kind: 'subscribe', id, event });
      return () => {
        if (pending.delete(id)) send({ kind: 'unsubscribe', id });
      };
    },
    onClose: (listener) => transport.onClose(listener),
    close: () => transport.close(),
  };
}

function parseOutput<M extends MethodName>(method: M, output: unknown): MethodOutput<M> | HolotypeError {
  const parsed = methods[method].output.safeParse(output);
  if (!parsed.success) return malformed(`"${method}"`, parsed.error.message);
  // TypeScript doesn't follow `M` through the table; the schema that just passed is this method's own.
  return parsed.data as MethodOutput<M>;
}

function parsePayload<E extends EventName>(event: E, payload: unknown): EventPayload<E> | HolotypeError {
  const parsed = events[event].safeParse(payload);
  if (!parsed.success) return malformed(`"${event}"`, parsed.error.message);
  // As above: this event's own schema has just passed.
  return parsed.data as EventPayload<E>;
}

function cancelled(method: string): HolotypeError {
  return new HolotypeError('cancelled', `"${method}" was cancelled.`);
}

function connectionLost(): HolotypeError {
  return new HolotypeError('failed', 'The connection to the engine is closed.', {
    remedy: 'Wait for the window to reconnect, or restart Holotype. What was saved is safe.',
  });
}

function malformed(what: string, detail: string): HolotypeError {
  return new HolotypeError('failed', `The engine's answer to ${what} was not understood.`, {
    remedy: 'Restart Holotype; if that does not help, this is a defect worth reporting.',
    details: { detail },
  });
}
