import { useState } from 'react';
import type { ProjectSearch, SearchTrial, SearchUnderWay } from '../../../contract/search.ts';
import { count, duration, percent, plural } from '../../components/format.ts';
import { Badge, Button, ColumnHead, Table } from '../../components/ui/index.ts';
import { pointText, trialName } from './search-words.ts';

/** Trials that are shown at first. */
const first = 10;

interface LeaderboardProps {
  readonly search: ProjectSearch;
  readonly models: ReadonlyMap<string, string>;
}

/** Trials under way, and those so far, best first. */
export function Leaderboard({ search: { trials, tried, underWay, atOnce }, models }: LeaderboardProps) {
  const [all, setAll] = useState(false);
  const shown = all ? trials : trials.slice(0, first);
  return (
    <section className="ui-card search-card" aria-labelledby="search-board">
      <div className="search-head">
        <h2 id="search-board">Leaderboard</h2>
        <span className="muted small">
          {plural(tried, 'trial')} so far
          {tried > trials.length ? `, the best ${count(trials.length)} of them here` : ''}
          {atOnce === null ? '' : ` · ${plural(atOnce, 'head')} trained at once`}
        </span>
      </div>
      <Table caption="Trials, best first">
        <thead>
          <tr>
            <ColumnHead>Trial</ColumnHead>
            <ColumnHead numeric>Loss</ColumnHead>
            <ColumnHead numeric>Right</ColumnHead>
            <ColumnHead>Settings</ColumnHead>
            <ColumnHead numeric>Took</ColumnHead>
          </tr>
        </thead>
        <tbody>
          {underWay.map((trial) => (
            <UnderWay key={`${trial.number} ${trial.seed}`} trial={trial} models={models} />
          ))}
          {shown.map((trial, at) => (
            <Row key={trial.number} trial={trial} best={at === 0 && trial.share === 1} models={models} />
          ))}
        </tbody>
      </Table>
      {trials.length > first ? (
        <Button size="s" variant="quiet" className="search-more" onClick={() => setAll(!all)}>
          {all ? `Only the best ${first}` : `Show all ${count(trials.length)}`}
        </Button>
      ) : null}
    </section>
  );
}

interface UnderWayProps {
  readonly trial: SearchUnderWay;
  readonly models: ReadonlyMap<string, string>;
}

function UnderWay({ trial: { number, point, seed }, models }: UnderWayProps) {
  return (
    <tr>
      <th scope="row" className="search-trial">
        {trialName(number)} <Badge>under way</Badge>
      </th>
      <td colSpan={2} className="small">
        {seed === null ? '' : `Once more, start ${seed}`}
      </td>
      <td className="search-point small">{pointText(point, models)}</td>
      <td className="numeric" />
    </tr>
  );
}

interface RowProps {
  readonly trial: SearchTrial;
  readonly best: boolean;
  readonly models: ReadonlyMap<string, string>;
}

function Row({ trial: { number, point, score, error, share, seconds }, best, models }: RowProps) {
  return (
    <tr>
      <th scope="row" className="search-trial">
        {trialName(number)} {best && score !== null ? <Badge tone="good">best so far</Badge> : null}
        {share < 1 ? <Badge>cut short</Badge> : null}
      </th>
      {score === null ? (
        <td colSpan={2} className="search-failed small">
          Failed: {error ?? 'no reason is known'}
        </td>
      ) : (
        <>
          <td className="numeric">{score.loss.toFixed(4)}</td>
          <td className="numeric">{score.accuracy === null ? '–' : percent(score.accuracy)}</td>
        </>
      )}
      <td className="search-point small">{pointText(point, models)}</td>
      <td className="numeric">{duration(seconds)}</td>
    </tr>
  );
}
