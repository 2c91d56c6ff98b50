import { FileSpreadsheet, FolderTree, Plus } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { sayNovelty } from '../../../contract/doubt.ts';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch } from '../../api/context.tsx';
import { fullTime, plural } from '../../components/format.ts';
import { Button, EmptyState, ErrorState, Menu, Notice, Select, Skeleton } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { isOver } from '../../state/jobs.ts';
import type { FetchedAnswers } from '../../state/use.ts';
import { nameOfRun } from '../../components/runs/run-name.ts';
import { countAnswers } from './answer-list.ts';
import { AnswerKinds } from './answer-kinds.tsx';
import { ShownAnswers } from './shown-answers.tsx';
import { JobStrip } from './job-strip.tsx';
import { SortStrip } from './sort-strip.tsx';

/** New answers are fetched so often while a job gives some (ms). */
const fetchEvery = 700;

interface AnswersPageProps {
  readonly project: ProjectState;
  readonly job: JobSummary;
  /** All jobs whose answers can be shown, newest first. */
  readonly jobs: readonly JobSummary[];
  readonly run: RunSummary;
  readonly runs: readonly RunSummary[];
}

/** The answers of one job, from the moment it waits until what to do with them. */
export function AnswersPage({ project, job, jobs, run, runs }: AnswersPageProps) {
  const { use } = useActions();
  useFetched(job);
  const known = useAppState((state) => state.use.answers);
  const answers = known?.job === job.id ? known : undefined;
  const error = useAppState((state) => state.use.error);
  return (
    <div className="use-answers">
      <Head job={job} jobs={jobs} run={run} runs={runs} answers={answers} />
      <JobStrip untitled job={job} onCancel={() => void use.discard(job.id)} />
      <SortStrip project={project.id} after={job.createdAt} />
      <NoveltyNotice answers={answers} />
      {error !== undefined ? (
        <ErrorState error={error} onRetry={() => void use.fetchAnswers(job.id)} />
      ) : answers === undefined ? (
        <div className="use-loading" role="status" aria-label="Loading the answers">
          <Skeleton height="220px" />
        </div>
      ) : answers.rows.length === 0 && answers.failed.length === 0 ? (
        <NoAnswers job={job} />
      ) : (
        <Answers answers={answers} />
      )}
    </div>
  );
}

/** Fetches answers as they come, and what was missed when the connection was lost. */
function useFetched({ id, state }: JobSummary): void {
  const { use } = useActions();
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  const over = !['queued', 'running', 'paused'].includes(state);
  useEffect(() => {
    if (!connected) return undefined;
    const fetch = (): void => void use.fetchAnswers(id);
    fetch();
    if (over) return undefined;
    const timer = setInterval(fetch, fetchEvery);
    return () => clearInterval(timer);
  }, [use, id, over, connected]);
}

interface HeadProps extends Omit<AnswersPageProps, 'project'> {
  readonly answers: FetchedAnswers | undefined;
}

function Head({ job, jobs, run, runs, answers }: HeadProps) {
  const { use } = useActions();
  const dispatch = useDispatch();
  const [busy, work] = useBusy<'table' | 'sort'>();
  const by = useAppState((state) => state.use.runs.get(job.id));
  const answeredBy = runs.find(({ id }) => id === by);
  const none = answers === undefined || answers.rows.length === 0;
  return (
    <div className="use-head">
      <div className="use-head-title">
        {jobs.length > 1 ? (
          <Select
            label="Answers shown"
            value={job.id}
            options={jobs.map((one) => ({
              value: one.id,
              label: one.title,
              hint: fullTime(one.createdAt),
            }))}
            onChange={(id) => dispatch({ type: 'use/shown', job: id })}
          />
        ) : (
          <h2 className="use-title truncate" title={job.title}>
            {job.title}
          </h2>
        )}
        {answeredBy === undefined || answeredBy.id === run.id ? null : (
          <span className="muted small truncate">by {nameOfRun(answeredBy)}, not the model chosen above</span>
        )}
      </div>
      <span className="use-head-actions">
        <Button variant="quiet" icon={Plus} onClick={() => dispatch({ type: 'use/shown', job: null })}>
          Other photos
        </Button>
        <Button
          icon={FileSpreadsheet}
          busy={busy === 'table'}
          disabled={none}
          onClick={() => work('table', () => use.saveTable(job.id))}
        >
          Save as CSV
        </Button>
        {answers?.task === 'regression' ? null : (
          <Menu
            align="end"
            items={[
              { kind: 'heading', label: 'A folder per answer' },
              {
                label: 'Into a folder I choose',
                onSelect: () => work('sort', () => use.sort(job.id, 'folder')),
              },
              {
                label: 'As one archive to download',
                onSelect: () => work('sort', () => use.sort(job.id, 'archive')),
              },
            ]}
          >
            <Button icon={FolderTree} busy={busy === 'sort'} disabled={none || !isOver(job)}>
              Copy into folders
            </Button>
          </Menu>
        )}
      </span>
    </div>
  );
}

/** What comparing the photos with each other has shown, if it has. */
function NoveltyNotice({ answers }: { readonly answers: FetchedAnswers | undefined }) {
  const dispatch = useDispatch();
  if (answers?.novelty === undefined) return null;
  const said = sayNovelty(answers.novelty);
  if (said === undefined) return null;
  return (
    <Notice tone="info" title={said.title} detail={said.detail}>
      <Button onClick={() => dispatch({ type: 'use/chosen', choice: { kind: 'unknown' } })}>
        Show the unknown
      </Button>
    </Notice>
  );
}

function Answers({ answers }: { readonly answers: FetchedAnswers }) {
  const counts = useMemo(() => countAnswers(answers.rows), [answers.rows]);
  return (
    <div className="use-main">
      <AnswerKinds answers={answers} counts={counts} />
      <ShownAnswers answers={answers} />
    </div>
  );
}

function NoAnswers({ job }: { readonly job: JobSummary }) {
  const dispatch = useDispatch();
  if (!isOver(job))
    return (
      <EmptyState
        small
        title={job.state === 'queued' ? 'Waiting for other work' : 'The first answers are on their way'}
      >
        {job.state === 'queued'
          ? 'The model answers as soon as the work before it is done.'
          : 'They are shown here as they come. You can go on with something else in the meantime.'}
      </EmptyState>
    );
  return (
    <EmptyState
      small
      title={job.state === 'done' ? 'There were no photos in it' : `${plural(0, 'answer')} were given`}
      actions={
        <Button onClick={() => dispatch({ type: 'use/shown', job: null })}>Choose other photos</Button>
      }
    >
      Holotype reads JPEG, PNG, WebP, GIF, TIFF, BMP and AVIF, also in folders within the one you chose.
    </EmptyState>
  );
}
