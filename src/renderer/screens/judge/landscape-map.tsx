import { useMemo, useState } from 'react';
import { classes, ColumnHead, Table } from '../../components/ui/index.ts';
import { contour, contourHeights, shadeOf } from './contours.ts';
import { TableSwitch } from './table-switch.tsx';

interface LandscapeMapProps {
  /** "Training loss": what is drawn. */
  readonly title: string;
  /** Steps along both directions. */
  readonly at: readonly number[];
  readonly rows: readonly (readonly (number | null)[])[];
  /** The lowest and highest loss of the scale: that of several maps, so that they can be compared. */
  readonly scale: readonly [low: number, high: number];
}

const lines = 8;
/** A finer grid is drawn with fewer points: more could not be told apart. */
const mostPoints = 51;

/** The loss over a plane of weights, the stronger coloured the higher, with lines of equal loss; the model is in the middle. */
export function LandscapeMap({ title, at, rows, scale }: LandscapeMapProps) {
  const [asTable, setAsTable] = useState(false);
  const step = Math.ceil(at.length / mostPoints);
  const drawn = useMemo(
    () => rows.filter((_, y) => y % step === 0).map((row) => row.filter((_, x) => x % step === 0)),
    [rows, step],
  );
  return (
    <figure className="judge-map">
      <figcaption className="judge-map-head">
        <span>{title}</span>
        <TableSwitch on={asTable} onChange={setAsTable} what={title} />
      </figcaption>
      {asTable ? (
        <MapTable title={title} at={at} rows={rows} />
      ) : (
        <Drawing title={title} rows={drawn} scale={scale} />
      )}
      <p className="judge-map-scale" aria-hidden>
        {short(scale[0])}
        <span className="judge-map-ramp" />
        {short(scale[1])}
      </p>
    </figure>
  );
}

const short = (loss: number): string => String(Number(loss.toPrecision(2)));

function Drawing({ title, rows, scale: [low, high] }: Pick<LandscapeMapProps, 'title' | 'rows' | 'scale'>) {
  const paths = useMemo(
    () =>
      contourHeights(low, high, lines).map((height) => ({
        height,
        path: contour(rows, height)
          .map(([from, to]) => `M${from.map(fixed).join(' ')}L${to.map(fixed).join(' ')}`)
          .join(''),
      })),
    [rows, low, high],
  );
  const side = rows.length;
  const middle = (side - 1) / 2;
  return (
    // The second direction goes up, as axes do.
    <svg
      viewBox={`-0.5 -0.5 ${side} ${side}`}
      role="img"
      shapeRendering="crispEdges"
      aria-label={`${title} around the model, from ${short(low)} to ${short(high)}; the table has the same figures`}
    >
      <g transform={`translate(0 ${side - 1}) scale(1 -1)`}>
        {rows.flatMap((row, y) =>
          row.map((loss, x) => (
            <rect
              key={`${x} ${y}`}
              className={classes('judge-map-cell', loss === null && 'judge-map-lost')}
              x={x - 0.5}
              y={y - 0.5}
              width={1}
              height={1}
              fillOpacity={loss === null ? 1 : fixed(shadeOf(loss, low, high))}
            />
          )),
        )}
        {paths.map(({ height, path }) => (
          <path key={height} className="judge-map-contour" shapeRendering="auto" d={path} />
        ))}
        <circle shapeRendering="auto" className="judge-map-here" cx={middle} cy={middle} r={side / 60} />
      </g>
    </svg>
  );
}

const fixed = (value: number): number => Number(value.toFixed(3));

/** Columns that a person can still read. */
const mostColumns = 9;

function MapTable({ title, at, rows }: Pick<LandscapeMapProps, 'title' | 'at' | 'rows'>) {
  const step = Math.ceil((at.length - 1) / (mostColumns - 1));
  // From the middle outwards, so that the model itself is among them.
  const middle = Math.floor(at.length / 2);
  const shown = [...at.keys()].filter((index) => (index - middle) % step === 0);
  return (
    <div className="judge-map-table" tabIndex={0} role="region" aria-label={`${title}, table`}>
      <Table caption={`${title}: columns along the first direction, rows along the second`}>
        <thead>
          <tr>
            <ColumnHead>Step</ColumnHead>
            {shown.map((x) => (
              <th key={x} scope="col" className="numeric">
                {short(at[x] ?? 0)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.toReversed().map((y) => (
            <tr key={y}>
              <th scope="row">{short(at[y] ?? 0)}</th>
              {shown.map((x) => {
                const loss = rows[y]?.[x] ?? null;
                return (
                  <td key={x} className="numeric">
                    {loss === null ? '–' : loss.toPrecision(3)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
