/** The report's parts for models that give several labels, or a number. */
import type { Metrics, NumberFigures } from '../../contract/metrics.ts';
import { numberText } from './numbers.ts';
import { between, count, decimal, integer, percent } from './plain-words.ts';
import { gridLines, niceTicks, placesIn, tickBelow, type Frame } from './report-axes.ts';
import type { ReportData, ReportPrediction } from './report-data.ts';
import { html, nameWidth, own, type Markup, type Piece } from './report-html.ts';
import { longName, picture } from './report-photos.ts';

/** Photos of the gallery of the worst answers. */
const worstShown = 24;

/** How wrong an answer is: labels that are wrong, or the distance from the true number. */
export function wrongness({ labels, value, confidence }: ReportPrediction): number {
  if (value !== undefined) return Math.abs(value.predicted - value.truth);
  if (labels === undefined) return 0;
  const truth = new Set(labels.truth);
  const missed = labels.truth.filter((name) => !labels.predicted.includes(name)).length;
  const wrong = missed + labels.predicted.filter((name) => !truth.has(name)).length;
  // Of equals the surer one is the worse mistake.
  return wrong === 0 ? 0 : wrong + confidence / 2;
}

/** The most wrong answers, the worst first; none that is right. */
export function worstAnswers(predictions: readonly ReportPrediction[]): ReportPrediction[] {
  return predictions
    .filter((one) => wrongness(one) > 0)
    .sort((a, b) => wrongness(b) - wrongness(a) || (a.path < b.path ? -1 : 1))
    .slice(0, worstShown);
}

/** The headline and what to expect of new photos. */
export function taskHeadline(metrics: Metrics): { title: string; expect: Piece } {
  const { regression, multiLabel, accuracyInterval } = metrics;
  if (metrics.count === 0)
    return { title: 'Trained, but not checked', expect: 'There were no photos to check it with.' };
  if (regression !== undefined) {
    const { mae, maeInterval, maeOfMean } = regression;
    const text = numbersOf(regression);
    return {
      title: `Off by ${text(mae)} on average`,
      expect: html`${maeInterval !== null && html`Expect between ${text(maeInterval[0])} and ${text(maeInterval[1])} on new photos like these. `}Always
      saying the mean would be off by ${text(maeOfMean)}.`,
    };
  }
  const single = multiLabel?.hammingLoss ?? null;
  return {
    title: `All labels right ${integer(metrics.correct)} times of ${integer(metrics.count)}`,
    expect: html`${accuracyInterval !== null && html`Expect all labels to be right ${between(accuracyInterval)} of the time on new photos like these. `}${
      single !== null && `Of single labels, ${percent(1 - single, 1)} are right.`
    }`,
  };
}

const numbersOf =
  ({ range: [low, high] }: NumberFigures) =>
  (value: number): string =>
    numberText(value, high - low);

