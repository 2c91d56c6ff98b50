import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { ClassMetrics, Interval, Metrics } from '../../../contract/metrics.ts';
import { count, percent } from '../../components/format.ts';
import { Table } from '../../components/ui/index.ts';
import { ClassHead } from './class-head.tsx';
import { useClassColors } from './use-class-colors.ts';

type Column = 'class' | 'recall' | 'precision' | 'f1' | 'support';

const columns: readonly { readonly key: Column; readonly name: string; readonly hint: string }[] = [
  { key: 'class', name: 'Class', hint: '' },
  {
    key: 'recall',
    name: 'Found',
    hint: 'recall: of the photos that are this class, the part that was called so',
  },
  {
    key: 'precision',
    name: 'Right when said',
    hint: 'precision: of the photos called this class, the part that is',
  },
  { key: 'f1', name: 'F1', hint: 'both together' },
  { key: 'support', name: 'Photos', hint: 'that are this class, among those it was checked on' },
];

/** Figures of each class, to be sorted by any of them; those that are found least often first. */
export function ClassTable({ metrics }: { readonly metrics: Metrics }) {
  const [sort, setSort] = useState<{ readonly by: Column; readonly down: boolean }>({
    by: 'recall',
    down: false,
  });
  const colors = useClassColors();
  const rows = useMemo(() => sorted(metrics.perClass, sort.by, sort.down), [metrics, sort]);
  return (
    <Table caption="Figures of each class">
      <thead>
        <tr>
          {columns.map(({ key, name, hint }) => (
            <th
              key={key}
              scope="col"
              className={key === 'class' ? undefined : 'numeric'}
              aria-sort={sort.by === key ? (sort.down ? 'descending' : 'ascending') : undefined}
            >
              <button
                type="button"
                className="judge-sort"
                title={hint}
                onClick={() => setSort({ by: key, down: sort.by === key && !sort.down })}
              >
                {name}
                {sort.by !== key ? null : sort.down ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.class}>
            <ClassHead name={row.class} color={colors.get(row.class)} />
            <Share value={row.recall} interval={row.recallInterval} />
            <Share value={row.precision} interval={row.precisionInterval} />
            <Share value={row.f1} interval={null} />
            <td className="numeric">{count(row.support)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Share({ value, interval }: { readonly value: number | null; readonly interval: Interval | null }) {
  return (
    <td className="numeric">
      {value === null ? '–' : percent(value)}
      {interval === null ? null : (
        <span className="muted judge-range">
          {Math.round(interval[0] * 100)}–{Math.round(interval[1] * 100)}
        </span>
      )}
    </td>
  );
}

/** Classes in the order of a column; those without a figure come last either way. */
export function sorted(rows: readonly ClassMetrics[], by: Column, down: boolean): ClassMetrics[] {
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (by === 'class') return sign * a.class.localeCompare(b.class, undefined, { numeric: true });
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}
