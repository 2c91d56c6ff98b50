import { ChartNoAxesColumn, RotateCcw, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { AdviceList } from '../../components/advice/advice-list.tsx';
import { figure, percent } from '../../components/format.ts';
import { Button, IconButton, Notice } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';

/** The most important advice; Judge has all of it. */
const shown = 2;

interface EndedTrainingProps {
  readonly job: JobSummary;
  readonly project: ProjectState;
}

/** What came of the newest training, or why nothing did. */
export function EndedTraining({ job, project }: EndedTrainingProps) {
  const { jobs } = useActions();
  const [resuming, setResuming] = useState(false);
  const resume = async (): Promise<void> => {
    setResuming(true);
    await jobs.resume(job.id);
    setResuming(false);
  };
  const buttons = (
    <>
      {job.canResume ? (
        <Button icon={RotateCcw} busy={resuming} onClick={() => void resume()}>
          Continue from the last checkpoint
        </Button>
      ) : null}
      <IconButton icon={X} label="Dismiss" onClick={() => void jobs.dismiss(job.id)} />
    </>
  );
  switch (job.state) {
    case 'done':
      return <Result job={job} project={project} buttons={buttons} />;
    case 'failed':
      return (
        <Notice
          tone="problem"
          title={job.error?.message ?? 'The training failed.'}
          detail={job.error?.remedy}
        >
          {buttons}
        </Notice>
      );
    case 'interrupted':
      return (
        <Notice
          tone="warning"
          title="A training was interrupted."
          detail="What it had saved is still there, and it can go on from there."
        >
          {buttons}
        </Notice>
      );
    default:
      return (
        <Notice tone="info" title="The last training was cancelled.">
          {buttons}
        </Notice>
      );
  }
}

function Result({ job, project, buttons }: EndedTrainingProps & { readonly buttons: React.ReactNode }) {
  const { runs, navigation } = useActions();
  const { run } = job;
  const detail = useAppState((state) => (run === null ? undefined : state.runs.details.get(run)));
  useEffect(() => {
    if (run !== null) void runs.details(project.id, run);
  }, [runs, project.id, run]);
  const known = detail === undefined ? undefined : valueOf(detail);
  const metrics = known?.result?.metrics.val;
  const accuracy = metrics?.accuracy ?? null;
  const advice = (known?.advice ?? []).slice(0, shown);
  return (
    <section className="ui-card train-card train-result" aria-labelledby={`ended-${job.id}`}>
      <div className="train-plan-head">
        <div>
          <h2 id={`ended-${job.id}`}>
            {metrics?.regression !== undefined
              ? `Off by ${figure(metrics.regression.mae)} on average`
              : accuracy === null
                ? 'Training is done'
                : metrics?.multiLabel === undefined
                  ? `Right on ${percent(accuracy)} of the photos it was checked on`
                  : `All labels right on ${percent(accuracy)} of the photos it was checked on`}
          </h2>
          <p className="muted small">
            {metrics === undefined
              ? ''
              : metrics.regression === undefined
                ? `${metrics.correct} of ${metrics.count} photos it did not learn from.`
                : `On ${metrics.count} photos it did not learn from.`}
          </p>
        </div>
        <span className="train-controls">
          {run === null ? null : (
            <Button variant="primary" icon={ChartNoAxesColumn} onClick={() => navigation.tab('judge', run)}>
              See how good it is
            </Button>
          )}
          {buttons}
        </span>
      </div>
      {advice.length === 0 ? null : (
        <AdviceList advice={advice} project={project.id} run={run ?? undefined} />
      )}
    </section>
  );
}
