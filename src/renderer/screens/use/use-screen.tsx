import { WandSparkles } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch } from '../../api/context.tsx';
import { DropOverlay } from '../../components/drop-overlay.tsx';
import { ChosenRun } from '../../components/runs/chosen-run.tsx';
import { RunSelect } from '../../components/runs/run-select.tsx';
import { Skeleton, Tabs } from '../../components/ui/index.ts';
import { useFileDrop } from '../../components/use-file-drop.ts';
import { CameraPage } from './camera-page.tsx';
import { ExportPage } from './export-page.tsx';
import { PhotosPage } from './photos-page.tsx';
import { ShareCard } from './share-card.tsx';
import './use.css';

/** The tab "Use" of a project: a run's model put to work on photos that are new to it. */
export function UseScreen({ project }: { readonly project: ProjectState }) {
  const { use } = useActions();
  useEffect(() => use.enter(project.id), [use, project.id]);
  const entered = useAppState((state) => state.use.project === project.id);
  return (
    <section className="use" aria-labelledby="use-title">
      <h1 id="use-title" className="visually-hidden">
        Use
      </h1>
      <ChosenRun
        project={project.id}
        wait={!entered}
        empty={{
          icon: WandSparkles,
          title: 'No model to use yet',
          text: 'After a training you let its model answer for new photos here, look through a camera with it, and export it for other programs.',
        }}
        withoutRun={
          <div className="use-export">
            <ShareCard project={project} />
          </div>
        }
        loading={
          <div className="use-loading" role="status" aria-label="Loading the runs">
            <Skeleton height="32px" width="320px" />
            <Skeleton height="220px" />
          </div>
        }
      >
        {(run, finished) => <Pages project={project} run={run} finished={finished} />}
      </ChosenRun>
    </section>
  );
}

interface PagesProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
  readonly finished: readonly RunSummary[];
}

function Pages({ project, run, finished }: PagesProps) {
  const { use } = useActions();
  const dispatch = useDispatch();
  const page = useAppState((state) => state.use.page);
  const over = useFileDrop((dropped) => void use.answerDrop(project.id, run.id, dropped));
  return (
    <>
      <div className="use-pages">
        <div className="use-run">
          <RunSelect label="Model" prefix="Model" run={run} finished={finished} />
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
