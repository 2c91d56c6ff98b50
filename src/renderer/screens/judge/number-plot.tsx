import type { RunPhoto } from '../../../contract/runs.ts';
import { figure } from '../../components/format.ts';

const size = 300;
const left = 48;
const bottom = 36;
const edge = 9;
/** More dots than this are only drawn, not reached one by one with the keyboard: the page "Photos" lists them all. */
const reachable = 200;

interface NumberPlotProps {
  readonly photos: readonly RunPhoto[];
  readonly onLook: (photo: string) => void;
}

/** A dot a photo: what is true against what was said. */
export function NumberPlot({ photos, onLook }: NumberPlotProps) {
  const points = photos.flatMap(({ photo, value }) => (value === undefined ? [] : [{ photo, ...value }]));
  if (points.length === 0) return null;
  let [low, high] = [Infinity, -Infinity];
  for (const { truth, predicted } of points) {
    low = Math.min(low, truth, predicted);
    high = Math.max(high, truth, predicted);
  }
  const span = high > low ? high - low : 1;
  const x = (value: number): number => left + ((value - low) / span) * (size - left - edge);
  const y = (value: number): number => edge + (1 - (value - low) / span) * (size - bottom - edge);
  return (
    <svg
      className="judge-diagram judge-number-plot"
      viewBox={`0 0 ${size} ${size}`}
      role="group"
      aria-label={`What the model said against what is true, ${points.length} photos`}
    >
      {[low, low + span / 2, low + span].map((tick) => (
        <g key={tick} aria-hidden>
          <line className="judge-grid" x1={left} x2={size - edge} y1={y(tick)} y2={y(tick)} />
          <text className="judge-tick" x={left - 6} y={y(tick) + 4} textAnchor="end">
            {figure(tick)}
          </text>
          <text
            className="judge-tick"
            x={x(tick)}
            y={size - 20}
            textAnchor={tick === low ? 'start' : tick < low + span ? 'middle' : 'end'}
          >
            {figure(tick)}
          </text>
        </g>
      ))}
      <text className="judge-tick" x={left + (size - left) / 2} y={size - 5} textAnchor="middle" aria-hidden>
        true
      </text>
      <line className="judge-ideal" x1={x(low)} y1={y(low)} x2={x(low + span)} y2={y(low + span)} />
      {points.map(({ photo, truth, predicted }, at) => (
        <circle
          key={photo}
          className="judge-dot"
          cx={x(truth)}
          cy={y(predicted)}
          r={4}
          role="button"
          tabIndex={at < reachable ? 0 : -1}
          aria-label={`Said ${figure(predicted)}, is ${figure(truth)}`}
          onClick={() => onLook(photo)}
          onKeyDown={({ key }) => {
            if (key === 'Enter' || key === ' ') onLook(photo);
          }}
        >
          <title>{`said ${figure(predicted)}, is ${figure(truth)}`}</title>
        </circle>
      ))}
    </svg>
  );
}
