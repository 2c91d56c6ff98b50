import type { ReliabilityBin } from '../../contract/metrics.ts';
import { integer, percent } from './plain-words.ts';
import { gridLines, placesIn, round, tickBelow, type Frame } from './report-axes.ts';
import { html, type Markup } from './report-html.ts';

const frame: Frame = { width: 340, height: 312, left: 64, right: 24, top: 12, bottom: 48 };

/** How often answers were right against how sure they were; on the diagonal the two agree. */
export function reliabilityDiagram(bins: readonly ReliabilityBin[]): Markup {
  const { x, y } = placesIn(frame);
  const filled = bins.filter(({ count }) => count > 0);
  const most = filled.reduce((max, { count }) => Math.max(max, count), 1);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return html`<svg
    class="chart square"
    viewBox="0 0 ${frame.width} ${frame.height}"
    role="img"
    aria-label="Part that was right by confidence: ${filled
      .map(
        ({ confidence, accuracy, count }) =>
          `${integer(count)} answers around ${percent(confidence)} sure, ${percent(accuracy)} right`,
      )
      .join('; ')}."
  >
    ${gridLines(frame, ticks, y, (tick) => percent(tick))}
    ${ticks.map((tick) => tickBelow(frame, x(tick), percent(tick)))}
    <line class="diagonal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" />
    ${filled.map(({ confidence, accuracyInterval }) => {
      if (confidence === null || accuracyInterval === null) return null;
      const [low, high] = accuracyInterval;
      return html`<line
        class="whisker"
        x1="${x(confidence)}"
        x2="${x(confidence)}"
        y1="${y(low)}"
        y2="${y(high)}"
      />`;
    })}
    ${filled.map(({ confidence, accuracy, count }) =>
      confidence === null || accuracy === null
        ? null
        : html`<circle
            class="dot val"
            cx="${x(confidence)}"
            cy="${y(accuracy)}"
            r="${round(3 + 5 * Math.sqrt(count / most))}"
          />`,
    )}
    <text class="tick" x="${x(0.5)}" y="${y(0) + 42}" text-anchor="middle">how sure the model was</text>
    <text class="tick" transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle">
      how often it was right
    </text>
  </svg>`;
}

/** The diagram's numbers. */
export function reliabilityTable(bins: readonly ReliabilityBin[]): Markup {
  return html`<table class="wide">
    <thead>
      <tr>
        <th scope="col">How sure</th>
        <th scope="col" class="number">Answers</th>
        <th scope="col" class="number">On average</th>
        <th scope="col" class="number">Right</th>
        <th scope="col" class="number">95% interval</th>
      </tr>
    </thead>
    <tbody>
      ${bins
        .filter(({ count }) => count > 0)
        .map(
          (bin) =>
            html`<tr>
              <th scope="row">${Math.round(bin.low * 100)}–${Math.round(bin.high * 100)}%</th>
              <td class="number">${integer(bin.count)}</td>
              <td class="number">${percent(bin.confidence)}</td>
              <td class="number">${percent(bin.accuracy)}</td>
              <td class="number">${bin.accuracyInterval?.map((end) => Math.round(end * 100)).join('–')}%</td>
            </tr>`,
        )}
    </tbody>
  </table>`;
}
