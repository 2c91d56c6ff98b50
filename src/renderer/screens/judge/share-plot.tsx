import type { ReactNode } from 'react';

const size = 240;
const left = 34;
const bottom = 36;
const edge = 9;
const ticks = [0, 0.5, 1];

/** Turns shares (0 to 1) into places in the drawing. */
export interface Places {
  readonly x: (share: number) => number;
  readonly y: (share: number) => number;
}

interface SharePlotProps {
  /** For screen readers. */
  readonly label: string;
  /** Below the x axis. */
  readonly xTitle: string;
  /** A dotted line: 'rising' from nothing to all, where what is drawn should be on it or above. */
  readonly line?: 'rising';
  readonly children: (places: Places) => ReactNode;
}

/** A square drawing of one share against another, with axes from 0% to 100%. */
export function SharePlot({ label, xTitle, line, children }: SharePlotProps) {
  const x = (share: number): number => left + share * (size - left - edge);
  const y = (share: number): number => edge + (1 - share) * (size - bottom - edge);
  return (
    <svg className="judge-diagram" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="judge-grid" x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} />
          <text className="judge-tick" x={left - 6} y={y(tick) + 4} textAnchor="end">
            {tick * 100}%
          </text>
          <text
            className="judge-tick"
            x={x(tick)}
            y={size - 20}
            textAnchor={tick === 0 ? 'start' : tick === 1 ? 'end' : 'middle'}
          >
            {tick * 100}%
          </text>
        </g>
      ))}
      <text className="judge-tick" x={x(0.5)} y={size - 5} textAnchor="middle">
        {xTitle}
      </text>
      {line === undefined ? null : <line className="judge-ideal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />}
      {children({ x, y })}
    </svg>
  );
}
