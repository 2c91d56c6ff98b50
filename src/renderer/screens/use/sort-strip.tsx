import { CircleCheck, Download, X } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { useActions, useAppState } from '../../api/context.tsx';
import { Button, IconButton } from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import type { JobSummary } from '../../../contract/jobs.ts';
import { jobsOf } from '../../state/jobs.ts';
import { valueOf } from '../../state/loadable.ts';
import { JobStrip } from './job-strip.tsx';

/** The newest copying of photos into folders, if there was one. @param after ISO 8601: earlier ones are of other answers */
export function SortStrip({ project, after }: { readonly project: string; readonly after: string }) {
  const jobs = useAppState((state) => state.jobs);
  const job = useMemo(
    () => jobsOf(jobs, project, 'sort').find(({ createdAt }) => createdAt >= after),
    [jobs, project, after],
  );
  return job === undefined ? null : <JobStrip job={job} done={<DoneStrip job={job} />} />;
}

/** A job that is done, and what it has made to be saved. */
export function DoneStrip({ job }: { readonly job: JobSummary }) {
  const { jobs } = useActions();
  const ask = useCallback((signal: AbortSignal) => jobs.made(job.id, signal), [jobs, job.id]);
  const made = valueOf(useAnswer(ask).answer) ?? null;
  return (
    <div className="use-strip use-strip-done" role="status">
      <CircleCheck aria-hidden />
      <div className="use-strip-text">
        <p className="use-strip-title truncate" title={job.title}>
          {job.title}
        </p>
        <p className="muted small truncate">{job.progress?.message ?? 'Done'}</p>
      </div>
      <span className="use-strip-buttons">
        {made === null ? null : (
          <Button size="s" variant="primary" icon={Download} onClick={() => void jobs.download(job.id)}>
            Save the archive
          </Button>
        )}
        <IconButton icon={X} size="s" label="Dismiss" onClick={() => void jobs.dismiss(job.id)} />
      </span>
    </div>
  );
}
