import { Scale } from 'lucide-react';
import { useEffect } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Button, EmptyState, ErrorState, Notice, Skeleton } from '../../components/ui/index.ts';
import { RunningJob } from '../../components/running-job.tsx';
import { SubPage } from '../../components/sub-page.tsx';
import { useBusy } from '../../components/use-busy.ts';
import { useLastResult } from '../../components/use-last-result.ts';
import { useProjectJob } from '../../components/use-project-job.ts';
import { valueOf } from '../../state/loadable.ts';
import { ComparisonResult } from './comparison-result.tsx';
import './compare.css';

/** Which backbone suits the project's photos: each is tried on them, and they are ranked. */
export function CompareScreen({ project }: { readonly project: ProjectState }) {
  const { compare, train, models, navigation } = useActions();
  useEffect(() => {
    train.enter(project.id);
    void models.load();
  }, [train, models, project.id]);
  const { newest, running } = useProjectJob(project.id, 'compare');
  const step = running === undefined ? `over ${newest?.id ?? ''}` : 'running';
  const { answer, again } = useLastResult(project.id, compare.latest, step);
  const installed = useAppState(
    (state) => valueOf(state.settings.models)?.filter((model) => model.installed).length,
  );
  const [busy, run] = useBusy<'start'>();
  const start = (
    <Button
      variant="primary"
      icon={Scale}
      busy={busy === 'start'}
      disabled={running !== undefined || installed === 0}
      onClick={() => run('start', () => compare.start(project.id))}
    >
      {installed === undefined ? 'Compare backbones' : `Compare ${plural(installed, 'backbone')}`}
    </Button>
  );
  const result = valueOf(answer);
  return (
    <SubPage
      className="compare"
      title="Compare backbones on your photos"
      back="Back to training"
      action={result === undefined || result === null ? null : start}
    >
      {running === undefined ? null : <RunningJob job={running} label="Comparing" />}
      {newest?.state === 'failed' ? (
        <Notice
          tone="problem"
          title={newest.error?.message ?? 'The comparison failed.'}
          detail={newest.error?.remedy}
        />
      ) : null}
      {answer.status === 'failed' ? (
        <ErrorState error={answer.error} onRetry={again} />
      ) : result === undefined ? (
        <div role="status" aria-label="Loading the last comparison">
          <Skeleton height="240px" />
        </div>
      ) : result === null ? (
        running === undefined ? (
          <EmptyState icon={Scale} title="Nothing was compared yet" actions={start}>
            {installed === 0
              ? 'No backbone is on this machine: download one on the page “Models” first.'
              : 'Each backbone on this machine looks at your labelled photos, and a quick head on it is judged on photos that it did not learn from. It takes about as long as looking at every photo once with each.'}
          </EmptyState>
        ) : null
      ) : (
        <ComparisonResult
          comparison={result}
          disabled={project.readOnly !== null}
          onUse={(id) => {
            train.choose({ backbone: id });
            navigation.detail('');
          }}
        />
      )}
    </SubPage>
  );
}
