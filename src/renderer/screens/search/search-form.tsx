import { Search } from 'lucide-react';
import { useState } from 'react';
import type { Task } from '../../../contract/project.ts';
import type { SearchMethod } from '../../../contract/search.ts';
import type { SearchWish } from '../../api/actions/search.ts';
import { askToNotify } from '../../api/notify.ts';
import { Button, Select, TextField, ToggleGroup, type Option } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { methods } from './search-words.ts';

type Limit = '300' | '600' | '1800' | '3600' | 'trials';
const limits: readonly Option<Limit>[] = [
  { value: '300', label: '5 minutes' },
  { value: '600', label: '10 minutes' },
  { value: '1800', label: '30 minutes' },
  { value: '3600', label: '1 hour' },
  { value: 'trials', label: 'A number of trials' },
];
const mostTrials = 1_000;

interface SearchFormProps {
  readonly task: Task;
  readonly disabled: boolean;
  readonly onStart: (wish: SearchWish) => Promise<void>;
}

/** How to search, how long, and the button that begins it. */
export function SearchForm({ task, disabled, onStart }: SearchFormProps) {
  const [method, setMethod] = useState<SearchMethod>('auto');
  const [limit, setLimit] = useState<Limit>('600');
  const [trials, setTrials] = useState('30');
  const [busy, run] = useBusy<'start'>();
  const wanted = Number(trials);
  const problem =
    limit === 'trials' && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= mostTrials)
      ? `A whole number from 1 to ${mostTrials}.`
      : undefined;
  const start = (): void => {
    askToNotify();
    run('start', () =>
      onStart({ method, ...(limit === 'trials' ? { trials: wanted } : { budget: Number(limit) }) }),
    );
  };
  return (
    <section className="ui-card search-card" aria-labelledby="search-how">
      <h2 id="search-how">How to search</h2>
      <p className="muted small">
        Trials set the learning rate, weight decay, hidden layers, dropout, batch size
        {task === 'regression' ? ' and mirrored copies' : ', mirrored copies and label smoothing'} of the
        head, and the backbone unless you chose one. All else stays as it is on the page “Train”. The photos
        for the final test are never looked at.
      </p>
      <div className="search-choice">
        <ToggleGroup
          label="Method"
          value={method}
          options={methods}
          disabled={disabled}
          onChange={setMethod}
        />
        <p className="muted small">{methods.find(({ value }) => value === method)?.text}</p>
      </div>
      <div className="search-controls">
        <Select
          label="How long"
          prefix="For"
          value={limit}
          options={limits}
          disabled={disabled}
          onChange={setLimit}
        />
        {limit === 'trials' ? (
          <TextField
            label="Trials"
            bare
            inputMode="numeric"
            className="search-trials"
            value={trials}
            disabled={disabled}
            problem={problem}
            onChange={setTrials}
          />
        ) : null}
        <Button
          variant="primary"
          icon={Search}
          busy={busy === 'start'}
          disabled={disabled || problem !== undefined}
          onClick={start}
        >
          Start the search
        </Button>
      </div>
      <p className="muted small">
        The settings as they are, and the best once more, are trained whole in any case, so a short time may
        be overrun; other trials that run when it is up are cut short and don’t count. As many heads are
        trained at once as cores and memory allow. A search that was cancelled goes on when the same photos,
        settings and method are searched again; with more time or trials it goes further.
      </p>
    </section>
  );
}
