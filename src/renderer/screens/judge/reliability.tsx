import { useState } from 'react';
import type { Metrics, ReliabilityBin } from '../../../contract/metrics.ts';
import { count, percent } from '../../components/format.ts';
import { Table } from '../../components/ui/index.ts';

/** Whether the model is as often right as it is sure. */
export function Reliability({ metrics }: { readonly metrics: Metrics }) {
  const [asTable, setAsTable] = useState(false);
  const bins = (metrics.reliabilityCalibrated ?? metrics.reliability).filter((bin) => bin.count > 0);
  const error = metrics.eceCalibrated ?? metrics.ece;
  return (
    <section className="judge-card" aria-labelledby="judge-reliability">
      <div className="judge-card-head">
        <h2 id="judge-reliability">Is it as sure as it is right?</h2>
        <button
          type="button"
          className="line-chart-switch small"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'As a chart' : 'As a table'}
        </button>
      </div>
      {asTable ? (
        <Table caption="Confidence and how often it was right">
          <thead>
            <tr>
              <th scope="col">Sure</th>
              <th scope="col" className="numeric">
                Right
              </th>
              <th scope="col" className="numeric">
                Photos
              </th>
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

const size = 240;
const left = 34;
const bottom = 22;

function Diagram({ bins }: { readonly bins: readonly ReliabilityBin[] }) {
  const x = (share: number): number => left + share * (size - left - 6);
  const y = (share: number): number => 6 + (1 - share) * (size - bottom - 6);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const ticks = [0, 0.5, 1];
  return (
    <svg
      className="judge-diagram"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="Reliability diagram; the table has the same figures"
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="judge-grid" x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} />
          <text className="judge-tick" x={left - 6} y={y(tick) + 4} textAnchor="end">
            {tick * 100}%
          </text>
          <text
            className="judge-tick"
            x={x(tick)}
            y={size - 4}
            textAnchor={tick === 0 ? 'start' : tick === 1 ? 'end' : 'middle'}
          >
            {tick === 0 ? 'sure: 0%' : `${tick * 100}%`}
          </text>
        </g>
      ))}
      <line className="judge-ideal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
      {bins.map((bin) =>
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
                {`${count(bin.count)} photos: ${percent(bin.confidence)} sure, ${percent(bin.accuracy)} right`}
              </title>
            </circle>
          </g>
        ),
      )}
    </svg>
  );
}
