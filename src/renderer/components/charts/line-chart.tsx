import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { classes, ColumnHead, Table } from '../ui/index.ts';
import './line-chart.css';

/** One line of a chart. */
export interface Line {
  readonly name: string;
  /** A value a step of `xs`; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Which of the chart colours, 1 to 4. */
  readonly color: 1 | 2 | 3 | 4;
  readonly dashed?: boolean;
}

interface LineChartProps {
  /** What is shown, for screen readers and the table: "Loss". */
  readonly title: string;
  /** What `xs` counts: "Epoch". */
  readonly xTitle: string;
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The same on the axis, where it should be short. */
  readonly tick?: (value: number) => string;
  /** The y axis; left out, it fits the values. */
  readonly range?: readonly [number, number];
  /** The x axis; left out, it counts from 1, and what came last is now. */
  readonly xRange?: readonly [number, number];
  /** Places on the x axis with a word each: where fine-tuning begins, the best epoch. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Pixels. */
  readonly height?: number;
}

/**
 * A live line chart: drawn again as values come, in the theme's colours, as wide as there is room. The same numbers
 * are in a table that a button shows; screen readers get the table.
 */
export function LineChart({
  title,
  xTitle,
  xs,
  lines,
  format,
  tick = format,
  range,
  xRange,
  marks = [],
  height = 200,
}: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [asTable, setAsTable] = useState(false);
  const theme = useTheme();
  const shape = lines.map(({ name, color, dashed }) => `${name}/${color}/${dashed === true}`).join('|');
  const xShape = xRange?.join(' ');
  const latest = useRef({ tick, range, marks });
  useLayoutEffect(() => {
    latest.current = { tick, range, marks };
  });

  // A new chart for new lines, another theme or height; new values go into the one that is there.
  useEffect(() => {
    const element = place.current;
    if (element === null || asTable) return undefined;
    const made = new uPlot(
      options(element, { lines, xTitle, height, xRange, latest }),
      data(xs, lines),
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
    // The values of the moment only begin it: the effect below keeps them up.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [shape, theme, height, asTable, xTitle, xShape]);
  useEffect(() => chart.current?.setData(data(xs, lines)), [xs, lines]);

  return (
    <figure className="line-chart">
      <figcaption className="line-chart-head">
        <span className="line-chart-title">{title}</span>
        <ul className="line-chart-legend">
          {lines.map(({ name, color, dashed = false, values }) => (
            <li key={name}>
              <span
                className={classes(
                  'line-chart-key',
                  `line-chart-key-${color}`,
                  dashed && 'line-chart-key-dashed',
                )}
              />
              {name}
              {xRange === undefined ? <span className="line-chart-now">{now(values, format)}</span> : null}
            </li>
          ))}
        </ul>
        <button
          type="button"
          className="line-chart-switch"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'As a chart' : 'As a table'}
        </button>
      </figcaption>
      {asTable ? (
        <div
          className="line-chart-table"
          style={{ height }}
          tabIndex={0}
          role="region"
          aria-label={`${title}, table`}
        >
          <Table caption={title}>
            <thead>
              <tr>
                <ColumnHead>{xTitle}</ColumnHead>
                {lines.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {xs.map((x, at) => (
                <tr key={x}>
                  <th scope="row">{x}</th>
                  {lines.map(({ name, values }) => {
                    const value = values[at] ?? null;
                    return <td key={name}>{value === null ? '–' : format(value)}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </Table>
        </div>
      ) : (
        <div ref={place} className="line-chart-place" style={{ height }} aria-hidden />
      )}
    </figure>
  );
}

function now(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.findLast((value) => value !== null) ?? null;
  return last === null ? '' : format(last);
}

function data(xs: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...xs], ...lines.map(({ values }) => [...values])];
}

interface Wanted {
  readonly lines: readonly Line[];
  readonly xTitle: string;
  readonly height: number;
  readonly xRange: readonly [number, number] | undefined;
  /** What may change without a new chart. */
  readonly latest: {
    readonly current: {
      readonly tick: (value: number) => string;
      readonly range: readonly [number, number] | undefined;
      readonly marks: NonNullable<LineChartProps['marks']>;
    };
  };
}

function options(element: HTMLElement, { lines, height, xRange, latest }: Wanted): uPlot.Options {
  const style = getComputedStyle(element);
  const font = `12px ${style.fontFamily}`;
  // light-dark() is resolved where a property uses it, not in the token itself.
  const ink = probe(element, 'var(--ink-2)');
  const line = probe(element, 'var(--line)');
  const ground = probe(element, 'var(--surface)');
  const axis: uPlot.Axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: {
      x: {
        time: false,
        range: (_chart, _low, high) =>
          xRange === undefined ? [1, Math.max(high, 5)] : [xRange[0], xRange[1]],
      },
      y: {
        range: (_chart, low, high) => {
          const wanted = latest.current.range;
          if (wanted !== undefined) return [wanted[0], wanted[1]];
          const room = Math.max(1e-6, high - low) * 0.08;
          return [low - room, high + room];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        incrs: xRange === undefined ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : [0.1, 0.25, 0.5, 1],
      },
      { ...axis, size: 52, values: (_chart, splits) => splits.map((value) => latest.current.tick(value)) },
    ],
    series: [
      {},
      ...lines.map(({ name, color, dashed }): uPlot.Series => ({
        label: name,
        stroke: probe(element, `var(--chart-${color})`),
        width: 2,
        ...(dashed === true ? { dash: [5, 4] } : {}),
        spanGaps: true,
        points: { show: (_chart, _series, from, to) => to - from < 2 },
      })),
    ],
    hooks: {
      draw: [
        (chart) => {
          const { ctx, bbox } = chart;
          ctx.save();
          ctx.font = `${12 * devicePixelRatio}px ${style.fontFamily}`;
          ctx.textAlign = 'left';
          ctx.textBaseline = 'alphabetic';
          ctx.fillStyle = ink;
          ctx.strokeStyle = ink;
          ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
          const shown = latest.current.marks
            .map(({ x, label }) => ({ label, left: chart.valToPos(x, 'x', true) }))
            .filter(({ left }) => left >= bbox.left && left <= bbox.left + bbox.width);
          for (const { left } of shown) {
            ctx.beginPath();
            ctx.moveTo(left, bbox.top);
            ctx.lineTo(left, bbox.top + bbox.height);
            ctx.stroke();
          }
          // Where the word before ends: marks close to each other have their words one below the other.
          let end = -Infinity;
          let row = 0;
          for (const { left, label } of shown) {
            const room = ctx.measureText(label).width + 4 * devicePixelRatio;
            const fits = left + room < bbox.left + bbox.width;
            const from = fits ? left + 4 * devicePixelRatio : left - room;
            row = from < end ? row + 1 : 0;
            end = from + room;
            const line = bbox.top + (12 + 15 * row) * devicePixelRatio;
            // On a ground of its own, so that no line runs through it.
            ctx.fillStyle = ground;
            ctx.fillRect(from - 2, line - 11 * devicePixelRatio, room, 14 * devicePixelRatio);
            ctx.fillStyle = ink;
            ctx.fillText(label, from, line);
          }
          ctx.restore();
        },
      ],
    },
  };
}

/** A colour as the canvas takes it: what the browser makes of it in this place and theme. */
function probe(element: HTMLElement, color: string): string {
  const before = element.style.color;
  element.style.color = color;
  const resolved = getComputedStyle(element).color;
  element.style.color = before;
  return resolved;
}

/** Changes when the page's theme does. */
function useTheme(): string {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const look = (): void => setTheme(currentTheme());
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', look);
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      media.removeEventListener('change', look);
      observer.disconnect();
    };
  }, []);
  return theme;
}

function currentTheme(): string {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return `${document.documentElement.dataset['theme'] ?? ''} ${dark}`;
}
