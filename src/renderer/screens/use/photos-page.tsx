import { FolderOpen, Images } from 'lucide-react';
import { useMemo, useRef } from 'react';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch } from '../../api/context.tsx';
import { fullTime } from '../../components/format.ts';
import { Button } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { jobsOf } from '../../state/jobs.ts';
import { AnswersPage } from './answers-page.tsx';

/** Earlier answers that are offered; all are in the list beside the shown ones. */
const mostEarlier = 3;

interface PhotosPageProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
  /** All that can be chosen. */
  readonly runs: readonly RunSummary[];
}

/** Answers for photos that don't belong to the project: those of the newest job, or the way to the first. */
export function PhotosPage({ project, run, runs }: PhotosPageProps) {
  const jobs = useAppState((state) => state.jobs);
  const wanted = useAppState((state) => state.use.job);
  const all = useMemo(() => jobsOf(jobs, project.id, 'predict'), [jobs, project.id]);
  const shown = wanted === undefined ? all[0] : all.find(({ id }) => id === wanted);
  // One that was begun a moment ago is on its way to the list.
  if (shown === undefined) return <Begin project={project.id} run={run.id} earlier={all} />;
  return <AnswersPage key={shown.id} project={project} job={shown} jobs={all} run={run} runs={runs} />;
}

interface BeginProps {
  readonly project: string;
  readonly run: string;
  /** Jobs whose answers can be looked at again, newest first. */
  readonly earlier: readonly JobSummary[];
}

/** Photos are to be chosen. */
function Begin({ project, run, earlier }: BeginProps) {
  const { use } = useActions();
  const dispatch = useDispatch();
  const files = useRef<HTMLInputElement>(null);
  const [busy, work] = useBusy<'folder' | 'files'>();
  return (
    <div className="use-begin">
      <div className="use-begin-card">
        <Images aria-hidden />
        <h2>Let the model answer for new photos</h2>
        <p className="muted small">
          Drop photos or a folder anywhere in this window. They stay where they are, and don’t become part of
          the project.
        </p>
        <div className="use-begin-actions">
          <Button
            variant="primary"
            icon={FolderOpen}
            busy={busy === 'folder'}
            onClick={() => work('folder', () => use.answerFolder(project, run))}
          >
            Choose a folder
          </Button>
          <Button icon={Images} busy={busy === 'files'} onClick={() => files.current?.click()}>
            Choose photos
          </Button>
        </div>
        {earlier.length === 0 ? null : (
          <div className="use-earlier">
            <p className="muted small">Or look again at</p>
            {earlier.slice(0, mostEarlier).map((job) => (
              <Button
                key={job.id}
                size="s"
                variant="quiet"
                title={fullTime(job.createdAt)}
                onClick={() => dispatch({ type: 'use/shown', job: job.id })}
              >
                {job.title}
              </Button>
            ))}
          </div>
        )}
        <input
          ref={files}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label="Photos to answer for"
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.files;
            if (chosen === null || chosen.length === 0) return;
            work('files', async () => {
              await use.answerFiles(project, run, chosen);
              currentTarget.value = '';
            });
          }}
        />
      </div>
    </div>
  );
}
