import { useMemo, useState } from 'react';
import type { Metrics } from '../../../contract/metrics.ts';
import type { RunPhoto } from '../../../contract/runs.ts';
import { percent } from '../../components/format.ts';
import { ColumnHead, Table } from '../../components/ui/index.ts';
import { SharePlot } from './share-plot.tsx';
import { TableSwitch } from './table-switch.tsx';
import { pointAt, twoClassCurve, type CurvePoint } from './two-class-curves.ts';

interface TwoClassCardProps {
  readonly metrics: Metrics;
  readonly photos: readonly RunPhoto[];
}

/** Of a model with two classes: what is found and what is called so by mistake, for every threshold there is. */
export function TwoClassCard({ metrics: { binary, confusion }, photos }: TwoClassCardProps) {
  const [asTable, setAsTable] = useState(false);
  const positive = binary?.positiveClass ?? '';
  const curve = useMemo(
    () => twoClassCurve(photos, positive, confusion.classes.indexOf(positive)),
    [photos, positive, confusion],
  );
  if (binary === undefined || curve.length === 0) return null;
  const { rocAuc, averagePrecision } = binary;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-two">
      <div className="judge-card-head">
        <h2 id="judge-two">Finding “{positive}”</h2>
        <TableSwitch on={asTable} onChange={setAsTable} what="Finding" />
      </div>
      <p className="muted small">
        To find more of them, call a photo so at a lower confidence; more others are then called so, too.
      </p>
      {asTable ? (
        <Thresholds curve={curve} positive={positive} />
      ) : (
        <div className="judge-pair">
          <figure className="judge-figure">
            <figcaption>
              Found against false alarms (ROC)
              {rocAuc === null ? '' : `, area ${rocAuc.toFixed(3)}`}
            </figcaption>
            <SharePlot
              label="ROC curve; the table has figures of it"
              xTitle="of the others called so"
              line="rising"
            >
              {({ x, y }) => (
                <polyline
                  className="judge-line"
                  points={curve.map(({ falseAlarms, found }) => `${x(falseAlarms)},${y(found)}`).join(' ')}
                />
              )}
            </SharePlot>
          </figure>
          <figure className="judge-figure">
            <figcaption>
              Right when said against found (precision and recall)
              {averagePrecision === null ? '' : `, average ${averagePrecision.toFixed(3)}`}
            </figcaption>
            <SharePlot label="Precision-recall curve; the table has figures of it" xTitle="of them found">
              {({ x, y }) => (
                <polyline
                  className="judge-line"
                  points={curve
                    .flatMap(({ found, precision }) =>
                      precision === null ? [] : [`${x(found)},${y(precision)}`],
                    )
                    .join(' ')}
                />
              )}
            </SharePlot>
          </figure>
        </div>
      )}
    </section>
  );
}

const thresholds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

function Thresholds({
  curve,
  positive,
}: {
  readonly curve: readonly CurvePoint[];
  readonly positive: string;
}) {
  return (
    <Table caption={`Finding ${positive} at several thresholds`}>
      <thead>
        <tr>
          <ColumnHead>Called so from</ColumnHead>
          <ColumnHead numeric>Found</ColumnHead>
          <ColumnHead numeric>False alarms</ColumnHead>
          <ColumnHead numeric>Right when said</ColumnHead>
        </tr>
      </thead>
      <tbody>
        {thresholds.map((threshold) => {
          const point = pointAt(curve, threshold);
          return point === undefined ? null : (
            <tr key={threshold}>
              <th scope="row">{percent(threshold)} sure</th>
              <td className="numeric">{percent(point.found)}</td>
              <td className="numeric">{percent(point.falseAlarms)}</td>
              <td className="numeric">{point.precision === null ? '–' : percent(point.precision)}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
