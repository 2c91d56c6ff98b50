/** Every method and event of the contract, over every transport, with values made from their own schemas. */
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { events, type EventName } from '../../src/contract/events.ts';
import { methods, type MethodName } from '../../src/contract/methods.ts';
import { serve } from '../../src/contract/server.ts';
import { fakeHandlers } from './fake-service.ts';
import { samplesOf } from './samples.ts';
import { closeTransports, transports } from './transports.ts';

const samples = 3;
const names = Object.keys(methods) as MethodName[];
const eventNames = Object.keys(events) as EventName[];
afterEach(closeTransports);

/** A client, what its handlers were given, and what they answer. */
async function connected(connect: (typeof transports)[string]) {
  const got = new Map<string, unknown>();
  const answers = new Map<string, unknown>();
  const listeners = new Map<string, (payload: never) => void>();
  const handlers = Object.fromEntries(
    names.map((name) => [
      name,
      async (input: unknown) => {
        got.set(name, input);
        return answers.get(name);
      },
    ]),
  );
  const [mine, theirs] = await connect();
  serve(theirs, {
    // A handler for each name of the table.
    handlers: fakeHandlers(handlers),
    events: {
      on: (event, listener) => {
        listeners.set(event, listener);
        return () => listeners.delete(event);
      },
    },
  });
  const client = createClient(mine);
  // Names and inputs are paired by the test, not by types.
  const loose = client as unknown as {
    call(method: string, input: unknown): Promise<unknown>;
    subscribe(
      event: string,
      listener: (payload: unknown) => void,
      onError: (error: unknown) => void,
    ): () => void;
  };
  const call = (method: string, input: unknown): Promise<unknown> => loose.call(method, input);
  const subscribe: typeof loose.subscribe = (...args) => loose.subscribe(...args);
  return { call, subscribe, got, answers, listeners };
}

describe.each(Object.entries(transports))('over %s', (_name, connect) => {
  it('every method carries what it takes and what it gives', async () => {
    const { call, got, answers } = await connected(connect);
    for (const name of names) {
      const inputs = samplesOf(methods[name].input, 'input', samples);
      const outputs = samplesOf(methods[name].output, 'output', samples);
      for (const [index, input] of inputs.entries()) {
        answers.set(name, outputs[index]);
        expect(await call(name, input), name).toEqual(methods[name].output.parse(outputs[index]));
        expect(got.get(name), name).toEqual(methods[name].input.parse(input));
      }
    }
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['a number', 7],
    ['a list', []],
    ['a field nobody knows', { unknown: 1 }],
    ['fields every object has', JSON.parse('{"__proto__":{"project":"x"},"constructor":1}') as unknown],
  ])('no method takes %s, and no handler sees it', async (_what, input) => {
    const { call, got } = await connected(connect);
    for (const name of names)
      await expect(call(name, input), name).rejects.toMatchObject({ code: 'bad-usage', details: {} });
    expect([...got.keys()]).toEqual([]);
  });

  it('every method takes its fields in their right form alone', async () => {
    const { call, got } = await connected(connect);
    for (const name of names) {
      const [input] = samplesOf(methods[name].input, 'input', 1) as Record<string, unknown>[];
      for (const field of Object.keys(input ?? {})) {
        for (const wrong of [{ deep: { down: true } }, '../../etc/passwd\0', -1, Number.MAX_VALUE]) {
          const spoilt = { ...input, [field]: wrong };
          if (methods[name].input.safeParse(spoilt).success) continue;
          await expect(call(name, spoilt), `${name} ${field}`).rejects.toMatchObject({ code: 'bad-usage' });
          expect(got.has(name)).toBe(false);
        }
      }
    }
  });

  it('every method keeps its promise, or fails', async () => {
    const { call, answers } = await connected(connect);
    for (const name of names) {
      const [input] = samplesOf(methods[name].input, 'input', 1);
      for (const broken of ['nonsense', 7, undefined]) {
        answers.set(name, broken);
        if (methods[name].output.safeParse(broken).success) continue;
        await expect(call(name, input), name).rejects.toMatchObject({ code: 'failed' });
      }
    }
  });

  it('every event arrives as it was sent', async () => {
    const { call, subscribe, answers, listeners } = await connected(connect);
    answers.set('app.settings', samplesOf(methods['app.settings'].output, 'output', 1)[0]);
    for (const name of eventNames) {
      const heard: unknown[] = [];
      const problems: unknown[] = [];
      const stop = subscribe(
        name,
        (payload) => heard.push(payload),
        (error) => problems.push(error),
      );
      // An answer to a call means that what was said before it has been heard.
      await call('app.settings', {});
      const payloads = samplesOf(events[name], 'output', samples);
      for (const payload of payloads) listeners.get(name)?.(payload as never);
      await call('app.settings', {});
      expect(heard, name).toEqual(payloads.map((payload) => events[name].parse(payload)));
      expect(problems).toEqual([]);
      stop();
      await call('app.settings', {});
      expect(listeners.has(name)).toBe(false);
    }
  });
});
