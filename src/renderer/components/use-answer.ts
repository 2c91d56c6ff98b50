import { useCallback, useEffect, useState } from 'react';
import { toErrorShape } from '../../contract/errors.ts';
import { failed, ready, type Loadable } from '../state/loadable.ts';

/**
 * What a dialog asks the engine for and keeps to itself: asked again when `ask` is another function, and by `again`.
 * @param ask memoized by useCallback
 */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>): {
  readonly answer: Loadable<T>;
  readonly again: () => void;
} {
  const [tries, setTries] = useState(0);
  const [answered, setAnswered] = useState<Answered<T>>();
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const set = (answer: Loadable<T>): void => {
      if (!signal.aborted) setAnswered({ ask, tries, answer });
    };
    ask(signal).then(
      (value) => set(ready(value)),
      (error: unknown) => set(failed(toErrorShape(error))),
    );
    return () => controller.abort();
  }, [ask, tries]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  const current = answered?.ask === ask && answered.tries === tries;
  return { answer: current ? answered.answer : { status: 'loading' }, again };
}

/** An answer and what it is the answer to. */
interface Answered<T> {
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly tries: number;
  readonly answer: Loadable<T>;
}
