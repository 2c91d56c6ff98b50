import { FolderX } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useActions, useAppState } from '../../api/context.tsx';
import { Button, EmptyState, ErrorState, Skeleton } from '../../components/ui/index.ts';
import type { ProjectTab } from '../../state/route.ts';
import './project-screen.css';

// Each in a file of its own, so that the first screen doesn't wait for charts it doesn't show.
const screens = {
  label: lazy(async () => ({ default: (await import('../label/label-screen.tsx')).LabelScreen })),
  train: lazy(async () => ({ default: (await import('../train/train-screen.tsx')).TrainScreen })),
  judge: lazy(async () => ({ default: (await import('../judge/judge-screen.tsx')).JudgeScreen })),
  use: lazy(async () => ({ default: (await import('../use/use-screen.tsx')).UseScreen })),
  compare: lazy(async () => ({ default: (await import('../compare/compare-screen.tsx')).CompareScreen })),
  search: lazy(async () => ({ default: (await import('../search/search-screen.tsx')).SearchScreen })),
};

/** Pages of their own that belong to the tab "Train". */
const besideTraining = ['compare', 'search'] as const;

/** A project's tab, as soon as the project is open. */
export function ProjectScreen({ id, tab }: { readonly id: string; readonly tab: ProjectTab }) {
  const open = useAppState(({ project }) => project);
  const beside = useAppState(({ route }) =>
    route.screen === 'project' && route.tab === 'train'
      ? besideTraining.find((own) => own === route.detail)
      : undefined,
  );
  const Screen = screens[beside ?? tab];
  if (open.id === id && open.state.status === 'ready')
    return (
      <Suspense fallback={<Waiting />}>
        <Screen project={open.state.value} />
      </Suspense>
    );
  return (
    <>
      <Heading />
      <NotOpen id={id} />
    </>
  );
}

/** Until a tab is there with its own. */
function Heading() {
  return <h1 className="visually-hidden">Project</h1>;
}

/** The tab's own code is on its way. */
function Waiting() {
  return (
    <>
      <Heading />
      <Opening />
    </>
  );
}

/** The project is on its way, or can't be had. */
function NotOpen({ id }: { readonly id: string }) {
  const { projects, navigation } = useActions();
  const open = useAppState(({ project }) => project);
  if (open.id === id && open.state.status === 'failed') {
    const { error } = open.state;
    if (error.code === 'not-found')
      return (
        <EmptyState
          icon={FolderX}
          title={error.message}
          actions={
            <>
              <Button onClick={() => void projects.ensure(id, true)}>Look again</Button>
              <Button variant="primary" onClick={navigation.home}>
                All projects
              </Button>
            </>
          }
        >
          {error.remedy}
        </EmptyState>
      );
    return (
      <ErrorState
        error={error}
        onRetry={() => void projects.ensure(id, true)}
        actions={<Button onClick={navigation.home}>All projects</Button>}
      />
    );
  }
  return <Opening />;
}

/** Where the photos will be. */
function Opening() {
  return (
    <div className="project-loading" role="status" aria-label="Opening the project">
      {Array.from({ length: 24 }, (_, at) => (
        <Skeleton key={at} height="120px" />
      ))}
    </div>
  );
}
