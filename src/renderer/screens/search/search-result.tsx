import { Check, Download } from 'lucide-react';
import type { ProjectSearch } from '../../../contract/search.ts';
import { duration, percent, plural } from '../../components/format.ts';
import { Badge, Button, ColumnHead, Table } from '../../components/ui/index.ts';
import { nameOf, pointText, trialName } from './search-words.ts';

type Result = NonNullable<ProjectSearch['result']>;

interface SearchResultProps {
  readonly result: Result;
  readonly disabled: boolean;
  readonly models: ReadonlyMap<string, string>;
  readonly onUse: () => void;
  readonly onSave: () => void;
}

/** What came of a search: the verdict, the best ones over several seeds, and which settings mattered. */
export function SearchResult({ result, disabled, models, onUse, onSave }: SearchResultProps) {
  const { verdict, finalists, importance, seconds, cut } = result;
  const seeds = Math.max(0, ...finalists.map((finalist) => finalist.seeds.length));
  return (
    <>
      <section className="ui-card search-card" aria-labelledby="search-verdict">
        <h2 id="search-verdict">{verdict}</h2>
        <p className="muted small">
          {looksText(result)} The search took {duration(seconds)} in all.
          {cut === 0
            ? ''
            : ` ${cut === 1 ? 'One training was' : `${cut} trainings were`} under way when the time was up: cut short, and counted nowhere.`}
        </p>
        <div className="search-controls">
          {finalists[0]?.number === 0 ? null : (
            <Button variant="primary" icon={Check} disabled={disabled} onClick={onUse}>
              Use these settings
            </Button>
          )}
          <Button icon={Download} onClick={onSave}>
            Save as a recipe
          </Button>
        </div>
        <Table caption="The best, tried again">
          <thead>
            <tr>
              <ColumnHead>Settings</ColumnHead>
              <ColumnHead numeric>Loss</ColumnHead>
              <ColumnHead numeric>Right</ColumnHead>
              <ColumnHead>In words</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {finalists.map(({ number, loss, spread, accuracy, point }, at) => (
              <tr key={number}>
                <th scope="row" className="search-trial">
                  {trialName(number)} {at === 0 ? <Badge tone="good">best</Badge> : null}
                </th>
                <td className="numeric">
                  {loss.toFixed(4)}
                  {seeds > 1 ? ` ± ${spread.toFixed(4)}` : ''}
                </td>
                <td className="numeric">{accuracy === null ? '–' : percent(accuracy)}</td>
                <td className="search-point small">{pointText(point, models)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
        <p className="muted small">
          {seeds > 1
            ? `The best were trained again from ${plural(seeds, 'random start')} each: the loss is their mean, ± how much they differ. A difference smaller than that may be luck.`
            : 'There was time to train the best again from one random start only: small differences may be luck.'}
        </p>
      </section>
      <section className="ui-card search-card" aria-labelledby="search-importance">
        <h2 id="search-importance">What mattered</h2>
        {importance.length === 0 ? (
          <p className="muted">Too few trials to tell which settings matter.</p>
        ) : (
          <>
            <Table caption="How much each setting mattered">
              <thead>
                <tr>
                  <ColumnHead>Setting</ColumnHead>
                  <ColumnHead numeric>Share</ColumnHead>
                  <th scope="col" aria-hidden className="search-bar-cell" />
                </tr>
              </thead>
              <tbody>
                {importance.map(({ name, share }) => (
                  <tr key={name}>
                    <th scope="row">{nameOf(name)}</th>
                    <td className="numeric">{percent(share)}</td>
                    <td aria-hidden className="search-bar-cell">
                      <span
                        className="search-bar"
                        style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </Table>
            <p className="muted small">
              The share of the differences between trials that each setting explains by itself. What is near
              zero may stay as it is.
            </p>
          </>
        )}
      </section>
    </>
  );
}

/** Who looked at what. */
function looksText({ scoredBy, looks, counts }: Result): string {
  const val = plural(counts.val, 'photo');
  const judged =
    scoredBy === 'validation'
      ? `${plural(looks.validation, 'training')} looked at the ${val} to check on, so expect a little less on new photos.`
      : `Judged by cross-validation within the photos to learn from: no trial looked at the ${val} to check on.`;
  return counts.test === 0
    ? `${judged} No photos are kept for a final test.`
    : `${judged} The ${plural(counts.test, 'photo')} for the final test were not looked at.`;
}
