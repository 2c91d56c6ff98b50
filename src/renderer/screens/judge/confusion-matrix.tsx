import { useRef, type KeyboardEvent } from 'react';
import type { Confusion } from '../../../contract/metrics.ts';
import { useDispatch } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { classes as classNames, ClassSwatch } from '../../components/ui/index.ts';
import { useClassColors } from './use-class-colors.ts';

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** A table of what is taken for what; each number opens the photos behind it. Arrows move among the numbers. */
export function ConfusionMatrix({ confusion }: { readonly confusion: Confusion }) {
  const dispatch = useDispatch();
  const colors = useClassColors();
  const table = useRef<HTMLTableElement>(null);
  const { classes, matrix } = confusion;
  const move = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    const cell = event.target instanceof HTMLElement ? event.target.dataset['cell'] : undefined;
    if (step === undefined || cell === undefined) return;
    const [row = 0, column = 0] = cell.split(',').map(Number);
    const next = table.current?.querySelector<HTMLElement>(
      `[data-cell="${row + step[0]},${column + step[1]}"]`,
    );
    if (next === null || next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <div className="judge-matrix" tabIndex={-1}>
      <table ref={table} onKeyDown={move}>
        <caption className="visually-hidden">
          Confusion matrix: rows are what the photos are, columns what they were called
        </caption>
        <thead>
          <tr>
            <td className="judge-corner">
              <span className="visually-hidden">is / called</span>
            </td>
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                <ClassSwatch color={colors.get(name) ?? 0} size={10} />
                <span className="judge-column-name">{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((truth, row) => {
            const total = matrix[row]?.reduce((sum, value) => sum + value, 0) ?? 0;
            return (
              <tr key={truth}>
                <th scope="row" title={truth}>
                  <span className="judge-class">
                    <ClassSwatch color={colors.get(truth) ?? 0} size={10} />
                    <span className="truncate">{truth}</span>
                  </span>
                </th>
                {classes.map((predicted, column) => {
                  const value = matrix[row]?.[column] ?? 0;
                  const part = total === 0 ? 0 : value / total;
                  const right = row === column;
                  return (
                    <td
                      key={predicted}
                      className={classNames(
                        'judge-cell',
                        right && 'judge-cell-right',
                        value === 0 && 'judge-cell-none',
                      )}
                    >
                      <svg
                        className="judge-cell-fill"
                        aria-hidden
                        viewBox="0 0 1 1"
                        preserveAspectRatio="none"
                      >
                        <rect width="1" height="1" fillOpacity={value === 0 ? 0 : 0.12 + 0.5 * part} />
                      </svg>
                      <button
                        type="button"
                        data-cell={`${row},${column}`}
                        tabIndex={row === 0 && column === 0 ? 0 : -1}
                        aria-label={`${count(value)} of ${truth} called ${predicted}`}
                        onClick={() =>
                          dispatch({ type: 'judge/chosen', choice: { kind: 'cell', truth, predicted } })
                        }
                      >
                        {count(value)}
                      </button>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
