import { useCallback, useEffect, useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { Explanation, RunDetail } from '../../../contract/runs.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useAnswer } from '../../components/use-answer.ts';
import { valueOf, type Loadable } from '../../state/loadable.ts';

/** A map of where the last model looked, and the class it is for. */
export interface Explained {
  /** Undefined while nobody asked for it. */
  readonly answer: Loadable<Explanation> | undefined;
  readonly again: () => void;
  /** Names of the run's classes; empty until they are known. */
  readonly classes: readonly string[];
  /** The class it is asked for; undefined: whatever the model answers. */
  readonly of: string | undefined;
  readonly onClass: (name: string | undefined) => void;
}

/** Asks the last run where it looked in a photo, as long as that is wanted. */
export function useExplanation({ id, lastRun }: ProjectState, photo: string, wanted: boolean): Explained {
  const { label } = useActions();
  const [of, setOf] = useState<string>();
  const run = wanted ? lastRun : null;
  const classes = useLastRun(id, run)?.result?.classes ?? none;
  const ask = useCallback(
    (signal: AbortSignal) =>
      run === null ? Promise.resolve(undefined) : label.explain(id, run, photo, of, signal),
    [label, id, run, photo, of],
  );
  const { answer, again } = useAnswer(ask);
  return { answer: known(answer), again, classes, of, onClass: setOf };
}

const none: readonly string[] = [];

function known(answer: Loadable<Explanation | undefined>): Loadable<Explanation> | undefined {
  if (answer.status !== 'ready') return answer;
  return answer.value === undefined ? undefined : { status: 'ready', value: answer.value };
}

/** How the last model takes its photos: fitted in which way, of which size (pixels); undefined until that is known. */
export function useModelInput(
  { id, lastRun }: ProjectState,
  wanted: boolean,
): { readonly resize: string; readonly size: number } | undefined {
  const { models } = useActions();
  const detail = useLastRun(id, wanted ? lastRun : null);
  const backbone = detail?.summary.backbone ?? null;
  useEffect(() => {
    if (backbone !== null) void models.details(backbone);
  }, [backbone, models]);
  const details = useAppState(({ settings }) =>
    backbone === null ? undefined : settings.modelDetails.get(backbone),
  );
  if (detail === undefined || details === undefined) return undefined;
  const input = valueOf(details)?.input;
  const resize = detail.settings.resize ?? input?.resize;
  return resize === undefined ? undefined : { resize, size: input?.width ?? 224 };
}

/** All there is to know of a run, fetched when it is wanted. */
function useLastRun(project: string, run: string | null): RunDetail | undefined {
  const { runs } = useActions();
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  useEffect(() => {
    if (connected && run !== null) void runs.details(project, run);
  }, [connected, project, run, runs]);
  return useAppState((state) =>
    run === null ? undefined : valueOf(state.runs.details.get(run) ?? { status: 'idle' }),
  );
}
