import type { ClassMetrics, Interval, Metrics } from '../../contract/metrics.ts';
import { count, integer, percent } from './plain-words.ts';
import type { ReportData } from './report-data.ts';
import { html, own, type Markup } from './report-html.ts';
import { picture } from './report-photos.ts';
import { cellId, type Selection } from './report-select.ts';
import { strongestHeat } from './report-style.ts';

/** Up to this many classes the matrix is drawn; past it a table of the commonest mistakes says more. */
const matrixClasses = 40;
/** Up to this many classes the matrix has its column names across; past it they stand upright. */
const namesAcross = 10;
const commonestMistakes = 100;
/** Rows of the class table before the rest is folded away. */
const openRows = 60;

/** What each class looks like and how many photos of it there were. */
export function classCards(data: ReportData, { samples }: Selection): Markup {
  return html`<ul class="classes">
    ${data.classCounts.map((counts) => {
      const photos = samples.get(data.classes.indexOf(counts.class)) ?? [];
      const shown = photos.filter(({ thumbnail }) => thumbnail !== undefined);
      return html`<li>
        ${shown.length > 0 && html`<div class="strip">${shown.map((photo) => picture(photo))}</div>`}
        <h3>${own(counts.class)}</h3>
        <p class="note">
          ${integer(counts.train)} to learn from, ${integer(counts.val)} to check
          with${counts.test > 0 && `, ${integer(counts.test)} for the final test`}
        </p>
      </li>`;
    })}
  </ul>`;
}

/** One row a class, hardest first: how many were found, and how far an answer can be believed. */
export function classTable(metrics: Metrics): Markup {
  const rows = [...metrics.perClass].sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
  const table = (some: readonly ClassMetrics[], caption: string) =>
    html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table class="wide">
        <caption class="hidden">
          ${caption}
        </caption>
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" class="number">Photos</th>
            <th scope="col" class="number">Found</th>
            <th scope="col"><span class="hidden">Found, with 95% interval</span></th>
            <th scope="col" class="number">95% interval</th>
            <th scope="col" class="number">Answer is right</th>
            <th scope="col" class="number">F1</th>
          </tr>
        </thead>
        <tbody>
          ${some.map(
            (one) =>
              html`<tr>
                <th scope="row">${own(one.class)}</th>
                <td class="number">${integer(one.support)}</td>
                <td class="number">${percent(one.recall)}</td>
                <td>${bar(one.recall, one.recallInterval)}</td>
                <td class="number">${one.recallInterval === null ? '–' : range(one.recallInterval)}</td>
                <td class="number">${percent(one.precision)}</td>
                <td class="number">${one.f1 === null ? '–' : one.f1.toFixed(2)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  const rest = rows.slice(openRows);
  return html`${table(rows.slice(0, openRows), 'Results class by class, hardest first')}
  ${
    rest.length > 0 &&
    html`<details>
      <summary>${count(rest.length, 'more class', 'more classes')}, recognized better than these</summary>
      ${table(rest, 'The other classes')}
    </details>`
  }`;
}

function range([low, high]: Interval): string {
  return `${Math.round(low * 100)}–${Math.round(high * 100)}%`;
}

function bar(value: number | null, interval: Interval | null): Markup | null {
  if (value === null || interval === null) return null;
  const x = (part: number) => `${(part * 100).toFixed(1)}%`;
  return html`<svg class="bar" aria-hidden="true">
    <rect class="track" width="100%" y="2" height="12" rx="2" />
    <rect class="fill" width="${x(value)}" y="2" height="12" rx="2" />
    <line class="range" x1="${x(interval[0])}" x2="${x(interval[1])}" y1="8" y2="8" />
  </svg>`;
}

/** Of each class, what its photos were taken for; every cell with photos leads to them. */
export function confusionMatrix(metrics: Metrics, { cells }: Selection): Markup {
  const { classes, matrix } = metrics.confusion;
  if (classes.length > matrixClasses) return commonMistakes(metrics, cells);
  const linked = new Set(cells.map(({ label, predicted }) => cellId(label, predicted)));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
    <table class="matrix${classes.length > namesAcross && ' many'}">
      <caption>
        Rows: what the photo shows. Columns: what the model said. The darker, the larger the part of the row.
      </caption>
      <thead>
        <tr>
          <td></td>
          ${classes.map((name) => html`<th scope="col">${own(name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${classes.map((name, i) => {
          const row = matrix[i] ?? [];
          const total = row.reduce((sum, cell) => sum + cell, 0);
          return html`<tr>
            <th scope="row">${own(name)}</th>
            ${row.map((times, j) => {
              if (times === 0) return html`<td>${i === j ? '0' : html`<span aria-label="0">·</span>`}</td>`;
              const heat = strongestHeat * (0.15 + (0.85 * times) / total);
              const said = `${count(times, 'photo')} of ${name} taken for ${classes[j] ?? ''}`;
              return html`<td class="${i === j ? 'hit' : 'miss'}" style="--h:${heat.toFixed(3)}">
                ${
                  linked.has(cellId(i, j))
                    ? html`<a href="#${cellId(i, j)}" aria-label="${said}">${integer(times)}</a>`
                    : integer(times)
                }
              </td>`;
            })}
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function commonMistakes(metrics: Metrics, cells: Selection['cells']): Markup {
  const { classes, matrix } = metrics.confusion;
  const linked = new Set(cells.map(({ label, predicted }) => cellId(label, predicted)));
  const wrong = matrix
    .flatMap((row, i) => row.map((times, j) => ({ i, j, times })))
    .filter(({ i, j, times }) => i !== j && times > 0)
    .sort((a, b) => b.times - a.times);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Commonest mistakes">
    <table>
      <caption>
        The ${integer(Math.min(wrong.length, commonestMistakes))} commonest mistakes of
        ${integer(wrong.length)} kinds.
      </caption>
      <thead>
        <tr>
          <th scope="col">The photo shows</th>
          <th scope="col">The model said</th>
          <th scope="col" class="number">Photos</th>
        </tr>
      </thead>
      <tbody>
        ${wrong.slice(0, commonestMistakes).map(
          ({ i, j, times }) =>
            html`<tr>
              <th scope="row">${own(classes[i] ?? '')}</th>
              <td>${own(classes[j] ?? '')}</td>
              <td class="number">
                ${
                  linked.has(cellId(i, j))
                    ? html`<a href="#${cellId(i, j)}">${integer(times)}</a>`
                    : integer(times)
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
