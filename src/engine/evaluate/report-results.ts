import type { ClassMetrics, Interval, Metrics } from '../../contract/metrics.ts';
import { count, integer, percent } from './plain-words.ts';
import { html, nameWidth, own, type Markup, type Piece } from './report-html.ts';

/** Rows of the class table before the rest is folded away. */
const openRows = 60;

/**
 * How well each class is recognized, and the figures over all.
 * @param metrics what is shown
 * @param photos what it was counted on
 * @param validation the validation photos' figures, said as well where the test photos' are shown
 */
export function classResults(metrics: Metrics, photos: 'test' | 'validation', validation: Metrics): Markup {
  const judged = metrics.perClass.filter(({ f1, support }) => f1 !== null && support > 0);
  const sorted = [...judged].sort((a, b) => (b.f1 ?? 0) - (a.f1 ?? 0));
  const half = Math.min(3, Math.floor(sorted.length / 2));
  const best = sorted.slice(0, half);
  const hardest = sorted.slice(sorted.length - half).reverse();
  const alike = sorted[0]?.f1 === sorted.at(-1)?.f1;
  return html`<p>
      ${
        alike
          ? 'No class was harder than another.'
          : html`Best recognized: ${named(best)}. Hardest: ${named(hardest)}.`
      }
      <span class="soft">Counted on ${count(metrics.count, `${photos} photo`)}.</span>
    </p>
    ${classTable(metrics)}
    <dl>
      ${figures(metrics).map(
        ([term, value]) =>
          html`<dt>${own(term)}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      photos === 'test' &&
      html`<p class="note">
        On the ${count(validation.count, 'validation photo')}, by which settings were chosen, accuracy was
        ${percent(validation.accuracy, 1)}.
      </p>`
    }`;
}

function figures({ accuracy, accuracyInterval, binary, ...rest }: Metrics): readonly [string, string][] {
  return [
    ['Accuracy', `${percent(accuracy, 1)}${ends(accuracyInterval, (end) => `${(end * 100).toFixed(1)}%`)}`],
    ['Macro-F1', `${part(rest.macroF1)}${ends(rest.macroF1Interval, (end) => end.toFixed(2))}`],
    ['Weighted F1', part(rest.weightedF1)],
    ...(rest.top5 === undefined
      ? []
      : [['Among its first five answers', percent(rest.top5, 1)] satisfies [string, string]]),
    ...(binary === undefined
      ? []
      : ([
          [`Area under ROC, for “${binary.positiveClass}”`, part(binary.rocAuc)],
          [`Average precision, for “${binary.positiveClass}”`, part(binary.averagePrecision)],
        ] satisfies [string, string][])),
  ];
}

function part(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function ends(interval: Interval | null, format: (end: number) => string): string {
  return interval === null ? '' : ` (95% interval ${format(interval[0])} to ${format(interval[1])})`;
}

function named(classes: readonly { class: string; f1: number | null }[]): Piece {
  return classes.map((one, i) => html`${i > 0 && ', '}<b>${own(one.class)}</b>`);
}

/** One row a class, hardest first: how many were found, and how far an answer can be believed. */
function classTable(metrics: Metrics): Markup {
  const rows = [...metrics.perClass].sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
  const table = (some: readonly ClassMetrics[], caption: string) =>
    html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table class="wide" style="${nameWidth(some.map((one) => one.class))}">
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
