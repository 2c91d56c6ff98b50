import { FolderOpen, PackageOpen } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import type { ExportFormat } from '../../../contract/use.ts';
import { useActions } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Button, ErrorState, Skeleton } from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import { useBusy } from '../../components/use-busy.ts';
import { useProjectJob } from '../../components/use-project-job.ts';
import { ExportedFormat } from './exported-format.tsx';
import { JobStrip } from './job-strip.tsx';
import { ShareCard } from './share-card.tsx';

interface ExportPageProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
}

/** The model for other programs, and the project for other people. */
export function ExportPage({ project, run }: ExportPageProps) {
  const { use } = useActions();
  const { answer, again } = useAnswer(use.formats);
  const { newest, running } = useProjectJob(project.id, 'export');
  const working = running !== undefined;
  return (
    <div className="use-export">
      <section className="ui-card use-card" aria-labelledby="export-title">
        <div>
          <h2 id="export-title">Export the model</h2>
          <p className="muted small">
            For other programs. Each format is compared with the trained model on your own photos before it
            counts as done.
          </p>
        </div>
        {answer.status === 'failed' ? (
          <ErrorState small error={answer.error} onRetry={again} />
        ) : answer.status === 'ready' ? (
          <Formats project={project.id} run={run.id} formats={answer.value} working={working} />
        ) : (
          <div role="status" aria-label="Loading the formats">
            <Skeleton height="150px" />
          </div>
        )}
        {newest === undefined ? null : <JobStrip job={newest} />}
      </section>
      {newest?.state === 'done' ? <Results key={newest.id} job={newest} project={project.name} /> : null}
      <ShareCard project={project} />
    </div>
  );
}

interface FormatsProps {
  readonly project: string;
  readonly run: string;
  readonly formats: readonly ExportFormat[];
  /** An export is under way. */
  readonly working: boolean;
}

function Formats({ project, run, formats, working }: FormatsProps) {
  const { use } = useActions();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(formats.slice(0, 1).map(({ id }) => id)),
  );
  const [busy, work] = useBusy<'here' | 'into'>();
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const wanted = formats.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const disabled = working || wanted.length === 0;
  return (
    <>
      <fieldset className="use-formats">
        <legend className="visually-hidden">Formats</legend>
        {formats.map(({ id, name, purpose }) => (
          <label key={id} className="use-format">
            <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />
            <span>
              <span className="use-format-name">{name}</span>
              <span className="muted small">{purpose}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="use-export-buttons">
        <Button
          variant="primary"
          icon={PackageOpen}
          busy={busy === 'here'}
          disabled={disabled}
          onClick={() => work('here', () => use.exportModel(project, run, wanted, undefined))}
        >
          {wanted.length < 2 ? 'Export' : `Export ${plural(wanted.length, 'format')}`}
        </Button>
        <Button
          icon={FolderOpen}
          busy={busy === 'into'}
          disabled={disabled}
          onClick={() =>
            work('into', async () => {
              const into = await use.pickTarget();
              if (into !== undefined) await use.exportModel(project, run, wanted, into);
            })
          }
        >
          Export into a folder
        </Button>
        <span className="muted small">
          {wanted.length === 0
            ? 'Choose at least one format.'
            : 'You can download what was exported afterwards.'}
        </span>
      </div>
    </>
  );
}

/** What the newest export has made. */
function Results({ job, project }: { readonly job: JobSummary; readonly project: string }) {
  const { use } = useActions();
  const ask = useCallback((signal: AbortSignal) => use.exported(job.id, signal), [use, job.id]);
  const { answer, again } = useAnswer(ask);
  if (answer.status === 'failed') return <ErrorState small error={answer.error} onRetry={again} />;
  if (answer.status !== 'ready')
    return (
      <div role="status" aria-label="Loading what was exported">
        <Skeleton height="240px" />
      </div>
    );
  return answer.value.map((one) => <ExportedFormat key={one.format.id} exported={one} project={project} />);
}
