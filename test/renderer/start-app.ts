import { vi } from 'vitest';
import { serve } from '../../src/contract/server.ts';
import { directTransport, type Transport } from '../../src/contract/transport.ts';
import { createApp } from '../../src/renderer/api/app.ts';
import type { Host, HostListener } from '../../src/renderer/api/host.ts';
import { createAppStore } from '../../src/renderer/state/store.ts';
import { createFakeEngine } from './fake-engine.ts';
import { startWorld } from './fake/world.ts';

/** What of a page the actions use. */
function fakeAddress(hash: string) {
  const heard: Record<string, () => void> = {};
  const location = { hash };
  const set = (_state: unknown, _title: string, to: string): void => {
    location.hash = to;
  };
  return {
    location,
    history: { pushState: set, replaceState: set, back: () => undefined },
    addEventListener: (type: string, listener: () => void) => (heard[type] = listener),
    go: (to: string) => {
      location.hash = to;
      heard['hashchange']?.();
    },
  };
}

/** A window without anything on the screen: store and actions, connected to a fake engine. */
export function startApp({ hash = '', photos = 30 } = {}) {
  const engine = createFakeEngine(startWorld({ photos }));
  const requests: string[] = [];
  let listener: HostListener | undefined;
  let theirs: Transport | undefined;
  const saved: string[] = [];
  const host: Host = {
    kind: 'desktop',
    request: (reason) => {
      requests.push(reason);
      const [mine, other] = directTransport();
      theirs = other;
      serve(other, engine.service);
      listener?.engine(mine);
    },
    listen: (next) => (listener = next),
    mediaUrl: (path) => `media://holotype${path}`,
    pick: async () => 'place-chosen-0000000000',
    placesOf: async (files) => files.map(() => null),
    save: async (download, name) => {
      saved.push(`${download} ${name}`);
      return true;
    },
  };
  const address = fakeAddress(hash);
  const store = createAppStore();
  // Only the parts of a page that are written out above are used.
  const app = createApp(host, store, address as never);
  const state = store.getState;
  return {
    ...app,
    engine,
    requests,
    address,
    saved,
    state,
    lose: (retry: boolean) => {
      theirs?.close();
      listener?.stopped('It stopped.', retry);
    },
    comeBack: () => host.request('automatic'),
    until: (test: () => boolean) => vi.waitUntil(test, { interval: 2 }),
  };
}
