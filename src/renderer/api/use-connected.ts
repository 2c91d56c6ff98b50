import { useEffect } from 'react';
import { useAppState } from './context.tsx';

/**
 * Loads what a screen shows, as soon as there is a connection, and again after each loss of it.
 * @param load memoized, or one of the actions
 */
export function useWhenConnected(load: () => unknown): void {
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  useEffect(() => {
    if (connected) void load();
  }, [connected, load]);
}
