import { useMemo } from 'react';
import type { JobSummary } from '../../contract/jobs.ts';
import { useAppState } from '../api/context.tsx';
import { isOver, jobsOf } from '../state/jobs.ts';

/** A project's newest job of a kind, and the same while it is not over. */
export function useProjectJob(
  project: string,
  kind: JobSummary['kind'],
): { readonly newest: JobSummary | undefined; readonly running: JobSummary | undefined } {
  const jobs = useAppState((state) => state.jobs);
  const newest = useMemo(() => jobsOf(jobs, project, kind)[0], [jobs, project, kind]);
  return { newest, running: newest === undefined || isOver(newest) ? undefined : newest };
}
