import { useState } from 'react';
import type { Metrics, ReliabilityBin } from '../../../contract/metrics.ts';
import { count, percent, plural } from '../../components/format.ts';
import { ColumnHead, Table } from '../../components/ui/index.ts';
import { SharePlot } from './share-plot.tsx';
import { TableSwitch } from './table-switch.tsx';

/** Whether the model is as often right as it is sure. */
export function Reliability({ metrics }: { readonly metrics: Metrics }) {
  const [asTable, setAsTable] = useState(false);
  const bins = (metrics.reliabilityCalibrated ?? metrics.reliability).filter((bin) => bin.count > 0);
  const error = metrics.eceCalibrated ?? metrics.ece;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-reliability">
      <div className="judge-card-head">
        <h2 id="judge-reliability">Is it as sure as it is right?</h2>
        <TableSwitch on={asTable} onChange={setAsTable} what="Confidence" />
      </div>
      {asTable ? (
        <Table caption="Confidence and how often it was right">
          <thead>
            <tr>
              <ColumnHead>Sure</ColumnHead>
              <ColumnHead numeric>Right</ColumnHead>
              <ColumnHead numeric>Photos</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {bins.map((bin) => (
              <tr key={bin.low}>
                <th scope="row">
                  {percent(bin.low)} to {percent(bin.high)}
                </th>
                <td className="numeric">{bin.accuracy === null ? '–' : percent(bin.accuracy)}</td>
                <td className="numeric">{count(bin.count)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      ) : (
        <Diagram bins={bins} />
      )}
      <p className="muted small">
        {error === null
          ? 'There were no photos to check on.'
          : `On average its confidence is off by ${percent(error)}. Dots on the line: as sure as it is right; below: too sure.`}
      </p>
    </section>
  );
}

function Diagram({ bins }: { readonly bins: readonly ReliabilityBin[] }) {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  return (
    <SharePlot
      label="Reliability diagram; the table has the same figures"
      xTitle="how sure it was"
      line="rising"
    >
      {({ x, y }) =>
        bins.map((bin) =>
          bin.confidence === null || bin.accuracy === null ? null : (
            <g key={bin.low}>
              {bin.accuracyInterval === null ? null : (
                <line
                  className="judge-whisker"
                  x1={x(bin.confidence)}
                  x2={x(bin.confidence)}
                  y1={y(bin.accuracyInterval[0])}
                  y2={y(bin.accuracyInterval[1])}
                />
              )}
              <circle
                className="judge-dot"
                cx={x(bin.confidence)}
                cy={y(bin.accuracy)}
                r={3 + 5 * Math.sqrt(bin.count / most)}
              >
                <title>
                  {`${plural(bin.count, 'photo')}: ${percent(bin.confidence)} sure, ${percent(bin.accuracy)} right`}
                </title>
              </circle>
            </g>
          ),
        )
      }
    </SharePlot>
  );
}
