import { addressOf, clientMessageSchema, type ClientMessage, type ServerMessage } from './envelope.ts';
import { HolotypeError, toErrorShape } from './errors.ts';
import { events, isEventName, type EventName, type EventPayload } from './events.ts';
import { isMethodName, methods, type MethodName, type MethodOutput } from './methods.ts';
import type { z } from 'zod';
import type { Transport } from './transport.ts';

export interface CallContext {
  /** Aborted when the caller cancels or its connection closes. */
  readonly signal: AbortSignal;
}

/** A handler gets what the method's schema made of the input: checked, defaults filled in. */
export type Handler<M extends MethodName> = (
  input: z.output<(typeof methods)[M]['input']>,
  context: CallContext,
) => Promise<MethodOutput<M>>;
export type Handlers = { readonly [M in MethodName]: Handler<M> };

/** Where a server hears what it passes on to those who subscribed. */
export interface EventSource {
  /** Calls `listener` for each event of that name until the returned function is called. */
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void;
}

/** All there is behind a transport. */
export interface Service {
  readonly handlers: Handlers;
  readonly events: EventSource;
}

/**
 * Joins the handler tables of several parts of the service into one.
 * @throws Error when a name is in two tables, in none, or not in the contract: the service's own defect
 */
export function joinHandlers(...tables: readonly Partial<Handlers>[]): Handlers {
  const joined: Record<string, unknown> = {};
  for (const table of tables) {
    for (const [name, handler] of Object.entries(table)) {
      if (!isMethodName(name)) throw new Error(`The contract has no method "${name}".`);
      if (Object.hasOwn(joined, name)) throw new Error(`Method "${name}" has two handlers.`);
      joined[name] = handler;
    }
  }
  const missing = Object.keys(methods).filter((name) => typeof joined[name] !== 'function');
  if (missing.length > 0) throw new Error(`Nobody handles ${missing.map((name) => `"${name}"`).join(', ')}.`);
  return joined as Handlers;
}

/**
 * Answers everything that comes in on a transport until it closes. Every input is parsed by the method's
 * schema before a handler sees it; whatever goes wrong is answered as {code, message, details}.
 */
export function serve(transport: Transport, service: Service): void {
  const handlers = joinHandlers(service.handlers);
  /** How to end each open call and subscription. */
  const open = new Map<number, () => void>();
  const send = (message: ServerMessage): void => transport.send(message);
  const refuse = (id: number, error: unknown): void =>
    send({ kind: 'error', id, error: toErrorShape(error) });

  const call = async (message: Extract<ClientMessage, { kind: 'call' }>): Promise<void> => {
    const { id, method } = message;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    // After a cancel the id may already belong to another call: only our own entry counts.
    const wanted = (): boolean => open.get(id) === abort;
    open.set(id, abort);
    try {
      const output = await invoke(handlers, method, message.input, { signal: controller.signal });
      if (wanted()) send({ kind: 'result', id, output });
    } catch (error) {
      if (wanted()) refuse(id, error);
    } finally {
      if (wanted()) open.delete(id);
    }
  };
  const subscribe = ({ id, event }: Extract<ClientMessage, { kind: 'subscribe' }>): void => {
    if (!isEventName(event)) return refuse(id, unknownName('event', event));
    const stop = service.events.on(event, (payload) =>
      send({ kind: 'event', id, payload: events[event].parse(payload) }),
    );
    open.set(id, stop);
  };

  transport.onMessage((raw) => {
    const parsed = clientMessageSchema.safeParse(raw);
    if (!parsed.success) {
      const id = addressOf(raw);
      // Without an id nobody waits for an answer.
      if (id !== undefined && !open.has(id))
        refuse(id, badUsage('The message was not understood.', parsed.error));
      return;
    }
    const message = parsed.data;
    switch (message.kind) {
      case 'call':
      case 'subscribe':
        // An open id stays its first owner's: an error sent under it would reach the wrong one.
        if (open.has(message.id)) return;
        if (message.kind === 'call') void call(message);
        else subscribe(message);
        break;
      case 'cancel':
      case 'unsubscribe': {
        const end = open.get(message.id);
        open.delete(message.id);
        end?.();
      }
    }
  });
  transport.onClose(() => {
    const ends = [...open.values()];
    open.clear();
    for (const end of ends) end();
  });
}

async function invoke(
  handlers: Handlers,
  method: string,
  input: unknown,
  context: CallContext,
): Promise<unknown> {
  if (!isMethodName(method)) throw unknownName('method', method);
  const parsed = methods[method].input.safeParse(input);
  if (!parsed.success) throw badUsage(`The input of "${method}" is not what it takes.`, parsed.error);
  // TypeScript can't pair a handler with its own input through a union of names; the schema has.
  const handler = handlers[method] as (input: unknown, context: CallContext) => Promise<unknown>;
  return methods[method].output.parse(await handler(parsed.data, context));
}

function unknownName(kind: 'method' | 'event', name: string): HolotypeError {
  return new HolotypeError('bad-usage', `There is no ${kind} "${name}".`, {
    remedy: 'The window and the engine may be of different versions: restart Holotype.',
  });
}

function badUsage(message: string, error: z.ZodError): HolotypeError {
  return new HolotypeError('bad-usage', message, {
    details: { issues: error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
  });
}
