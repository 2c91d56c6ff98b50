import type { Metrics } from '../../../contract/metrics.ts';
import { count, percent } from '../../components/format.ts';
import { ColumnHead, Table } from '../../components/ui/index.ts';
import { ClassHead } from './class-head.tsx';
import { useClassColors } from './use-class-colors.ts';

/** Figures of each label where a photo may have several; the hardest first. */
export function LabelTable({ metrics }: { readonly metrics: Metrics }) {
  const colors = useClassColors();
  const rows = metrics.perClass
    .map((one, at) => ({ ...one, ...metrics.multiLabel?.perLabel[at] }))
    .toSorted((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2));
  const share = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : percent(value);
  return (
    <Table caption="Figures of each label">
      <thead>
        <tr>
          <ColumnHead>Label</ColumnHead>
          <th
            scope="col"
            className="numeric"
            title="recall: of the photos that have it, the part that was given it"
          >
            Found
          </th>
          <th
            scope="col"
            className="numeric"
            title="precision: of the photos that were given it, the part that has it"
          >
            Right when said
          </th>
          <th scope="col" className="numeric" title="both together">
            F1
          </th>
          <th
            scope="col"
            className="numeric"
            title="how well its probability puts the photos that have it first"
          >
            Average precision
          </th>
          <th scope="col" className="numeric" title="from this probability on it is given">
            Given from
          </th>
          <ColumnHead numeric>Photos</ColumnHead>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.class}>
            <ClassHead name={row.class} color={colors.get(row.class)} />
            <td className="numeric">{share(row.recall)}</td>
            <td className="numeric">{share(row.precision)}</td>
            <td className="numeric">{share(row.f1)}</td>
            <td className="numeric">{share(row.averagePrecision)}</td>
            <td className="numeric">{share(row.threshold)}</td>
            <td className="numeric">{count(row.support)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
