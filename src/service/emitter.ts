import type { EventName, EventPayload } from '../contract/events.ts';
import type { EventSource } from '../contract/server.ts';

/** An event source that the service itself speaks through. */
export interface Emitter extends EventSource {
  emit<E extends EventName>(event: E, payload: EventPayload<E>): void;
}

type Listeners = { readonly [E in EventName]: Set<(payload: EventPayload<E>) => void> };

/** Delivers each event at once, in the order of subscription. */
export function createEmitter(): Emitter {
  const listeners: Listeners = {
    'projects.changed': new Set(),
    'project.changed': new Set(),
    'photos.changed': new Set(),
    'job.changed': new Set(),
    'job.event': new Set(),
    'settings.changed': new Set(),
  };
  return {
    on: (event, listener) => {
      const set = listeners[event];
      // A listener of its own for each call, so that one subscribed twice is heard twice and leaves once.
      const heard: typeof listener = (payload) => listener(payload);
      set.add(heard);
      return () => set.delete(heard);
    },
    emit: (event, payload) => {
      for (const listener of listeners[event]) listener(payload);
    },
  };
}
