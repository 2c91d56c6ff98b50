import { useMemo, useState } from 'react';
import type { SearchTrial } from '../../../contract/search.ts';
import { Slider } from '../../components/ui/index.ts';
import { parallelAxes, type Axis } from './parallel-axes.ts';
import { pointText, scoreText, trialName } from './search-words.ts';

const height = 280;
const top = 34;
const bottom = 16;
const left = 52;
const right = 70;
/** Between two axes. */
const step = 124;
/** With fewer there is nothing to see. */
const fewest = 3;
const quarters = ['best quarter', 'second', 'third', 'worst quarter'] as const;

interface ParallelPlotProps {
  /** Best first. */
  readonly trials: readonly SearchTrial[];
  readonly models: ReadonlyMap<string, string>;
}

/** Every trial as a line through its settings to its loss. The table of trials has the same figures. */
export function ParallelPlot({ trials, models }: ParallelPlotProps) {
  const { axes, paths } = useMemo(() => parallelAxes(trials, models), [trials, models]);
  const [chosen, setChosen] = useState(1);
  if (paths.length < fewest) return null;
  const at = Math.min(chosen, paths.length);
  const shown = paths[at - 1]?.trial;
  const width = left + right + step * (axes.length - 1);
  const x = (axis: number): number => left + axis * step;
  const y = (place: number): number => top + (1 - place) * (height - top - bottom);
  const points = (places: readonly number[]): string =>
    places.map((place, axis) => `${x(axis)},${y(place).toFixed(1)}`).join(' ');
  const said = shown === undefined ? '' : `${trialName(shown.number)}: ${scoreText(shown)}`;
  return (
    <section className="ui-card search-card" aria-labelledby="search-lines">
      <h2 id="search-lines">Trials as lines</h2>
      <p className="muted small">
        Each line is a trial, through its settings to its loss on the right: the higher it ends, the better.
        Where the best lines meet, that value is good; where they are spread, the setting matters little.
      </p>
      <div className="search-scroll" tabIndex={0} role="region" aria-label="Drawing of the trials">
        <svg
          className="search-plot"
          viewBox={`0 0 ${width} ${height}`}
          style={{ minWidth: Math.min(width, 700), maxWidth: width * 1.3 }}
          role="img"
          aria-label="Every trial as a line through its settings to its loss; the table of trials has the same figures"
        >
          {axes.map(({ name }, index) => (
            <line key={name} className="search-axis" x1={x(index)} x2={x(index)} y1={y(1)} y2={y(0)} />
          ))}
          {/* The best ones lie on top. */}
          {paths.toReversed().map(({ trial, places, quarter }) => (
            <polyline
              key={trial.number}
              className={`search-line search-line-${quarter}`}
              points={points(places)}
            >
              <title>{`${trialName(trial.number)}: ${scoreText(trial)}`}</title>
            </polyline>
          ))}
          <polyline className="search-line-chosen" points={points(paths[at - 1]?.places ?? [])} />
          {axes.map((axis, index) => (
            <Words key={axis.name} axis={axis} x={x(index)} y={y} />
          ))}
        </svg>
      </div>
      <ul className="search-legend small" aria-label="Colours">
        {quarters.map((name, index) => (
          <li key={name}>
            <span className={`search-key search-key-${index + 1}`} aria-hidden />
            {name}
          </li>
        ))}
      </ul>
      <div className="search-pick">
        <span className="small" aria-hidden>
          Trial shown
        </span>
        <Slider
          label="Trial shown, best first"
          value={at}
          min={1}
          max={paths.length}
          step={1}
          valueText={said}
          onChange={setChosen}
        />
      </div>
      {shown === undefined ? null : (
        <p className="search-shown small">
          <strong>{said}</strong>
          <br />
          {pointText(shown.point, models)}
        </p>
      )}
    </section>
  );
}

interface WordsProps {
  readonly axis: Axis;
  readonly x: number;
  readonly y: (place: number) => number;
}

/** Names of settings may be longer than there is room. */
const longest = 18;

function Words({ axis: { label, ticks }, x, y }: WordsProps) {
  return (
    <g>
      <text className="search-axis-name" x={x} y={16} textAnchor="middle">
        {label.length > longest ? `${label.slice(0, longest - 1).trimEnd()}…` : label}
        <title>{label}</title>
      </text>
      {ticks.map(({ at, text }) => (
        <text key={`${at} ${text}`} className="search-tick" x={x + 5} y={y(at) + 4}>
          {text}
        </text>
      ))}
    </g>
  );
}
