import { useCallback, useEffect, useRef, useState } from 'react';

/**
 * Which of a component's actions is under way, so that its button can say so.
 * @returns the action's key or undefined, and what runs one: nothing while another is under way
 */
export function useBusy<K extends string>(): readonly [
  K | undefined,
  (key: K, work: () => Promise<unknown>) => void,
] {
  const [busy, setBusy] = useState<K>();
  const running = useRef(false);
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const run = useCallback((key: K, work: () => Promise<unknown>): void => {
    if (running.current) return;
    running.current = true;
    setBusy(key);
    const end = (): void => {
      running.current = false;
      if (mounted.current) setBusy(undefined);
    };
    // Actions say themselves what went wrong.
    work().then(end, end);
  }, []);
  return [busy, run];
}
