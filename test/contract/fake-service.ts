import type { AppInfo } from '../../src/contract/app.ts';
import { methods } from '../../src/contract/methods.ts';
import type { Handlers } from '../../src/contract/server.ts';

/** What a fake engine says about itself. */
export const appInfo: AppInfo = {
  name: 'Holotype',
  version: '1',
  platform: 'linux',
  host: 'desktop',
  dataFolder: '/data',
  cacheFolder: '/cache',
  logsFolder: '/logs',
};

/** Handlers of which a test writes only those it is about; the others fail when they are called. */
export function fakeHandlers(over: Partial<Handlers>): Handlers {
  const others = Object.keys(methods).map((name) => [
    name,
    () => Promise.reject(new Error(`This test did not expect "${name}".`)),
  ]);
  // The table's own names, each with a function: complete by construction.
  return { ...Object.fromEntries(others), ...over } as Handlers;
}