/** Label by label: found, right when said, F1, average precision, and from which probability a label is given. */
export function labelTable(metrics: Metrics, photos: 'test' | 'validation'): Markup {
  const { multiLabel, perClass, macroF1, macroF1Interval } = metrics;
  const part = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : value.toFixed(3);
  const rows = perClass.map((one, c) => ({ ...one, ...multiLabel?.perLabel[c] }));
  rows.sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
  const figures: [string, string][] = [
    [
      'Macro-F1',
      `${part(macroF1)}${macroF1Interval === null ? '' : ` (95% interval ${macroF1Interval[0].toFixed(2)} to ${macroF1Interval[1].toFixed(2)})`}`,
    ],
    ['Micro-F1', part(multiLabel?.microF1)],
    ['Mean average precision', part(multiLabel?.meanAveragePrecision)],
    ['Single labels that are wrong (Hamming loss)', percent(multiLabel?.hammingLoss, 1)],
    ['All labels of a photo right', percent(metrics.accuracy, 1)],
  ];
  return html`<p>
      A label is given where its probability reaches its threshold: 50%, or what gives the best F1 on the
      validation photos where there are enough of
      them.${photos === 'validation' && ' These figures are of the same photos, and so slightly flattering.'}
      <span class="soft">Counted on ${count(metrics.count, `${photos} photo`)}.</span>
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Results label by label, hardest first">
      <table class="wide" style="${nameWidth(rows.map((one) => one.class))}">
        <caption class="hidden">
          Results label by label, hardest first
        </caption>
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col" class="number">Photos</th>
            <th scope="col" class="number">Found</th>
            <th scope="col" class="number">Right when said</th>
            <th scope="col" class="number">F1</th>
            <th scope="col" class="number">Average precision</th>
            <th scope="col" class="number">Threshold</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (one) =>
              html`<tr>
                <th scope="row">${own(one.class)}</th>
                <td class="number">${integer(one.support)}</td>
                <td class="number">${percent(one.recall)}</td>
                <td class="number">${percent(one.precision)}</td>
                <td class="number">${one.f1 === null ? '–' : one.f1.toFixed(2)}</td>
                <td class="number">${part(one.averagePrecision)}</td>
                <td class="number">${one.threshold === undefined ? '–' : percent(one.threshold)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${definitions(figures)}`;
}

function definitions(figures: readonly (readonly [string, string])[]): Markup {
  return html`<dl>
    ${figures.map(
      ([term, value]) =>
        html`<dt>${own(term)}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** How good predicted numbers are. */
export function numberFigures(metrics: Metrics, photos: 'test' | 'validation'): Markup | null {
  const { regression } = metrics;
  if (regression === undefined) return null;
  const text = numbersOf(regression);
  const ends = (interval: readonly [number, number] | null, format: (value: number) => string): string =>
    interval === null ? '' : ` (95% interval ${format(interval[0])} to ${format(interval[1])})`;
  const { mae, rmse, medianError, bias, r2, maeInterval, rmseInterval, r2Interval, maeOfMean, range } =
    regression;
  return html`<p class="soft">Counted on ${count(metrics.count, `${photos} photo`)}.</p>
    ${definitions([
      ['Mean distance from the truth (MAE)', `${text(mae)}${ends(maeInterval, text)}`],
      ['Root of the mean squared distance (RMSE)', `${text(rmse)}${ends(rmseInterval, text)}`],
      ['Half of the photos are closer than', text(medianError)],
      [
        'Says on average',
        bias === 0
          ? 'neither too much nor too little'
          : `${text(Math.abs(bias))} too ${bias > 0 ? 'much' : 'little'}`,
      ],
      [
        'Part of the variation it explains (R²)',
        r2 === null ? '–' : `${decimal(r2)}${ends(r2Interval, (value) => decimal(value))}`,
      ],
      ['Mean distance if the mean were always said', text(maeOfMean)],
      ['True numbers', `${text(range[0])} to ${text(range[1])}`],
    ])}`;
}

const frame: Frame = { width: 420, height: 420, left: 60, right: 16, top: 12, bottom: 44 };

/** Predicted against true numbers: on the dotted line both are the same. */
export function scatterPlot(predictions: readonly ReportPrediction[]): Markup | null {
  const points = predictions.flatMap(({ value }) => value ?? []);
  if (points.length === 0) return null;
  const all = points.flatMap(({ truth, predicted }) => [truth, predicted]);
  const ticks = niceTicks(
    all.reduce((a, b) => Math.min(a, b)),
    all.reduce((a, b) => Math.max(a, b)),
  );
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const places = placesIn(frame);
  const x = (value: number): number => places.x((value - low) / (high - low));
  const y = (value: number): number => places.y((value - low) / (high - low));
  return html`<figure>
    <svg
      class="chart"
      viewBox="0 0 ${frame.width} ${frame.height}"
      role="img"
      aria-label="What the model said against what is true, ${count(points.length, 'validation photo')}."
    >
      ${gridLines(frame, ticks, y, (tick) => tick)} ${ticks.map((tick) => tickBelow(frame, x(tick), tick))}
      <line class="diagonal" x1="${x(low)}" y1="${y(low)}" x2="${x(high)}" y2="${y(high)}" />
      ${points.map(
        ({ truth, predicted }) =>
          html`<circle class="dot val" cx="${x(truth)}" cy="${y(predicted)}" r="3" fill-opacity="0.6" />`,
      )}
      <text class="tick" x="${places.x(0.5)}" y="${frame.height - 8}" text-anchor="middle">true</text>
      <text class="tick" transform="rotate(-90)" x="${-places.y(0.5)}" y="14" text-anchor="middle">said</text>
    </svg>
    <figcaption>
      Each dot is a photo. On the dotted line the answer is the truth; above it, the model says too much.
    </figcaption>
  </figure>`;
}

/** The worst answers with what is true. */
export function worstGallery(predictions: readonly ReportPrediction[], data: ReportData): Markup {
  const worst = worstAnswers(predictions);
  if (worst.length === 0) return html`<p>None: every validation photo was answered right.</p>`;
  const { regression } = data.metrics.val;
  const said = (text: string, value: number | undefined): string =>
    value === undefined || regression === undefined ? text || 'no label' : numbersOf(regression)(value);
  return html`<ul class="photos">
    ${worst.map(
      (photo) =>
        html`<li>
          ${picture(photo)}
          <span class="answer clip"
            >said <span class="no">${own(said(photo.predicted, photo.value?.predicted))}</span></span
          >
          <span class="truth clip">is ${own(said(photo.label, photo.value?.truth))}</span>
          ${longName(photo.path)}
        </li>`,
    )}
  </ul>`;
}
