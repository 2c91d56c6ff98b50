import type { Metrics } from '../../contract/metrics.ts';
import type { RateSearchResult } from '../../contract/train.ts';
import { between, count, decimal, duration, integer } from './plain-words.ts';
import { glossary, leftOut, provenance } from './report-about.ts';
import { learningCurves } from './report-charts.ts';
import { classCards, confusionMatrix } from './report-classes.ts';
import type { ReportData, ReportPrediction } from './report-data.ts';
import { html, Markup, own, type Piece } from './report-html.ts';
import { cellSections, gallery } from './report-photos.ts';
import { reliabilityDiagram, reliabilityTable } from './report-reliability.ts';
import { classResults } from './report-results.ts';
import { rateCurve } from './report-rate.ts';
import { selectPhotos, withinBudget, type Selection } from './report-select.ts';
import { styleSheet } from './report-style.ts';
import {
  labelTable,
  numberFigures,
  scatterPlot,
  taskHeadline,
  worstAnswers,
  worstGallery,
} from './report-tasks.ts';
import { usage } from './report-usage.ts';

export { thumbnailPaths } from './report-select.ts';

/** What thumbnails may add to the page, in characters: with the rest it stays under 5 MB. */
const thumbnailCharacters = 4_000_000;
/** What the page may be long, in characters, before its photos are cut down. */
const pageCharacters = 4_600_000;

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
  if (data.task !== undefined && data.task !== 'single-label') {
    // Only the worst answers are shown, which always fit.
    const worst = new Set(worstAnswers(data.predictions));
    const predictions = data.predictions.map(({ thumbnail, ...rest }, index) => {
      const shown = thumbnail !== undefined && worst.has(data.predictions[index] as ReportPrediction);
      return shown ? { ...rest, thumbnail } : rest;
    });
    return renderPage({ ...data, predictions });
  }
  const words = renderPage({ ...data, predictions: withinBudget(data.predictions, data.classes, 0) });
  const room = Math.max(0, Math.min(thumbnailCharacters, pageCharacters - words.length));
  return renderPage({ ...data, predictions: withinBudget(data.predictions, data.classes, room) });
}

