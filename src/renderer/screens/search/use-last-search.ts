import { useCallback, useEffect, useMemo, useState } from 'react';
import { toErrorShape } from '../../../contract/errors.ts';
import type { ProjectSearch } from '../../../contract/search.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { failed, ready, type Loadable } from '../../state/loadable.ts';

/**
 * A project's last search. While it is fetched again, what was there stays.
 *
 * @param step fetched again when it is another: what runs may have brought something
 */
export function useLastSearch(
  project: string,
  step: string,
): { readonly answer: Loadable<ProjectSearch | null>; readonly again: () => void } {
  const { search } = useActions();
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  const [tries, setTries] = useState(0);
  const [answered, setAnswered] = useState<Answered>();
  const question = useMemo(() => ({ about: project, step, tries }), [project, step, tries]);
  useEffect(() => {
    if (!connected) return undefined;
    const controller = new AbortController();
    const set = (answer: Loadable<ProjectSearch | null>): void => {
      if (!controller.signal.aborted) setAnswered({ project: question.about, answer });
    };
    search.latest(question.about, controller.signal).then(
      (found) => set(ready(found)),
      (error: unknown) => set(failed(toErrorShape(error))),
    );
    return () => controller.abort();
  }, [search, question, connected]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  return { answer: answered?.project === project ? answered.answer : { status: 'loading' }, again };
}

interface Answered {
  readonly project: string;
  readonly answer: Loadable<ProjectSearch | null>;
}
