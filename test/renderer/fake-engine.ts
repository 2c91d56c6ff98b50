import { HolotypeError } from '../../src/contract/errors.ts';
import type { MethodName } from '../../src/contract/methods.ts';
import { methods } from '../../src/contract/methods.ts';
import type { Handlers, Service } from '../../src/contract/server.ts';
import { createEmitter, type Emitter } from '../../src/service/emitter.ts';
import { appTable } from './fake/app.ts';
import { compareTable } from './fake/compare.ts';
import { exploreTable } from './fake/explore.ts';
import { jobTable } from './fake/jobs.ts';
import { landscapeTable } from './fake/landscape.ts';
import { projectTable } from './fake/projects.ts';
import { runTable } from './fake/runs.ts';
import { searchTable } from './fake/search.ts';
import { trainTable } from './fake/train.ts';
import { useTable } from './fake/use.ts';
import { startWorld, type World } from './fake/world.ts';

/** An engine in memory: enough of the contract for the screens, and every way to make it fail. */
export interface FakeEngine {
  readonly service: Service;
  /** What it knows; a test may change it and emit an event. */
  readonly world: World;
  readonly events: Emitter;
  /** Calls that came, newest last. */
  readonly calls: readonly { readonly method: string; readonly input: unknown }[];
  /** The method fails from now on; null: it works again. */
  fail(method: MethodName, error: HolotypeError | null): void;
  /** The method gives no answer until the returned function is called. */
  hold(method: MethodName): () => void;
}

export function createFakeEngine(world: World = startWorld()): FakeEngine {
  const events = createEmitter();
  const failures = new Map<string, HolotypeError>();
  const held = new Map<string, Promise<void>>();
  const calls: { method: string; input: unknown }[] = [];
  const tables: Partial<Handlers> = {
    ...appTable(world, events),
    ...projectTable(world, events),
    ...jobTable(world, events),
    ...runTable(world, events),
    ...landscapeTable(world, events),
    ...trainTable(world, events),
    ...compareTable(world, events),
    ...searchTable(world, events),
    ...useTable(world, events),
    ...exploreTable(world, events),
  };
  const handlers = Object.keys(methods).map((method) => [
    method,
    async (input: unknown, context: unknown) => {
      calls.push({ method, input });
      await held.get(method);
      const failure = failures.get(method);
      if (failure !== undefined) throw failure;
      const handler = Reflect.get(tables, method);
      if (typeof handler !== 'function')
        throw new HolotypeError('not-supported', `The fake engine has no "${method}".`);
      return handler(input, context);
    },
  ]);
  return {
    service: {
      // Each name of the contract with a function: complete by construction.
      handlers: Object.fromEntries(handlers) as Handlers,
      events,
    },
    world,
    events,
    calls,
    fail: (method, error) => {
      if (error === null) failures.delete(method);
      else failures.set(method, error);
    },
    hold: (method) => {
      let release = (): void => undefined;
      held.set(
        method,
        new Promise((resolve) => {
          release = () => {
            held.delete(method);
            resolve();
          };
        }),
      );
      return () => release();
    },
  };
}
