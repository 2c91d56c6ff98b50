import { rankedBy, type ComparedBackbone, type Comparison } from '../../../contract/compare.ts';
import type { Task } from '../../../contract/project.ts';
import { familiarity, rankFigure, timeOf } from '../../components/backbone-words.ts';
import { bytes, count, fullTime, percent, plural } from '../../components/format.ts';
import { Badge, Button, ColumnHead, Notice, Table } from '../../components/ui/index.ts';
import { AccuracyOverTime } from './accuracy-over-time.tsx';
import { verdict } from './compare-words.ts';

interface ComparisonResultProps {
  readonly comparison: Comparison;
  readonly disabled: boolean;
  readonly onUse: (id: string) => void;
}

/** How the backbones did: in a sentence, a drawing and a table. */
export function ComparisonResult({ comparison, disabled, onUse }: ComparisonResultProps) {
  const { backbones, failed, photos, task = 'single-label', classes, folds, createdAt } = comparison;
  return (
    <>
      <section className="ui-card compare-card" aria-labelledby="compare-verdict">
        <h2 id="compare-verdict">{verdict(backbones)}</h2>
        <p className="muted small">
          {plural(photos, 'photo')}
          {kindsOf(task, classes.length)}; each was judged by a head that learned from {folds - 1} of {folds}{' '}
          parts and not from it. On new photos like these expect {expected[task]} within the interval, 95
          times of 100. {fullTime(createdAt)}.
        </p>
        {backbones.length > 1 ? <AccuracyOverTime backbones={backbones} /> : null}
      </section>
      <section className="ui-card compare-card" aria-labelledby="compare-ranking">
        <h2 id="compare-ranking">Ranking</h2>
        <Table caption="Backbones, best first">
          <thead>
            <tr>
              <ColumnHead>Backbone</ColumnHead>
              <ColumnHead numeric>{heading[task]}</ColumnHead>
              <ColumnHead>Interval</ColumnHead>
              <ColumnHead numeric>A photo takes</ColumnHead>
              <ColumnHead numeric>Size</ColumnHead>
              <ColumnHead>Your photos are to it</ColumnHead>
              <ColumnHead>
                <span className="visually-hidden">Choose</span>
              </ColumnHead>
            </tr>
          </thead>
          <tbody>
            {backbones.map((one, at) => (
              <Row key={one.id} one={one} first={at === 0} disabled={disabled} onUse={onUse} />
            ))}
          </tbody>
        </Table>
        <p className="muted small">
          How familiar photos are is measured by how sure the network is when it names what it was trained on
          (ImageNet’s 1,000 kinds of things). Of photos like its own it is about as sure as it is right there.
          {task === 'single-label'
            ? 'Unfamiliar photos can still be told apart: what counts is the share that is right.'
            : 'Unfamiliar photos can be learned from all the same: what counts is the figure they are ranked by.'}{' '}
          Where a network names nothing, or its accuracy on ImageNet is not known, nothing is said.
          {task === 'multi-label'
            ? ' Mean average precision says how far up photos with a label come when all are put in the order of how sure the model is of it; 100% is without a mistake.'
            : ''}
        </p>
      </section>
      {failed.map(({ id, error }) => (
        <Notice
          key={id}
          tone="warning"
          title={`${id} could not be tried: ${error.message}`}
          detail={error.remedy}
        />
      ))}
    </>
  );
}

const heading: Readonly<Record<Task, string>> = {
  'single-label': 'Right',
  'multi-label': 'Mean average precision',
  regression: 'Off by',
};

const expected: Readonly<Record<Task, string>> = {
  'single-label': 'an accuracy',
  'multi-label': 'a figure',
  regression: 'a mean error',
};

function kindsOf(task: Task, classes: number): string {
  if (task === 'regression') return ' with a number';
  return task === 'multi-label'
    ? ` of ${plural(classes, 'label')}`
    : ` of ${plural(classes, 'class', 'classes')}`;
}

/** What is known beside the figure that is ranked by. */
function besides({ labels, numbers, accuracy, macroF1 }: ComparedBackbone): string {
  if (numbers !== undefined) return numbers.r2 === null ? '' : `R² ${numbers.r2.toFixed(3)}`;
  if (labels === undefined || accuracy === null) return '';
  return `${percent(accuracy)} all labels right${macroF1 === null ? '' : `, macro-F1 ${percent(macroF1)}`}`;
}

interface RowProps {
  readonly one: ComparedBackbone;
  readonly first: boolean;
  readonly disabled: boolean;
  readonly onUse: (id: string) => void;
}

function Row({ one, first, disabled, onUse }: RowProps) {
  const { id, name, behind, photosPerSecond, size, domain, licence } = one;
  const { kind, value, interval } = rankedBy(one);
  const more = besides(one);
  return (
    <tr>
      <th scope="row">
        <span className="compare-name">{name}</span>
        {first ? <Badge tone="good">best</Badge> : behind ? null : <Badge>as good, for all we know</Badge>}
        <span className="compare-licence muted small">{licence ?? 'licence unknown'}</span>
      </th>
      <td className="numeric">
        {rankFigure(value, kind)}
        {more === '' ? null : <span className="compare-licence muted small">{more}</span>}
      </td>
      <td>
        {interval === null
          ? 'not known'
          : `${rankFigure(interval[0], kind)} to ${rankFigure(interval[1], kind)}`}
      </td>
      <td className="numeric">
        {timeOf(photosPerSecond)}
        <span className="compare-licence muted small">
          {count(Math.round(photosPerSecond * 10) / 10)} a second
        </span>
      </td>
      <td className="numeric">{bytes(size)}</td>
      <td>{familiarity(domain)}</td>
      <td>
        <Button size="s" disabled={disabled} onClick={() => onUse(id)}>
          Use this one<span className="visually-hidden">: {name}</span>
        </Button>
      </td>
    </tr>
  );
}
