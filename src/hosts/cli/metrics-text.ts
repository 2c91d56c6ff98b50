import type { Metrics } from '../../contract/metrics.ts';
import { count, percent } from './output.ts';

/** A number with the digits that count. */
export const figure = (value: number): string => `${Number(value.toPrecision(4))}`;

/**
 * How good a model is, in one or two lines.
 *
 * @param which photos it was judged on, such as "photos it did not learn from"
 */
export function judgementLines(metrics: Metrics, which: string): string[] {
  const { count: n, regression, multiLabel, accuracyInterval } = metrics;
  if (n === 0) return ['There were no photos to check on, so nobody knows how good the model is.'];
  if (regression !== undefined) {
    const { mae, maeInterval, maeOfMean, r2 } = regression;
    const between =
      maeInterval === null
        ? ''
        : `, between ${figure(maeInterval[0])} and ${figure(maeInterval[1])} on new ones like these`;
    return [
      `On ${n} ${which}, off by ${figure(mae)} on average${between}.`,
      `Always saying their mean would be off by ${figure(maeOfMean)}${r2 === null ? '' : `; R2 is ${r2.toFixed(3)}`}.`,
    ];
  }
  const [low, high] = accuracyInterval ?? [null, null];
  const what = multiLabel === undefined ? 'Right' : 'All labels right';
  const single =
    multiLabel === undefined || multiLabel.hammingLoss === null
      ? []
      : [
          `Of single labels, ${percent(1 - multiLabel.hammingLoss)} are right; macro-F1 ${percent(metrics.macroF1)}.`,
        ];
  return [
    `${what} ${metrics.correct} times of ${n} ${which}: ${percent(metrics.accuracy)}.`,
    `On new photos like these, expect between ${percent(low)} and ${percent(high)}.`,
    ...single,
  ];
}

/** On the test photos, in a line. */
export function testLine(metrics: Metrics): string {
  const { count: n, accuracy, regression } = metrics;
  const said = regression === undefined ? percent(accuracy) : `off by ${figure(regression.mae)} on average`;
  return `On the ${count(n, 'test photo')}: ${said}.`;
}
