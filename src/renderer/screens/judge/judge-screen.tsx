import { ChartNoAxesColumn, FileText, Play, Trash2 } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { ChosenRun } from '../../components/runs/chosen-run.tsx';
import { nameOfRun } from '../../components/runs/run-name.ts';
import { RunSelect } from '../../components/runs/run-select.tsx';
import { Button, ErrorState, IconButton, Notice, Skeleton, Tabs } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { ComparePage } from './compare-page.tsx';
import { LandscapePage } from './landscape-page.tsx';
import { PhotosPage } from './photos-page.tsx';
import { ResultsPage } from './results-page.tsx';
import { SuspectsPage } from './suspects-page.tsx';
import './judge.css';

/** The tab "Judge" of a project: how good a run's model is, and why. */
export function JudgeScreen({ project }: { readonly project: ProjectState }) {
  const { judge } = useActions();
  useEffect(() => judge.enter(project.id), [judge, project.id]);
  return (
    <section className="judge" aria-labelledby="judge-title">
      <h1 id="judge-title" className="visually-hidden">
        Judge
      </h1>
      <ChosenRun
        project={project.id}
        empty={{
          icon: ChartNoAxesColumn,
          title: 'Nothing to judge yet',
          text: 'After a training you see here how often it is right, on which photos it errs, and which labels look wrong.',
        }}
        loading={
          <div className="judge-loading" role="status" aria-label="Loading the runs">
            <Skeleton height="32px" width="160px" />
            <Skeleton height="32px" width="380px" />
            <Skeleton height="236px" />
          </div>
        }
      >
        {(run, finished) => <OneRun key={run.id} project={project} run={run} finished={finished} />}
      </ChosenRun>
    </section>
  );
}

interface OneRunProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
  readonly finished: readonly RunSummary[];
}

function OneRun({ project, run, finished }: OneRunProps) {
  const { runs, navigation, picking, train } = useActions();
  const dispatch = useDispatch();
  const { page, mended } = useAppState((state) => state.judge);
  const detail = useAppState((state) => state.runs.details.get(run.id)) ?? { status: 'idle' };
  const photos = useAppState((state) => state.runs.photos.get(run.id)) ?? { status: 'idle' };
  useEffect(() => {
    void runs.details(project.id, run.id);
    void runs.photos(project.id, run.id);
  }, [runs, project.id, run.id]);
  const remove = async (): Promise<void> => {
    const sure = await picking.confirm({
      title: `Delete ${nameOfRun(run)}?`,
      text: 'Its model, checkpoints and report are deleted. Exports you made of it stay. This can’t be undone.',
      confirm: 'Delete the run',
      danger: true,
    });
    if (!sure) return;
    navigation.detail('', 'replace');
    await runs.remove(project.id, run.id);
  };
  const known = valueOf(detail);
  return (
    <>
      <div className="judge-bar">
        <RunSelect label="Run" run={run} finished={finished} />
        <span className="judge-bar-actions">
          <Button icon={FileText} onClick={() => void runs.saveReport(project.id, run.id)}>
            Save the report
          </Button>
          <IconButton
            icon={Trash2}
            label="Delete this run"
            disabled={project.readOnly !== null}
            onClick={() => void remove()}
          />
        </span>
      </div>
      {mended > 0 ? (
        <Notice
          tone="info"
          title={`${plural(mended, 'label')} mended`}
          detail="The model learns of it when you train again; what is shown here is still the old one."
        >
          <Button
            variant="primary"
            icon={Play}
            onClick={() => {
              train.enter(project.id);
              void train.start().then((started) => (started ? navigation.tab('train') : undefined));
            }}
          >
            Train again
          </Button>
        </Notice>
      ) : null}
      {detail.status === 'failed' ? (
        <ErrorState error={detail.error} onRetry={() => void runs.details(project.id, run.id, true)} />
      ) : known === undefined ? (
        <div className="judge-loading" role="status" aria-label="Loading the run">
          <Skeleton height="32px" width="380px" />
          <Skeleton height="236px" />
          <Skeleton height="180px" />
        </div>
      ) : (
        <div className="judge-pages">
          <Tabs
            label="About this run"
            value={page}
            onChange={(next) => dispatch({ type: 'judge/page', page: next })}
            tabs={[
              {
                value: 'results',
                label: 'Results',
                content: (
                  <ResultsPage
                    project={project.id}
                    run={known}
                    photos={photos}
                    onRetry={() => void runs.photos(project.id, run.id, true)}
                  />
                ),
              },
              {
                value: 'photos',
                label: 'Photos',
                content: <PhotosPage project={project} run={known} photos={photos} />,
              },
              {
                value: 'suspects',
                label: 'Likely label errors',
                content: <SuspectsPage project={project} run={run.id} />,
              },
              {
                value: 'landscape',
                label: 'Landscape',
                content: (
                  <LandscapePage
                    project={project}
                    run={run}
                    others={finished.filter(({ id }) => id !== run.id)}
                  />
                ),
              },
              {
                value: 'compare',
                label: 'Compare',
                content: (
                  <ComparePage
                    project={project}
                    run={known}
                    others={finished.filter(({ id }) => id !== run.id)}
                  />
                ),
              },
            ]}
          />
        </div>
      )}
    </>
  );
}
