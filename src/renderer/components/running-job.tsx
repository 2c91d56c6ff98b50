import type { JobSummary } from '../../contract/jobs.ts';
import { useActions } from '../api/context.tsx';
import { duration } from './format.ts';
import { Button, Progress } from './ui/index.ts';
import './running-job.css';

interface RunningJobProps {
  readonly job: JobSummary;
  /** Of the region: "Comparing". */
  readonly label: string;
}

/** How far a job is that a page is about, and what can be done with it. */
export function RunningJob({ job, label }: RunningJobProps) {
  const { jobs } = useActions();
  const { progress, state } = job;
  const eta = progress?.eta ?? null;
  return (
    <section className="ui-card" aria-label={label}>
      <p>
        {state === 'queued'
          ? 'Waits for the work before it'
          : state === 'paused'
            ? 'Paused'
            : (progress?.message ?? 'Starting')}
        {eta === null || state !== 'running' ? '' : ` · ${duration(eta)} left`}
      </p>
      <Progress
        label={job.title}
        done={progress?.done ?? 0}
        total={state === 'queued' ? 1 : (progress?.total ?? null)}
        still={state !== 'running'}
      />
      <span className="running-job-buttons">
        {job.canPause && state === 'running' ? (
          <Button size="s" onClick={() => void jobs.pause(job.id)}>
            Pause
          </Button>
        ) : null}
        {state === 'paused' ? (
          <Button size="s" variant="primary" onClick={() => void jobs.continue(job.id)}>
            Continue
          </Button>
        ) : null}
        <Button size="s" variant="quiet" onClick={() => void jobs.cancel(job.id)}>
          Cancel
        </Button>
      </span>
    </section>
  );
}
