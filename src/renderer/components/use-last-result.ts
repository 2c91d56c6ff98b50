import { useCallback, useEffect, useMemo, useState } from 'react';
import { toErrorShape } from '../../contract/errors.ts';
import { useAppState } from '../api/context.tsx';
import { failed, ready, type Loadable } from '../state/loadable.ts';

/**
 * What a project's last job of a kind has found. While it is fetched again, what was there stays; without a connection
 * it waits for one.
 *
 * @param fetch an action's function: the same one each time
 * @param step fetched again when it is another: what runs may have brought something
 */
export function useLastResult<T>(
  project: string,
  fetch: (project: string, signal: AbortSignal) => Promise<T>,
  step: string,
): { readonly answer: Loadable<T>; readonly again: () => void } {
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  const [tries, setTries] = useState(0);
  const [answered, setAnswered] = useState<Answered<T>>();
  const question = useMemo(() => ({ about: project, step, tries }), [project, step, tries]);
  useEffect(() => {
    if (!connected) return undefined;
    const controller = new AbortController();
    const set = (answer: Loadable<T>): void => {
      if (!controller.signal.aborted) setAnswered({ project: question.about, answer });
    };
    fetch(question.about, controller.signal).then(
      (found) => set(ready(found)),
      (error: unknown) => set(failed(toErrorShape(error))),
    );
    return () => controller.abort();
  }, [fetch, question, connected]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  return { answer: answered?.project === project ? answered.answer : { status: 'loading' }, again };
}

interface Answered<T> {
  readonly project: string;
  readonly answer: Loadable<T>;
}
