import { useMemo, useRef, type FocusEvent, type KeyboardEvent, type SyntheticEvent } from 'react';
import type { Confusion } from '../../../contract/metrics.ts';
import { useDispatch } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { classes as classNames, ClassSwatch } from '../../components/ui/index.ts';
import type { CheckedOn } from '../../state/judge.ts';
import { moveInMatrix, shadeOf } from './confusions.ts';
import { useClassColors } from './use-class-colors.ts';

/** With more classes names of columns are turned, and nothing is written where nothing is. */
const few = 8;
/** With more the cells are as small as can be read. */
const many = 24;

interface ConfusionMatrixProps {
  readonly confusion: Confusion;
  readonly on: CheckedOn;
}

/**
 * A table of what is taken for what; each number opens the photos behind it. One cell has the keyboard, arrows, Home
 * and End move it, Enter or Space opens. Cells are plain and the table listens for all: there may be ten thousand.
 */
export function ConfusionMatrix({ confusion, on }: ConfusionMatrixProps) {
  const dispatch = useDispatch();
  const colors = useClassColors();
  const table = useRef<HTMLTableElement>(null);
  const { classes, matrix } = confusion;
  const turned = classes.length > few;
  const open = (event: SyntheticEvent): void => {
    const [row, column] = placeOf(event.target) ?? [-1, -1];
    const [truth, predicted] = [classes[row], classes[column]];
    if (truth === undefined || predicted === undefined) return;
    event.preventDefault();
    dispatch({ type: 'judge/chosen', choice: { kind: 'cell', truth, predicted, on } });
  };
  const press = (event: KeyboardEvent): void => {
    const place = placeOf(event.target);
    if (place === undefined) return;
    if (event.key === 'Enter' || event.key === ' ') return open(event);
    const next = moveInMatrix(place, event.key, classes.length);
    if (next === undefined) return;
    event.preventDefault();
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.join()}"]`)?.focus();
  };
  // The cell that was last on is where the Tab key comes back to. Drawn by hand: of ten thousand only two change.
  const remember = ({ target }: FocusEvent<HTMLElement>): void => {
    if (placeOf(target) === undefined) return;
    table.current?.querySelector('[data-cell][tabindex="0"]')?.setAttribute('tabindex', '-1');
    target.setAttribute('tabindex', '0');
  };
  const rows = useMemo(
    () =>
      classes.map((truth, row) => {
        const numbers = matrix[row] ?? [];
        const total = numbers.reduce((sum, value) => sum + value, 0);
        return (
          <tr key={truth}>
            <th scope="row" title={truth}>
              <span className="judge-class">
                <ClassSwatch color={colors.get(truth) ?? 0} size={10} />
                <span className="truncate">{truth}</span>
              </span>
            </th>
            {classes.map((predicted, column) => {
              const value = numbers[column] ?? 0;
              return (
                <td
                  key={predicted}
                  className={classNames('judge-cell', row === column && 'judge-cell-right')}
                  data-shade={shadeOf(value, total)}
                  data-cell={`${row},${column}`}
                  tabIndex={row === 0 && column === 0 ? 0 : -1}
                  aria-label={`${count(value)} of ${truth} called ${predicted}`}
                >
                  {turned && value === 0 ? '' : count(value)}
                </td>
              );
            })}
          </tr>
        );
      }),
    [classes, matrix, colors, turned],
  );
  return (
    <div
      className={classNames(
        'judge-matrix',
        turned && 'judge-matrix-turned',
        classes.length > many && 'judge-matrix-many',
      )}
    >
      <table
        ref={table}
        role="grid"
        aria-label="Confusion matrix: rows are what the photos are, columns what they were called"
        onKeyDown={press}
        onClick={open}
        onFocus={remember}
      >
        <thead>
          <tr>
            <td className="judge-corner">
              <span className="visually-hidden">is / called</span>
            </td>
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                <span className="judge-column">
                  <ClassSwatch color={colors.get(name) ?? 0} size={10} />
                  <span className="judge-column-name">{name}</span>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
    </div>
  );
}

function placeOf(target: EventTarget): readonly [number, number] | undefined {
  const cell =
    target instanceof Element ? target.closest('[data-cell]')?.getAttribute('data-cell') : undefined;
  if (cell === null || cell === undefined) return undefined;
  const [row = 0, column = 0] = cell.split(',').map(Number);
  return [row, column];
}
