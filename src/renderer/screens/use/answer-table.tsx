import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useEffectEvent, useId, useMemo, useRef, type KeyboardEvent } from 'react';
import { doubtOf, isSaidInDoubt } from '../../../contract/doubt.ts';
import { answerPath } from '../../../contract/media.ts';
import type { Answer } from '../../../contract/use.ts';
import { useMediaUrl } from '../../api/context.tsx';
import { percent } from '../../components/format.ts';
import { moveFocus, type GridMove } from '../../components/photos/grid-moves.ts';
import { Picture } from '../../components/picture.tsx';
import { ConfidenceBar } from '../../components/probability-bars.tsx';
import { ClassChip, unknownColor } from '../../components/ui/index.ts';
import type { AnswerOrder, FetchedAnswers } from '../../state/use.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import { likeliest, wordsOf } from './answer-list.ts';

/** Pixels; the same as in the style sheet. */
const rowHeight = 44;

const moves: Readonly<Record<string, GridMove>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'first',
  End: 'last',
  PageUp: 'page-up',
  PageDown: 'page-down',
};

interface AnswerTableProps {
  readonly label: string;
  /** In the order to be shown. */
  readonly answers: readonly Answer[];
  readonly of: FetchedAnswers;
  readonly order: AnswerOrder;
  /** The index of the answer that has the keyboard, as text. */
  readonly focused: string | undefined;
  readonly onFocus: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

/** Answers row by row, as many as there may be: only those that can be seen are in the page. Enter opens one. */
export function AnswerTable({ label, answers, of, order, focused, onFocus, onOpen }: AnswerTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  // A number has no confidence, and nothing comes second to it.
  const numbers = of.task === 'regression';
  const sorted = sortedBy(order);
  const name = useId();
  // Nothing here is memoized by a compiler; the list tells React by itself when it has moved.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: answers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    // The line of headings covers the first row's height.
    scrollPaddingStart: rowHeight,
  });
  const at = useMemo(
    () => (focused === undefined ? -1 : answers.findIndex(({ index }) => String(index) === focused)),
    [answers, focused],
  );
  const reveal = useEffectEvent(() => {
    if (at >= 0) rows.scrollToIndex(at);
  });
  useEffect(() => reveal(), [focused]);
  const current = Math.max(0, at);
  const press = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.altKey) return;
    const chosen = answers[current];
    if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault();
      onOpen(String(chosen.index));
      return;
    }
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const next = answers[at < 0 ? 0 : moveFocus(current, move, { columns: 1, count: answers.length, page })];
    if (next !== undefined) onFocus(String(next.index));
  };
  const shown = rows.getVirtualItems();
  const isShown = at >= 0 && shown.some(({ index }) => index === at);
  return (
    <div
      ref={scroller}
      className={numbers ? 'use-table use-table-numbers' : 'use-table'}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={answers.length + 1}
      aria-activedescendant={isShown ? `${name}-${focused}` : undefined}
      onKeyDown={press}
    >
      <div role="row" aria-rowindex={1} className="use-table-row use-table-head">
        <span role="columnheader">
          <span className="visually-hidden">Picture</span>
        </span>
        <span role="columnheader" {...(order === 'name' ? { 'aria-sort': 'ascending' } : {})}>
          Photo
        </span>
        <span role="columnheader" {...(numbers ? sorted : {})}>
          Answer
        </span>
        {numbers ? null : (
          <span role="columnheader" {...sorted}>
            Confidence
          </span>
        )}
        <span role="columnheader">{numbers ? 'Note' : 'Next likeliest'}</span>
      </div>
      <div role="rowgroup" className="use-table-all" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const answer = answers[index];
          if (answer === undefined) return null;
          return (
            <div
              key={answer.index}
              id={`${name}-${answer.index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={index === at}
              className="use-table-row"
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => onOpen(String(answer.index))}
            >
              <Cells answer={answer} of={of} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What a heading says of the order by number or confidence. */
function sortedBy(order: AnswerOrder): { readonly 'aria-sort'?: 'ascending' | 'descending' } {
  if (order === 'least') return { 'aria-sort': 'ascending' };
  return order === 'most' ? { 'aria-sort': 'descending' } : {};
}

function Cells({ answer, of }: { readonly answer: Answer; readonly of: FetchedAnswers }) {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const { path, label, labels, value, confidence, unknown, probabilities } = answer;
  const given = labels ?? [label];
  const said = isSaidInDoubt(answer);
  const next = likeliest(of.classes, probabilities).find(({ name }) => !given.includes(name));
  // Which class it would have been says more of an unknown one than which came second.
  const other = unknown && labels === undefined ? { name: label, probability: confidence } : next;
  return (
    <>
      <span role="gridcell">
        <Picture className="use-table-picture" src={mediaUrl(answerPath(of.job, answer.index))} alt="" />
      </span>
      <span role="gridcell" className="truncate" title={path}>
        {path}
      </span>
      <span role="gridcell">
        {unknown && !said ? (
          <ClassChip color={unknownColor} name="unknown" />
        ) : value === undefined && given.length > 0 ? (
          given.map((name) => <ClassChip key={name} color={colors.get(name) ?? 0} name={name} />)
        ) : (
          <span className="numeric">{wordsOf(answer)}</span>
        )}
        {unknown && said ? (
          <>
            {' '}
            <ClassChip color={unknownColor} name="unlike" />
          </>
        ) : null}
      </span>
      {value === undefined ? (
        <span role="gridcell" className="use-table-confidence">
          <ConfidenceBar value={confidence} dim={unknown} />
          <span className="numeric">{percent(confidence)}</span>
        </span>
      ) : null}
      <span role="gridcell" className="muted truncate numeric" title={doubtOf(answer)}>
        {unknown && said
          ? doubtOf(answer)
          : value !== undefined || other === undefined
            ? ''
            : `${other.name} ${percent(other.probability)}`}
      </span>
    </>
  );
}
