import { Boxes, Import, Scale } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { Comparison } from '../../../contract/compare.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useWhenConnected } from '../../api/use-connected.ts';
import {
  Button,
  EmptyState,
  ErrorState,
  SearchField,
  Skeleton,
  ToggleGroup,
} from '../../components/ui/index.ts';
import { useAnswer } from '../../components/use-answer.ts';
import { useBusy } from '../../components/use-busy.ts';
import { valueOf } from '../../state/loadable.ts';
import { ModelCard } from './model-card.tsx';
import './models.css';

type Which = 'all' | 'installed';

/** Pretrained models to begin from: what there is, what it costs, what is known to be wrong with it. */
export function ModelsPage() {
  const { models: actions, navigation, compare } = useActions();
  const open = useAppState(({ project }) =>
    project.state.status === 'ready' ? project.state.value : undefined,
  );
  const project = open?.id;
  const { answer } = useAnswer(
    useCallback(
      async (signal: AbortSignal): Promise<Comparison | null> =>
        project === undefined ? null : compare.latest(project, signal),
      [compare, project],
    ),
  );
  const compared = valueOf(answer)?.backbones;
  const models = useAppState((state) => state.settings.models);
  const jobs = useAppState((state) => state.jobs.byId);
  const [which, setWhich] = useState<Which>('all');
  const [search, setSearch] = useState('');
  const [busy, run] = useBusy<'import'>();
  useWhenConnected(actions.load);
  const words = search.trim().toLowerCase();
  const shown = valueOf(models)?.filter(
    ({ name, id, installed }) =>
      (which === 'all' || installed) && `${name} ${id}`.toLowerCase().includes(words),
  );
  const downloads = new Map(
    [...jobs.values()].flatMap((job) =>
      job.kind === 'fetch-model' && job.model !== undefined ? [[job.model, job] as const] : [],
    ),
  );
  return (
    <>
      <header className="settings-head">
        <h1>Models</h1>
        <span className="models-buttons">
          {open === undefined ? null : (
            <Button
              icon={Scale}
              onClick={() =>
                navigation.go({ screen: 'project', project: open.id, tab: 'train', detail: 'compare' })
              }
            >
              Compare on my photos<span className="visually-hidden"> of {open.name}</span>
            </Button>
          )}
          <Button icon={Import} busy={busy === 'import'} onClick={() => run('import', actions.import)}>
            Import a model…
          </Button>
        </span>
      </header>
      <p className="models-lead">
        Networks that have learned to see from millions of photos. Yours begins from one of them, so that a
        few photos are enough.
      </p>
      <div className="models-bar">
        <ToggleGroup<Which>
          label="Which models"
          value={which}
          options={[
            { value: 'all', label: 'All' },
            { value: 'installed', label: 'On this machine' },
          ]}
          onChange={setWhich}
        />
        <SearchField label="Find a model" value={search} onChange={setSearch} />
      </div>
      {models.status === 'failed' ? (
        <ErrorState error={models.error} onRetry={() => void actions.load()} />
      ) : shown === undefined ? (
        <div role="status" aria-label="Loading the models" className="models">
          {['a', 'b', 'c', 'd'].map((key) => (
            <Skeleton key={key} height="108px" />
          ))}
        </div>
      ) : shown.length === 0 ? (
        <EmptyState
          icon={Boxes}
          title={words === '' ? 'No model is on this machine yet' : `No model is called “${search}”`}
        >
          {words === '' ? 'Download one, or import a file that you have.' : null}
        </EmptyState>
      ) : (
        <ul className="models" aria-label="Models">
          {shown.map((model) => (
            <li key={model.id}>
              <ModelCard
                model={model}
                download={downloads.get(model.id)}
                compared={compared?.find(({ id }) => id === model.id)}
              />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
