import { Pause, Play, Square, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { JobProgress, JobSummary } from '../../../contract/jobs.ts';
import { useActions } from '../../api/context.tsx';
import { count, duration } from '../../components/format.ts';
import { Button, IconButton, Notice, Progress } from '../../components/ui/index.ts';
import { isOver } from '../../state/jobs.ts';

interface JobStripProps {
  readonly job: JobSummary;
  /** The job is named right above: its name need not be shown again. */
  readonly untitled?: boolean;
  /** Absent: it is cancelled, and stays on the list. */
  readonly onCancel?: () => void;
  /** What stands there when it is done; absent: nothing. */
  readonly done?: ReactNode;
  /** To try again after a failure. */
  readonly onRetry?: () => void;
}

/** How far a job of this screen is, what can be done with it, and what became of it. */
export function JobStrip({ job, untitled = false, onCancel, done, onRetry }: JobStripProps) {
  const { jobs } = useActions();
  const dismiss = <IconButton icon={X} size="s" label="Dismiss" onClick={() => void jobs.dismiss(job.id)} />;
  if (job.state === 'done') return done;
  if (job.state === 'failed')
    return (
      <Notice
        tone="problem"
        title={job.error?.message ?? `${job.title}: this failed.`}
        detail={job.error?.remedy}
      >
        {onRetry === undefined ? null : (
          <Button size="s" onClick={onRetry}>
            Try again
          </Button>
        )}
        {dismiss}
      </Notice>
    );
  if (isOver(job))
    return (
      <Notice
        tone="info"
        title={
          job.state === 'cancelled'
            ? `${job.title}: cancelled.`
            : `${job.title}: the engine ended in the middle of it.`
        }
      >
        {dismiss}
      </Notice>
    );
  const { progress, state } = job;
  return (
    <div className="use-strip">
      <div className="use-strip-text">
        {untitled ? null : (
          <p className="use-strip-title truncate" title={job.title}>
            {job.title}
          </p>
        )}
        <p className="muted small numeric truncate">{words(job)}</p>
      </div>
      <Progress
        label={job.title}
        done={progress?.done ?? 0}
        total={state === 'queued' ? 1 : (progress?.total ?? null)}
        still={state !== 'running'}
      />
      <span className="use-strip-buttons">
        {job.canPause && state === 'running' ? (
          <Button size="s" icon={Pause} onClick={() => void jobs.pause(job.id)}>
            Pause
          </Button>
        ) : null}
        {state === 'paused' ? (
          <Button size="s" variant="primary" icon={Play} onClick={() => void jobs.continue(job.id)}>
            Continue
          </Button>
        ) : null}
        {job.canStop && state !== 'queued' ? (
          <Button size="s" icon={Square} onClick={() => void jobs.stop(job.id)}>
            Stop and keep
          </Button>
        ) : null}
        <Button
          size="s"
          variant="quiet"
          icon={X}
          onClick={() => (onCancel === undefined ? void jobs.cancel(job.id) : onCancel())}
        >
          Cancel
        </Button>
      </span>
    </div>
  );
}

function words({ state, progress }: JobSummary): string {
  if (state === 'queued') return 'Waits for the work before it';
  if (progress === null) return 'Starting';
  const far = amount(progress);
  if (state === 'paused') return `Paused at ${far}`;
  const rate = progress.rate === null ? '' : `, ${count(Math.round(progress.rate * 10) / 10)} a second`;
  const left = progress.eta === null ? '' : `, ${duration(progress.eta)} left`;
  return `${progress.message}: ${far}${rate}${left}`;
}

function amount({ done, total, unit }: JobProgress): string {
  return total === null ? `${count(done)} ${unit}` : `${count(done)} of ${count(total)} ${unit}`;
}
