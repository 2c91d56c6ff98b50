import { decimal, percent } from './plain-words.ts';
import type { EpochRecord } from './report-data.ts';
import { html, type Markup } from './report-html.ts';

const width = 520;
const height = 260;
const margins = { left: 48, right: 16, top: 28, bottom: 40 };
const plotWidth = width - margins.left - margins.right;
const plotHeight = height - margins.top - margins.bottom;

interface Line {
  readonly name: string;
  readonly kind: 'train' | 'val';
  /** One per x; null leaves a gap. */
  readonly values: readonly (number | null)[];
}

/**
 * Round steps (1, 2 or 5 times a power of ten) that cover low..high with about `most` ticks.
 * @returns ascending ticks, the first <= low and the last >= high
 */
export function niceTicks(low: number, high: number, most = 5): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(high), 1) * 0.1;
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Loss and accuracy by epoch, each with axes and a legend; the table beside them says the same. */
export function learningCurves(history: readonly EpochRecord[], bestEpoch: number | undefined): Markup {
  const best = bestEpoch === undefined ? -1 : history.findIndex(({ epoch }) => epoch === bestEpoch);
  const epochs = history.map(({ epoch }) => epoch);
  const shown: readonly {
    title: string;
    lines: readonly Line[];
    format: (value: number) => string;
    most?: number;
  }[] = [
    {
      title: 'Loss (lower is better)',
      format: decimal,
      lines: [
        { name: 'training', kind: 'train', values: history.map(({ trainLoss }) => trainLoss) },
        { name: 'validation', kind: 'val', values: history.map(({ valLoss }) => valLoss) },
      ],
    },
    {
      title: 'Accuracy (higher is better)',
      format: (value) => `${Number((value * 100).toPrecision(4))}%`,
      most: 1,
      lines: [
        { name: 'training', kind: 'train', values: history.map(({ trainAccuracy }) => trainAccuracy) },
        { name: 'validation', kind: 'val', values: history.map(({ valAccuracy }) => valAccuracy) },
      ],
    },
  ];
  return html`<div class="pair">${shown.map((chart) => lineChart({ ...chart, epochs, best }))}</div>
    <details>
      <summary>The same as a table</summary>
      ${historyTable(history, bestEpoch)}
    </details>`;
}

function lineChart(chart: {
  title: string;
  lines: readonly Line[];
  epochs: readonly number[];
  best: number;
  format: (value: number) => string;
  /** The largest value there can be. */
  most?: number;
}): Markup | null {
  const lines = chart.lines
    .map((line) => ({
      ...line,
      values: line.values.map((v) => (v !== null && Number.isFinite(v) ? v : null)),
    }))
    .filter(({ values }) => values.some((value) => value !== null));
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  if (values.length === 0) return null;
  const high = values.reduce((a, b) => Math.max(a, b));
  // Room below a flat line at the top, so that the axis doesn't go on past what is possible.
  const room = chart.most === undefined ? high : chart.most * 0.9;
  const low = values.reduce((a, b) => Math.min(a, b), room);
  const ticks = niceTicks(low, high);
  const bottom = ticks[0] ?? 0;
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => margins.top + plotHeight * (1 - (value - bottom) / (top - bottom));
  const count = chart.epochs.length;
  const x = (i: number) => margins.left + (count < 2 ? plotWidth / 2 : (plotWidth * i) / (count - 1));
  const every = Math.max(1, Math.ceil(count / 8));
  return html`<figure>
    <figcaption>${chart.title}</figcaption>
    <svg
      class="chart"
      viewBox="0 0 ${width} ${height}"
      role="img"
      aria-label="${chart.title} by epoch. ${lines.map((line) => describe(line, chart.format)).join(' ')}"
    >
      ${ticks.map(
        (tick) =>
          html`<line
              class="grid"
              x1="${margins.left}"
              x2="${width - margins.right}"
              y1="${round(y(tick))}"
              y2="${round(y(tick))}"
            />
            <text class="tick" x="${margins.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end"
              >${chart.format(tick)}</text
            >`,
      )}
      ${chart.epochs.map((epoch, i) =>
        i % every === 0
          ? html`<text
              class="tick"
              x="${round(x(i))}"
              y="${height - margins.bottom + 18}"
              text-anchor="middle"
              >${epoch}</text
            >`
          : null,
      )}
      <text class="tick" x="${width - margins.right}" y="${height - 4}" text-anchor="end">epoch</text>
      ${
        chart.best >= 0 &&
        html`<line
            class="best"
            x1="${round(x(chart.best))}"
            x2="${round(x(chart.best))}"
            y1="${margins.top}"
            y2="${margins.top + plotHeight}"
          />
          <text
            class="tick"
            x="${round(x(chart.best) + (x(chart.best) > width / 2 ? -6 : 6))}"
            y="${margins.top + plotHeight - 6}"
            text-anchor="${x(chart.best) > width / 2 ? 'end' : 'start'}"
            >kept</text
          >`
      }
      ${lines.map((line) => path(line, x, y))}
      ${lines.map(
        (line, i) =>
          html`<line
              class="line ${line.kind}"
              x1="${margins.left + i * 120}"
              x2="${margins.left + i * 120 + 22}"
              y1="12"
              y2="12"
            />
            <text class="tick" x="${margins.left + i * 120 + 28}" y="16">${line.name}</text>`,
      )}
    </svg>
  </figure>`;
}

/** A line with gaps where nothing is known; points that stand alone become dots. */
function path(line: Line, x: (i: number) => number, y: (value: number) => number): Markup {
  let d = '';
  const dots: Markup[] = [];
  line.values.forEach((value, i) => {
    if (value === null) return;
    const before = line.values[i - 1] ?? null;
    d += `${before === null ? 'M' : 'L'}${round(x(i))} ${round(y(value))}`;
    if (before === null && (line.values[i + 1] ?? null) === null)
      dots.push(html`<circle class="dot ${line.kind}" cx="${round(x(i))}" cy="${round(y(value))}" r="4" />`);
  });
  return html`<path class="line ${line.kind}" d="${d}" />${dots}`;
}

function describe(line: Line, format: (value: number) => string): string {
  const known = line.values.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  return first === undefined || last === undefined
    ? ''
    : `On ${line.name} photos from ${format(first)} to ${format(last)}.`;
}

function historyTable(history: readonly EpochRecord[], bestEpoch: number | undefined): Markup {
  const staged = history.some(({ stage }) => stage !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Learning curves as a table">
    <table>
      <thead>
        <tr>
          <th scope="col" class="number">Epoch</th>
          ${staged && html`<th scope="col">Stage</th>`}
          <th scope="col" class="number">Training loss</th>
          <th scope="col" class="number">Validation loss</th>
          <th scope="col" class="number">Training accuracy</th>
          <th scope="col" class="number">Validation accuracy</th>
          <th scope="col" class="number">Learning rate</th>
        </tr>
      </thead>
      <tbody>
        ${history.map(
          (one) =>
            html`<tr>
              <th scope="row" class="number">${one.epoch}${one.epoch === bestEpoch && ' (kept)'}</th>
              ${staged && html`<td>${one.stage ?? ''}</td>`}
              <td class="number">${decimal(one.trainLoss)}</td>
              <td class="number">${decimal(one.valLoss)}</td>
              <td class="number">${percent(one.trainAccuracy, 1)}</td>
              <td class="number">${percent(one.valAccuracy, 1)}</td>
              <td class="number">${decimal(one.learningRate)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Coordinates to a tenth of a unit: finer can't be seen and costs bytes. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
