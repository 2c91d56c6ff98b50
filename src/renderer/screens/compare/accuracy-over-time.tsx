import { rankedBy, type ComparedBackbone } from '../../../contract/compare.ts';
import { rankFigure, rankWords, timeOf } from '../../components/backbone-words.ts';

const width = 640;
const height = 300;
const left = 52;
const right = 16;
const top = 14;
const bottom = 44;
const marks = [1, 2, 3, 5];

/**
 * What backbones are ranked by against the time a photo takes, with intervals: best is high up on the left. The table has
 * the figures.
 */
export function AccuracyOverTime({ backbones }: { readonly backbones: readonly ComparedBackbone[] }) {
  const times = backbones.map(({ photosPerSecond }) => 1000 / photosPerSecond);
  const [fast, slow] = [Math.min(...times) / 1.4, Math.max(...times) * 1.4];
  const ranks = backbones.map(rankedBy);
  const kind = ranks[0]?.kind ?? 'right';
  const all = ranks.flatMap(({ value, interval }) => [value, ...(interval ?? [])]);
  const { best, worst, lines } = kind === 'error' ? errorAxis(all) : shareAxis(all);
  const x = (ms: number): number =>
    left + (Math.log(ms / fast) / Math.log(slow / fast)) * (width - left - right);
  const y = (value: number): number => top + ((value - best) / (worst - best)) * (height - top - bottom);
  return (
    <figure className="compare-figure">
      <svg
        className="compare-drawing"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${axisNames[kind]} against the time a photo takes; the ranking below has the same figures`}
      >
        {lines.map((line) => (
          <g key={line}>
            <line className="compare-line" x1={left} x2={width - right} y1={y(line)} y2={y(line)} />
            <text className="compare-tick" x={left - 8} y={y(line) + 4} textAnchor="end">
              {kind === 'error' ? rankFigure(line, kind) : `${Math.round(line * 100)}%`}
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
        {backbones.map((backbone, at) => {
          const { id, name, photosPerSecond } = backbone;
          const { value, interval } = rankedBy(backbone);
          const place = x(1000 / photosPerSecond);
          // Names stand where there is room for them.
          const atRight = place < width * 0.6;
          return (
            <g key={id}>
              {interval === null ? null : (
                <line
                  className="compare-whisker"
                  x1={place}
                  x2={place}
                  y1={y(interval[0])}
                  y2={y(interval[1])}
                />
              )}
              <circle
                className={at === 0 ? 'compare-dot compare-dot-best' : 'compare-dot'}
                cx={place}
                cy={y(value)}
                r={at === 0 ? 7 : 5}
              >
                <title>{`${name}: ${rankWords(backbone)}, ${timeOf(photosPerSecond)} a photo`}</title>
              </circle>
              <text
                className="compare-label"
                x={place + (atRight ? 11 : -11)}
                y={y(value) + 4}
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

const axisNames = { right: 'Accuracy', precision: 'Mean average precision', error: 'Mean error' } as const;

interface Axis {
  /** What is at the top, and at the bottom. */
  readonly best: number;
  readonly worst: number;
  readonly lines: readonly number[];
}

/** @param values shares, the best being 1 */
function shareAxis(values: readonly number[]): Axis {
  const low = Math.max(0, Math.min(0.95, Math.floor(Math.min(...values) * 20) / 20));
  return { best: 1, worst: low, lines: sharesFrom(low) };
}

/** @param values errors, the least at the top */
function errorAxis(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const rough = (most - least || most || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
  const [first, last] = [
    Math.floor(least / step),
    Math.max(Math.ceil(most / step), Math.floor(least / step) + 1),
  ];
  const lines = Array.from({ length: last - first + 1 }, (_, at) =>
    Number(((first + at) * step).toPrecision(10)),
  );
  return { best: first * step, worst: last * step, lines };
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
