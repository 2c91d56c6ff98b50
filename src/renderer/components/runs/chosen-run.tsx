import { Play, type LucideIcon } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { valueOf } from '../../state/loadable.ts';
import { finishedRuns } from '../../state/runs.ts';
import { Button, EmptyState, ErrorState } from '../ui/index.ts';

interface ChosenRunProps {
  readonly project: string;
  /** What is shown while there is no finished run. */
  readonly empty: { readonly icon: LucideIcon; readonly title: string; readonly text: string };
  /** What can be done without a run all the same. */
  readonly withoutRun?: ReactNode;
  /** In the shape of what comes. */
  readonly loading: ReactNode;
  /** The screen's own state is that of another project still. */
  readonly wait?: boolean;
  readonly children: (run: RunSummary, finished: readonly RunSummary[]) => ReactNode;
}

/** What a screen shows of the run that the address names, or of the newest one; or why there is none. */
export function ChosenRun({ project, empty, withoutRun, loading, wait = false, children }: ChosenRunProps) {
  const { navigation, projects } = useActions();
  const list = useAppState((state) => state.runs.list);
  const wanted = useAppState(({ route }) => (route.screen === 'project' ? route.detail : ''));
  const finished = useMemo(() => finishedRuns(valueOf(list) ?? []), [list]);
  const run = finished.find(({ id }) => id === wanted) ?? finished.at(0);
  if (run !== undefined && !wait) return children(run, finished);
  if (list.status === 'failed')
    return <ErrorState error={list.error} onRetry={() => projects.loadRuns(project)} />;
  if (list.status !== 'ready' || run !== undefined) return loading;
  return (
    <>
      <EmptyState
        icon={empty.icon}
        title={empty.title}
        actions={
          <Button variant="primary" icon={Play} onClick={() => navigation.tab('train')}>
            Go to Train
          </Button>
        }
      >
        {empty.text}
      </EmptyState>
      {withoutRun}
    </>
  );
}
