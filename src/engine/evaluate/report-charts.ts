import { decimal, percent } from './plain-words.ts';
import {
  chosenLine,
  gridLines,
  nameBelow,
  niceTicks,
  placesIn,
  tickBelow,
  type Frame,
} from './report-axes.ts';
import type { EpochRecord } from './report-data.ts';
import { html, type Markup } from './report-html.ts';

const frame: Frame = { width: 520, height: 260, left: 48, right: 16, top: 28, bottom: 40 };

interface Line {
  readonly name: string;
  readonly kind: 'train' | 'val';
  /** One per x; null leaves a gap. */
  readonly values: readonly (number | null)[];
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
  const places = placesIn(frame);
  const y = (value: number) => places.y((value - bottom) / (top - bottom));
  const count = chart.epochs.length;
  const x = (i: number) => places.x(count < 2 ? 0.5 : i / (count - 1));
  const every = Math.max(1, Math.ceil(count / 8));
  return html`<figure>
    <figcaption>${chart.title}</figcaption>
    <svg
      class="chart"
      viewBox="0 0 ${frame.width} ${frame.height}"
      role="img"
      aria-label="${chart.title} by epoch. ${lines.map((line) => describe(line, chart.format)).join(' ')}"
    >
      ${gridLines(frame, ticks, y, chart.format)}
      ${chart.epochs.map((epoch, i) => (i % every === 0 ? tickBelow(frame, x(i), epoch) : null))}
      ${nameBelow(frame, 'epoch')} ${chart.best >= 0 && chosenLine(frame, x(chart.best), 'kept')}
      ${lines.map((line) => path(line, x, y))}
      ${lines.map(
        (line, i) =>
          html`<line
              class="line ${line.kind}"
              x1="${frame.left + i * 120}"
              x2="${frame.left + i * 120 + 22}"
              y1="12"
              y2="12"
            />
            <text class="tick" x="${frame.left + i * 120 + 28}" y="16">${line.name}</text>`,
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
    d += `${before === null ? 'M' : 'L'}${x(i)} ${y(value)}`;
    if (before === null && (line.values[i + 1] ?? null) === null)
      dots.push(html`<circle class="dot ${line.kind}" cx="${x(i)}" cy="${y(value)}" r="4" />`);
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
