import { SlidersHorizontal } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { ProjectSearch } from '../../../contract/search.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { RunningJob } from '../../components/running-job.tsx';
import { SubPage } from '../../components/sub-page.tsx';
import { EmptyState, ErrorState, Notice, Skeleton } from '../../components/ui/index.ts';
import { useLastResult } from '../../components/use-last-result.ts';
import { useProjectJob } from '../../components/use-project-job.ts';
import { valueOf } from '../../state/loadable.ts';
import { Leaderboard } from './leaderboard.tsx';
import { ParallelPlot } from './parallel-plot.tsx';
import { SearchForm } from './search-form.tsx';
import { SearchResult } from './search-result.tsx';
import { changesOf } from './search-words.ts';
import './search.css';

/** Better settings for the project's training: how to look for them, how far it is, and what was found. */
export function SearchScreen({ project }: { readonly project: ProjectState }) {
  const { search, train, models, navigation } = useActions();
  useEffect(() => {
    train.enter(project.id);
    void models.load();
  }, [train, models, project.id]);
  const settings = useAppState((state) => state.train.settings);
  const { newest, running } = useProjectJob(project.id, 'search');
  // Each message may be that of a new trial.
  const step = running === undefined ? `over ${newest?.id ?? ''}` : (running.progress?.message ?? 'begun');
  const { answer, again } = useLastResult(project.id, search.latest, step);
  const known = useAppState((state) => valueOf(state.settings.models));
  const names = useMemo(() => new Map(known?.map(({ id, name }) => [id, name])), [known]);
  const disabled = project.readOnly !== null;
  const found = valueOf(answer);
  return (
    <SubPage className="search" title="Search for better settings" back="Back to training">
      {running === undefined ? (
        <SearchForm
          task={project.task}
          disabled={disabled}
          onStart={(wish) => search.start(project.id, wish, settings)}
        />
      ) : (
        <RunningJob job={running} label="Searching" />
      )}
      <Ended job={running === undefined ? newest : undefined} tried={found?.tried ?? 0} />
      {answer.status === 'failed' ? (
        <ErrorState error={answer.error} onRetry={again} />
      ) : found === undefined ? (
        <div role="status" aria-label="Loading the last search">
          <Skeleton height="240px" />
        </div>
      ) : found === null ? (
        running === undefined ? (
          <EmptyState small icon={SlidersHorizontal} title="Nothing was searched yet">
            Each trial trains a quick head with other settings, on what the backbone saw in your photos once,
            and judges it on photos that it did not learn from. The best are trained again from other random
            starts: one lucky trial is no result.
          </EmptyState>
        ) : null
      ) : (
        <Found
          found={found}
          names={names}
          disabled={disabled}
          onUse={(chosen) => {
            train.choose(changesOf(chosen));
            navigation.detail('');
          }}
          onSave={() => void search.saveRecipe(project.id)}
        />
      )}
    </SubPage>
  );
}

/** Why there is no whole result. */
function Ended({ job, tried }: { readonly job: JobSummary | undefined; readonly tried: number }) {
  if (job?.state === 'failed')
    return (
      <Notice tone="problem" title={job.error?.message ?? 'The search failed.'} detail={job.error?.remedy} />
    );
  if (job?.state !== 'cancelled' && job?.state !== 'interrupted') return null;
  return (
    <Notice
      tone="info"
      title={job.state === 'cancelled' ? 'The search was cancelled.' : 'The search was cut off.'}
      detail={
        tried === 0
          ? 'No trial was done yet.'
          : `${plural(tried, 'trial')} kept: start the same search again, and it goes on from there.`
      }
    />
  );
}

interface FoundProps {
  readonly found: ProjectSearch;
  readonly names: ReadonlyMap<string, string>;
  readonly disabled: boolean;
  readonly onUse: (settings: NonNullable<ProjectSearch['result']>['settings']) => void;
  readonly onSave: () => void;
}

function Found({ found, names, disabled, onUse, onSave }: FoundProps) {
  const { result, chosen, trials, underWay } = found;
  return (
    <>
      {chosen === null ? null : <p className="muted">{chosen.why}</p>}
      {result === null ? null : (
        <SearchResult
          result={result}
          disabled={disabled}
          models={names}
          onUse={() => onUse(result.settings)}
          onSave={onSave}
        />
      )}
      {trials.length + underWay.length === 0 ? null : (
        <>
          <Leaderboard search={found} models={names} />
          <ParallelPlot trials={trials} models={names} />
        </>
      )}
    </>
  );
}
