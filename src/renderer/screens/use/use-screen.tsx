import { Play, WandSparkles } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch } from '../../api/context.tsx';
import { DropOverlay } from '../../components/drop-overlay.tsx';
import { fullTime } from '../../components/format.ts';
import { Button, EmptyState, ErrorState, Select, Skeleton, Tabs } from '../../components/ui/index.ts';
import { useFileDrop } from '../../components/use-file-drop.ts';
import { valueOf } from '../../state/loadable.ts';
import { finishedRuns } from '../../state/runs.ts';
import { nameOfRun } from '../judge/run-name.ts';
import { CameraPage } from './camera-page.tsx';
import { ExportPage } from './export-page.tsx';
import { PhotosPage } from './photos-page.tsx';
import './use.css';

/** The tab "Use" of a project: a run's model put to work on photos that are new to it. */
export function UseScreen({ project }: { readonly project: ProjectState }) {
  const { use, navigation, projects } = useActions();
  useEffect(() => use.enter(project.id), [use, project.id]);
  const entered = useAppState((state) => state.use.project === project.id);
  const list = useAppState((state) => state.runs.list);
  const wanted = useAppState(({ route }) => (route.screen === 'project' ? route.detail : ''));
  const finished = useMemo(() => finishedRuns(valueOf(list) ?? []), [list]);
  const run = finished.find(({ id }) => id === wanted) ?? finished.at(0);
  return (
    <section className="use" aria-labelledby="use-title">
      <h1 id="use-title" className="visually-hidden">
        Use
      </h1>
      {run !== undefined && entered ? (
        <Pages project={project} run={run} finished={finished} />
      ) : list.status === 'failed' ? (
        <ErrorState error={list.error} onRetry={() => projects.loadRuns(project.id)} />
      ) : list.status === 'ready' && run === undefined ? (
        <EmptyState
          icon={WandSparkles}
          title="No model to use yet"
          actions={
            <Button variant="primary" icon={Play} onClick={() => navigation.tab('train')}>
              Go to Train
            </Button>
          }
        >
          After a training you let its model answer for new photos here, look through a camera with it, and
          export it for other programs.
        </EmptyState>
      ) : (
        <div className="use-loading" role="status" aria-label="Loading the runs">
          <Skeleton height="32px" width="320px" />
          <Skeleton height="220px" />
        </div>
      )}
    </section>
  );
}

interface PagesProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
  readonly finished: readonly RunSummary[];
}

function Pages({ project, run, finished }: PagesProps) {
  const { navigation, use } = useActions();
  const dispatch = useDispatch();
  const page = useAppState((state) => state.use.page);
  const over = useFileDrop((dropped) => void use.answerDrop(project.id, run.id, dropped));
  return (
    <>
      <div className="use-pages">
        <div className="use-run">
          <Select
            label="Model"
            prefix="Model"
            value={run.id}
            options={finished.map((one) => ({
              value: one.id,
              label: nameOfRun(one),
              hint: `${fullTime(one.createdAt)}${one.backbone === null ? '' : `, ${one.backbone}`}`,
            }))}
            onChange={(id) => navigation.detail(id)}
          />
        </div>
        <Tabs
          label="Ways to use the model"
          value={page}
          onChange={(next) => dispatch({ type: 'use/page', page: next })}
          tabs={[
            {
              value: 'photos',
              label: 'Photos',
              content: <PhotosPage project={project} run={run} runs={finished} />,
            },
            {
              value: 'camera',
              label: 'Camera',
              content: <CameraPage key={run.id} project={project.id} run={run.id} />,
            },
            {
              value: 'export',
              label: 'Export and share',
              content: <ExportPage key={run.id} project={project} run={run} />,
            },
          ]}
        />
      </div>
      {over ? (
        <DropOverlay
          title="Drop to let the model answer"
          text="A folder or photos. Nothing becomes part of the project."
        />
      ) : null}
    </>
  );
}
