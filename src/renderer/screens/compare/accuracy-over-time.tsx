import type { ComparedBackbone } from '../../../contract/compare.ts';
import { timeOf } from '../../components/backbone-words.ts';
import { percent } from '../../components/format.ts';

const width = 640;
const height = 300;
const left = 52;
const right = 16;
const top = 14;
const bottom = 44;
const marks = [1, 2, 3, 5];

/** Accuracy against the time a photo takes, with intervals: best is high up on the left. The table has the figures. */
export function AccuracyOverTime({ backbones }: { readonly backbones: readonly ComparedBackbone[] }) {
  const times = backbones.map(({ photosPerSecond }) => 1000 / photosPerSecond);
  const [fast, slow] = [Math.min(...times) / 1.4, Math.max(...times) * 1.4];
  const low = Math.max(0, Math.floor(Math.min(...backbones.map(({ interval }) => interval[0])) * 20) / 20);
  const x = (ms: number): number =>
    left + (Math.log(ms / fast) / Math.log(slow / fast)) * (width - left - right);
  const y = (share: number): number =>
    top + ((1 - share) / Math.max(0.05, 1 - low)) * (height - top - bottom);
  return (
    <figure className="compare-figure">
      <svg
        className="compare-drawing"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Accuracy against the time a photo takes; the ranking below has the same figures"
      >
        {sharesFrom(low).map((share) => (
          <g key={share}>
            <line className="compare-line" x1={left} x2={width - right} y1={y(share)} y2={y(share)} />
            <text className="compare-tick" x={left - 8} y={y(share) + 4} textAnchor="end">
              {Math.round(share * 100)}%
            </text>
          </g>
        ))}
        {timesBetween(fast, slow).map((ms) => (
          <text key={ms} className="compare-tick" x={x(ms)} y={height - bottom + 18} textAnchor="middle">
            {timeOf(1000 / ms)}
          </text>
        ))}
        <text className="compare-tick" x={(left + width - right) / 2} y={height - 6} textAnchor="middle">
          time a photo takes on this device
        </text>
        {backbones.map(({ id, name, accuracy, interval, photosPerSecond }, at) => {
          const place = x(1000 / photosPerSecond);
          // Names stand where there is room for them.
          const atRight = place < width * 0.6;
          return (
            <g key={id}>
              <line
                className="compare-whisker"
                x1={place}
                x2={place}
                y1={y(interval[0])}
                y2={y(interval[1])}
              />
              <circle
                className={at === 0 ? 'compare-dot compare-dot-best' : 'compare-dot'}
                cx={place}
                cy={y(accuracy)}
                r={at === 0 ? 7 : 5}
              >
                <title>{`${name}: ${percent(accuracy)} right, ${timeOf(photosPerSecond)} a photo`}</title>
              </circle>
              <text
                className="compare-label"
                x={place + (atRight ? 11 : -11)}
                y={y(accuracy) + 4}
                textAnchor={atRight ? 'start' : 'end'}
              >
                {name}
              </text>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

function sharesFrom(low: number): number[] {
  const step = 1 - low > 0.4 ? 0.2 : 1 - low > 0.2 ? 0.1 : 0.05;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.round(1 / step) - first + 1 }, (_, at) => (first + at) * step);
}

/** Round times (ms) within the axis. */
function timesBetween(fast: number, slow: number): number[] {
  const all = [0.1, 1, 10, 100, 1000, 10_000].flatMap((power) => marks.map((mark) => mark * power));
  const shown = all.filter((ms) => ms >= fast && ms <= slow);
  return shown.length > 7 ? shown.filter((_, at) => at % 2 === 0) : shown;
}
