import type { Metrics } from '../../contract/metrics.ts';
import { between, count, decimal, duration, integer, percent } from './plain-words.ts';
import { glossary, leftOut, provenance } from './report-about.ts';
import { learningCurves, reliabilityDiagram, reliabilityTable } from './report-charts.ts';
import { classCards, classTable, confusionMatrix } from './report-classes.ts';
import type { ReportData } from './report-data.ts';
import { html, own, type Markup, type Piece } from './report-html.ts';
import { cellSections, gallery } from './report-photos.ts';
import { selectPhotos, withinBudget, type Selection } from './report-select.ts';
import { styleSheet } from './report-style.ts';
import { usage } from './report-usage.ts';

export { thumbnailPaths } from './report-select.ts';

/** What thumbnails may add to the page, in characters: with the rest it stays under 5 MB. */
const thumbnailCharacters = 4_000_000;

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
  /** Left out of the contents. */
  readonly minor?: boolean;
}

/**
 * report.html: one page that holds everything about a trained model, needs no network and runs no script.
 * Every word that comes from outside (file names, classes, reasons, settings) is escaped.
 * @returns a whole HTML document, UTF-8; under 5 MB whatever the number of photos
 */
export function renderReport(data: ReportData): string {
  const predictions = withinBudget(data.predictions, data.classes, thumbnailCharacters);
  const selection = selectPhotos(predictions, data.classes);
  const sections = [
    adviceSection(data),
    learnedSection(data, selection),
    classSection(data),
    matrixSection(data, selection),
    mistakesSection(selection),
    uncertainSection(selection),
    curvesSection(data),
    confidenceSection(data),
    { id: 'left-out', title: 'What was left out', body: leftOut(data) },
    { id: 'use', title: 'How to use it', body: usage(data) },
    { id: 'made', title: 'How it was made', body: provenance(data) },
    cellsSection(data, selection),
    { id: 'words', title: 'Words', body: glossary() },
  ].filter((section) => section !== null);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${data.name}: report</title>
        <style>
          ${styleSheet}
        </style>
      </head>
      <body>
        ${header(data, sections)}
        <main>
          ${sections.map(
            ({ id, title, body }) =>
              html`<section id="${id}" aria-labelledby="${id}-title">
                <h2 id="${id}-title">${title}</h2>
                ${body}
              </section>`,
          )}
        </main>
        <footer>
          Made by Holotype ${data.versions['holotype'] ?? ''} on this computer. This page loads nothing from
          anywhere; it can be copied, mailed and printed as it is.
        </footer>
      </body>
    </html>`;
  return `${page.text}\n`;
}

/** The most honest figures there are: the test photos', or else the validation photos'. */
function lead({ metrics }: ReportData): { metrics: Metrics; photos: string } {
  return metrics.test !== undefined && metrics.test.count > 0
    ? { metrics: metrics.test, photos: 'test' }
    : { metrics: metrics.val, photos: 'validation' };
}

function header(data: ReportData, sections: readonly Section[]): Markup {
  const { metrics, photos } = lead(data);
  const { accuracyInterval: interval } = metrics;
  const facts: readonly Piece[] = [
    html`<b>${integer(data.classes.length)}</b> ${data.classes.length === 1 ? 'class' : 'classes'}`,
    html`<b>${integer(data.counts.train)}</b> photos to learn from`,
    html`<b>${integer(data.counts.val)}</b> to check with`,
    data.counts.test > 0 && html`<b>${integer(data.counts.test)}</b> for the final test`,
    html`<b>${duration(data.seconds)}</b> of training`,
    html`backbone <b>${data.backbone.name}</b>`,
  ];
  return html`<header>
    <p class="name">${own(data.name)}</p>
    <h1>
      ${
        metrics.count === 0
          ? 'Trained, but not checked'
          : `Right ${integer(metrics.correct)} times of ${integer(metrics.count)}`
      }
    </h1>
    <p class="lead">
      ${
        interval === null
          ? 'There were no photos to check it with.'
          : html`Expect it to be right ${between(interval)} of the time on new photos like these.
            ${
              photos === 'test'
                ? 'Counted on test photos that played no part in the training.'
                : 'Counted on photos that it did not learn from.'
            }`
      }
    </p>
    <ul class="facts">
      ${facts.map((fact) => fact !== false && html`<li>${fact}</li>`)}
    </ul>
    <nav aria-label="Contents">
      <ul>
        ${sections
          .filter(({ minor }) => minor !== true)
          .map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
      </ul>
    </nav>
  </header>`;
}

function adviceSection({ advice }: ReportData): Section | null {
  if (advice.length === 0) return null;
  return {
    id: 'advice',
    title: 'Before you rely on it',
    body: html`<ul class="advice">
      ${advice.map(
        ({ severity, message, evidence, action }) =>
          html`<li class="${severity}">
            <p>
              <span class="kind">${severity === 'warning' ? 'Look at this: ' : 'Good to know: '}</span
              >${message}
            </p>
            <p class="note">${evidence}</p>
            <p>${action}</p>
          </li>`,
      )}
    </ul>`,
  };
}

function learnedSection(data: ReportData, selection: Selection): Section {
  return {
    id: 'learned',
    title: 'What it learned',
    body: html`${
      selection.samples.size > 0 && html`<p class="note">Photos it recognized and was surest of.</p>`
    }
    ${classCards(data, selection)}`,
  };
}

function classSection(data: ReportData): Section | null {
  const { metrics, photos } = lead(data);
  if (metrics.count === 0) return null;
  const judged = metrics.perClass.filter(({ f1, support }) => f1 !== null && support > 0);
  const sorted = [...judged].sort((a, b) => (b.f1 ?? 0) - (a.f1 ?? 0));
  const best = sorted.slice(0, 3);
  const hardest = sorted.slice(best.length).slice(-3).reverse();
  const figures: readonly (readonly [string, string])[] = [
    ['Accuracy', `${percent(metrics.accuracy, 1)}${interval(metrics.accuracyInterval)}`],
    ['Macro-F1', `${metrics.macroF1?.toFixed(3) ?? '–'}${interval(metrics.macroF1Interval, 2)}`],
    ['Weighted F1', metrics.weightedF1?.toFixed(3) ?? '–'],
    ...(metrics.top5 === undefined
      ? []
      : [['Among its first five answers', percent(metrics.top5, 1)] as const]),
    ...(metrics.binary === undefined
      ? []
      : [
          [
            `Area under ROC, for “${metrics.binary.positiveClass}”`,
            metrics.binary.rocAuc?.toFixed(3) ?? '–',
          ] as const,
          ['Average precision', metrics.binary.averagePrecision?.toFixed(3) ?? '–'] as const,
        ]),
  ];
  return {
    id: 'classes',
    title: 'Class by class',
    body: html`<p>
        ${
          hardest.length > 0
            ? html`Best recognized: ${named(best)}. Hardest: ${named(hardest)}.`
            : html`Best recognized first would be ${named(best)}.`
        }
        <span class="soft">Counted on ${count(metrics.count, `${photos} photo`)}.</span>
      </p>
      ${classTable(metrics)}
      <dl>
        ${figures.map(
          ([term, value]) =>
            html`<dt>${own(term)}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      ${
        photos === 'test' &&
        html`<p class="note">
          On the ${count(data.metrics.val.count, 'validation photo')}, by which settings were chosen, accuracy
          was ${percent(data.metrics.val.accuracy, 1)}.
        </p>`
      }`,
  };
}

function named(classes: readonly { class: string; f1: number | null }[]): Piece {
  return classes.map((one, i) => html`${i > 0 && ', '}<b>${own(one.class)}</b>`);
}

function interval(ends: readonly [number, number] | null, digits?: number): string {
  if (ends === null) return '';
  const [low, high] = ends.map((end) =>
    digits === undefined ? (end * 100).toFixed(1) : end.toFixed(digits),
  );
  return ` (95% interval ${low} to ${high}${digits === undefined ? '%' : ''})`;
}

function matrixSection(data: ReportData, selection: Selection): Section | null {
  // The photos of the page are validation photos, so the matrix that leads to them counts those.
  const metrics = data.metrics.val;
  if (metrics.count === 0) return null;
  return {
    id: 'matrix',
    title: 'What it takes for what',
    body: html`<p class="note">
        ${count(metrics.count, 'validation photo')}. A number leads to the photos behind it.
      </p>
      ${confusionMatrix(metrics, selection)}`,
  };
}

function mistakesSection({ mistakes, cells }: Selection): Section | null {
  if (cells.length === 0) return null;
  const all = cells
    .filter(({ label, predicted }) => label !== predicted)
    .reduce((sum, { photos }) => sum + photos.length, 0);
  return {
    id: 'mistakes',
    title: 'Worst mistakes',
    body:
      all === 0
        ? html`<p>None: every validation photo was recognized.</p>`
        : html`<p class="note">
              ${mistakes.length < all ? `The ${mistakes.length} of ${integer(all)} mistakes` : `All ${all} mistakes`},
              those it was surest of first. A wrong label shows up here too.
            </p>
            ${gallery(mistakes)}`,
  };
}

function uncertainSection({ uncertain }: Selection): Section | null {
  if (uncertain.length === 0) return null;
  return {
    id: 'unsure',
    title: 'Least sure',
    body: html`<p class="note">Photos where two classes were close. More like these would teach it most.</p>
      ${gallery(uncertain)}`,
  };
}

function curvesSection({ history, bestEpoch, recipe }: ReportData): Section | null {
  if (history.length === 0) return null;
  return {
    id: 'curves',
    title: 'How the training went',
    body: html`<p class="note">
        ${count(history.length, 'epoch')} (times through all training photos), recipe
        ${recipe}${bestEpoch !== undefined && `; the weights after epoch ${bestEpoch} were kept`}. When the
        two lines part, it began to learn photos by heart.
      </p>
      ${learningCurves(history, bestEpoch)}`,
  };
}

function confidenceSection({ metrics: { val } }: ReportData): Section | null {
  if (val.count === 0) return null;
  const bins = val.reliabilityCalibrated ?? val.reliability;
  const error = val.eceCalibrated ?? val.ece;
  return {
    id: 'confidence',
    title: 'Can its confidence be trusted?',
    body: html`<p>
        When it says it is sure, it is typically ${percent(error, 1)} off from how often it is
        right${val.temperature !== undefined && html`; before correction it was ${percent(val.ece, 1)}`}.
      </p>
      <div class="pair">
        <figure>
          ${reliabilityDiagram(bins)}
          <figcaption>
            Each dot is a group of answers, larger for more; the bar is its 95% interval. On the dotted line,
            confidence and truth agree; below it, the model is too sure.
          </figcaption>
        </figure>
        <div class="scroll" tabindex="0" role="region" aria-label="Confidence as a table">
          ${reliabilityTable(bins)}
          <dl>
            <dt>Log loss</dt>
            <dd>
              ${decimal(val.logLoss)}${
                val.logLossCalibrated !== undefined && `, ${decimal(val.logLossCalibrated)} after correction`
              }
            </dd>
            ${
              val.temperature !== undefined &&
              html`<dt>Temperature</dt>
                <dd>${decimal(val.temperature)}</dd>`
            }
          </dl>
        </div>
      </div>`,
  };
}

function cellsSection(data: ReportData, { cells }: Selection): Section | null {
  if (cells.length === 0) return null;
  return {
    id: 'behind',
    title: 'The photos behind the matrix',
    body: cellSections(cells, data.classes),
  };
}
