import { LoaderCircle, Pause, Play, Square, TriangleAlert, X } from 'lucide-react';
import type { JobSummary } from '../../../contract/jobs.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { duration } from '../../components/format.ts';
import { Button, IconButton, Popover, Progress } from '../../components/ui/index.ts';
import { isOver } from '../../state/jobs.ts';
import './jobs-indicator.css';

/** What is being done now; behind it what waits and what has ended. */
export function JobsIndicator() {
  const byId = useAppState(({ jobs }) => jobs.byId);
  // That a folder was looked through is seen in its project; nobody wants to read of it later.
  const jobs = [...byId.values()].filter(({ kind, state }) => kind !== 'scan' || state !== 'done');
  const active = jobs.filter((job) => !isOver(job));
  const ended = jobs.filter(isOver).reverse();
  const failures = ended.filter(({ state }) => state === 'failed').length;
  const [now] = active;
  if (jobs.length === 0) return null;
  return (
    <Popover
      label="Work"
      trigger={
        <Button
          variant="quiet"
          className="jobs-button"
          {...(failures > 0 && now === undefined ? { icon: TriangleAlert } : {})}
        >
          {now === undefined ? (
            failures > 0 ? (
              `${failures} failed`
            ) : (
              'Work'
            )
          ) : (
            <span className="jobs-now">
              {now.state === 'running' ? <LoaderCircle className="ui-spin" aria-hidden /> : null}
              <span className="truncate">{now.title}</span>
              <span className="numeric">{share(now)}</span>
              {active.length > 1 ? <span className="muted">+{active.length - 1}</span> : null}
            </span>
          )}
        </Button>
      }
    >
      <div className="jobs">
        <ul>
          {[...active, ...ended].map((job) => (
            <li key={job.id}>
              <Job job={job} />
            </li>
          ))}
        </ul>
      </div>
    </Popover>
  );
}

function Job({ job }: { readonly job: JobSummary }) {
  const { jobs } = useActions();
  const { progress } = job;
  const over = isOver(job);
  return (
    <div className="job">
      <div className="job-head">
        <p className="job-title truncate" title={job.title}>
          {job.title}
        </p>
        <Controls job={job} />
      </div>
      {over || progress === null ? null : (
        <Progress
          label={job.title}
          done={progress.done}
          total={progress.total}
          still={job.state !== 'running'}
        />
      )}
      <p className={job.state === 'failed' ? 'job-words job-failed' : 'job-words'}>{words(job)}</p>
      {job.error?.remedy === undefined ? null : <p className="job-words">{job.error.remedy}</p>}
      {over && job.canResume ? (
        <Button size="s" onClick={() => void jobs.resume(job.id)}>
          Go on with it
        </Button>
      ) : null}
    </div>
  );
}

function Controls({ job }: { readonly job: JobSummary }) {
  const { jobs } = useActions();
  if (isOver(job))
    return (
      <IconButton icon={X} size="s" label="Take off this list" onClick={() => void jobs.dismiss(job.id)} />
    );
  return (
    <>
      {job.canPause && job.state === 'running' ? (
        <IconButton icon={Pause} size="s" label="Pause" onClick={() => void jobs.pause(job.id)} />
      ) : null}
      {job.state === 'paused' ? (
        <IconButton icon={Play} size="s" label="Continue" onClick={() => void jobs.continue(job.id)} />
      ) : null}
      {job.canStop ? (
        <IconButton
          icon={Square}
          size="s"
          label="Stop and keep what is done"
          onClick={() => void jobs.stop(job.id)}
        />
      ) : null}
      <IconButton icon={X} size="s" label="Cancel" onClick={() => void jobs.cancel(job.id)} />
    </>
  );
}

function words({ state, progress, error }: JobSummary): string {
  switch (state) {
    case 'queued':
      return 'Waits for the work before it.';
    case 'paused':
      return `Paused. ${progress?.message ?? ''}`.trim();
    case 'done':
      return 'Done.';
    case 'failed':
      return error?.message ?? 'Failed.';
    case 'cancelled':
      return 'Cancelled.';
    case 'interrupted':
      return 'The engine ended in the middle of it.';
    case 'running': {
      const eta = progress?.eta ?? null;
      const left = eta === null ? '' : ` · ${duration(eta)} left`;
      return `${progress?.message ?? 'Starting…'}${left}`;
    }
    default:
      return state satisfies never;
  }
}

function share({ state, progress }: JobSummary): string {
  if (state === 'paused') return 'paused';
  if (state === 'queued') return 'queued';
  if (progress === null || progress.total === null || progress.total === 0) return '';
  return `${Math.floor(Math.min(1, progress.done / progress.total) * 100)}%`;
}