function renderPage(data: ReportData): string {
  const selection = selectPhotos(data.predictions, data.classes);
  const results =
    data.task === undefined || data.task === 'single-label'
      ? [
          classSection(data),
          matrixSection(data, selection),
          mistakesSection(selection),
          uncertainSection(selection),
        ]
      : taskSections(data);
  const sections = [
    data.task === 'regression' ? null : learnedSection(data, selection),
    adviceSection(data),
    ...results,
    curvesSection(data),
    data.task === 'regression' ? null : confidenceSection(data),
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
          ${new Markup(styleSheet)}
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
function lead({ metrics }: ReportData): { metrics: Metrics; photos: 'test' | 'validation' } {
  return metrics.test !== undefined && metrics.test.count > 0
    ? { metrics: metrics.test, photos: 'test' }
    : { metrics: metrics.val, photos: 'validation' };
}

function header(data: ReportData, sections: readonly Section[]): Markup {
  const { metrics, photos } = lead(data);
  const facts: readonly Piece[] = [
    data.task !== 'regression' &&
      html`<b>${integer(data.classes.length)}</b> ${
          data.task === 'multi-label'
            ? data.classes.length === 1
              ? 'label'
              : 'labels'
            : data.classes.length === 1
              ? 'class'
              : 'classes'
        }`,
    html`<b>${integer(data.counts.train)}</b> photos to learn from`,
    html`<b>${integer(data.counts.val)}</b> to check with`,
    data.counts.test > 0 && html`<b>${integer(data.counts.test)}</b> for the final test`,
    html`<b>${duration(data.seconds)}</b> of training`,
    html`backbone <b>${data.backbone.name}</b>`,
  ];
  const plain = data.task === undefined || data.task === 'single-label';
  const { title, expect } = plain ? classHeadline(metrics) : taskHeadline(metrics);
  return html`<header>
    <p class="name">${own(data.name)}</p>
    <h1>${title}</h1>
    <p class="lead">
      ${expect}
      ${
        metrics.count > 0 &&
        (photos === 'test'
          ? 'Counted on test photos that played no part in the training.'
          : 'Counted on photos that it did not learn from.')
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

function classHeadline(metrics: Metrics): { title: string; expect: Piece } {
  const { accuracyInterval: interval } = metrics;
  return {
    title:
      metrics.count === 0
        ? 'Trained, but not checked'
        : `Right ${integer(metrics.correct)} times of ${integer(metrics.count)}`,
    expect:
      interval === null
        ? 'There were no photos to check it with.'
        : html`Expect it to be right ${between(interval)} of the time on new photos like these.`,
  };
}

/** Results of a model that gives several labels, or a number. */
function taskSections(data: ReportData): Section[] {
  const { metrics, photos } = lead(data);
  if (metrics.count === 0) return [];
  const worst: Section = {
    id: 'mistakes',
    title: 'Worst mistakes',
    body: worstGallery(data.predictions, data),
  };
  if (data.task === 'multi-label')
    return [{ id: 'classes', title: 'Label by label', body: labelTable(metrics, photos) }, worst];
  return [
    {
      id: 'numbers',
      title: 'How close it comes',
      body: html`<div class="pair">
        ${scatterPlot(data.predictions)}
        <div>${numberFigures(metrics, photos)}</div>
      </div>`,
    },
    worst,
  ];
}

function adviceSection({ advice }: ReportData): Section | null {
  if (advice.length === 0) return null;
  return {
    id: 'advice',
    title: 'Before you rely on it',
    body: html`<ul class="advice">
      ${advice.map(
        ({ severity, message, evidence, action, fix }) =>
          html`<li class="${severity === 'warning' && 'serious'}">
            <p>
              <span class="kind">${severity === 'warning' ? 'Look at this: ' : 'Good to know: '}</span
              >${message}
            </p>
            <p class="note">${evidence}</p>
            <p>${action}${fix?.settings !== undefined && html` For example: <b>${fix.label}</b>.`}</p>
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
  return { id: 'classes', title: 'Class by class', body: classResults(metrics, photos, data.metrics.val) };
}

function matrixSection(data: ReportData, selection: Selection): Section | null {
  // The photos of the page are validation photos, so the matrix that leads to them counts those.
  const metrics = data.metrics.val;
  if (metrics.count === 0) return null;
  return {
    id: 'matrix',
    title: 'What it takes for what',
    body: html`<p class="note">
        ${count(metrics.count, 'validation photo')}. Rows: what the photo shows. Columns: what the model said.
        The stronger the colour, the larger the part of the row. A number leads to the photos behind it.
      </p>
      ${confusionMatrix(metrics, selection)}`,
  };
}

function mistakesSection({ mistakes, mistakeCount: all, cells }: Selection): Section | null {
  if (cells.length === 0) return null;
  return {
    id: 'mistakes',
    title: 'Worst mistakes',
    body:
      all === 0
        ? html`<p>None: every validation photo was recognized.</p>`
        : html`<p class="note">
              ${mistakes.length < all ? `${mistakes.length} of its ${integer(all)} mistakes` : `Its ${count(all, 'mistake')}`},
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

function curvesSection(data: ReportData): Section | null {
  const { history, bestEpoch, recipe, rateSearch, finetuneRateSearch } = data;
  if (history.length === 0) return null;
  return {
    id: 'curves',
    title: 'How the training went',
    body: html`<p class="note">
        ${count(history.length, 'epoch')} (times through all training photos), recipe
        ${recipe}${bestEpoch !== undefined && `; the weights after epoch ${bestEpoch} were kept`}. When the
        two lines part, it began to learn photos by heart.
      </p>
      ${learningCurves(history, bestEpoch)} ${rateSearch !== undefined && rateSection(rateSearch, 'head')}
      ${finetuneRateSearch !== undefined && rateSection(finetuneRateSearch, 'finetune')}`,
  };
}

function rateSection(search: RateSearchResult, of: 'head' | 'finetune'): Markup {
  const { found, chosen } = search;
  return html`<h3>How the learning rate ${of === 'finetune' && 'of fine-tuning '}was found</h3>
    <p class="note">
      ${of === 'head' ? 'The head' : 'The trained blocks and the head'} learned for a moment at ever higher
      rates.
      ${
        found
          ? `The loss was lowest just before it was too much; training took a tenth of that rate, ${chosen}.`
          : `At none did the loss fall, so training took the usual rate, ${chosen}.`
      }
    </p>
    ${rateCurve(search)}`;
}

function confidenceSection({ metrics: { val } }: ReportData): Section | null {
  if (val.count === 0) return null;
  const bins = val.reliabilityCalibrated ?? val.reliability;
  const error = val.eceCalibrated ?? val.ece;
  return {
    id: 'confidence',
    title: 'Can its confidence be trusted?',
    body: html`<p>
        On average its confidence is ${points(error)} percentage points away from how often
        ${val.multiLabel === undefined ? 'it is right' : 'the photos have the label'}${val.temperature !== undefined && `; before correction it was ${points(val.ece)}`}.
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

function points(part: number | null): string {
  return part === null ? '–' : (part * 100).toFixed(1);
}

function cellsSection(data: ReportData, { cells }: Selection): Section | null {
  if (cells.length === 0) return null;
  return {
    id: 'behind',
    title: 'The photos behind the matrix',
    body: cellSections(cells, data.classes),
  };
}
