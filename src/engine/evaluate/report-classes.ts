import type { Metrics } from '../../contract/metrics.ts';
import { count, integer } from './plain-words.ts';
import type { ReportData } from './report-data.ts';
import { html, nameWidth, own, type Markup } from './report-html.ts';
import { picture } from './report-photos.ts';
import { cellId, type Selection } from './report-select.ts';
import { strongestHeat } from './report-style.ts';

/** Up to this many classes the matrix is drawn; past it a table of the commonest mistakes says more. */
const matrixClasses = 40;
/** Up to this many classes the matrix has its column names across; past it they stand upright. */
const namesAcross = 10;
const commonestMistakes = 100;
/** Up to this many classes there is room for large cells. */
const roomy = 7;

/** What each class looks like and how many photos of it there were. */
export function classCards(data: ReportData, { samples }: Selection): Markup {
  const most = Math.max(0, ...[...samples.values()].map(({ length }) => length));
  return html`<ul class="classes${most <= 2 && ' small'}">
    ${data.classCounts.map((counts) => {
      const photos = samples.get(data.classes.indexOf(counts.class)) ?? [];
      const shown = photos.filter(({ thumbnail }) => thumbnail !== undefined);
      return html`<li>
        ${shown.length > 0 && html`<div class="strip">${shown.map((photo) => picture(photo))}</div>`}
        <h3 class="clip three">${own(counts.class)}</h3>
        <p class="note">
          ${integer(counts.train)} to learn from, ${integer(counts.val)} to check
          with${counts.test > 0 && `, ${integer(counts.test)} for the final test`}
        </p>
      </li>`;
    })}
  </ul>`;
}

/** Of each class, what its photos were taken for; every cell with photos leads to them. */
export function confusionMatrix(metrics: Metrics, { cells }: Selection): Markup {
  const { classes, matrix } = metrics.confusion;
  if (classes.length > matrixClasses) return commonMistakes(metrics, cells);
  const linked = new Set(cells.map(({ label, predicted }) => cellId(label, predicted)));
  // Mistakes are few beside right answers; on one scale with them they would all look alike.
  const fullMiss = Math.max(
    0.05,
    ...matrix.flatMap((row, i) => {
      const total = row.reduce((sum, cell) => sum + cell, 0);
      return row.filter((_, j) => i !== j && total > 0).map((times) => times / total);
    }),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
    <table
      class="matrix${classes.length > namesAcross && ' many'}${classes.length <= roomy && ' roomy'}"
      style="${nameWidth(classes)}"
    >
      <caption class="hidden">
        Rows: what the photo shows. Columns: what the model said.
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
              const heat = strongestHeat * Math.sqrt(Math.min(1, times / total / (i === j ? 1 : fullMiss)));
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
