import { rankedBy, type ComparedBackbone, type Comparison, type Domain } from '../../contract/compare.ts';
import type { Task } from '../../contract/project.ts';
import { bytes, count, duration, percent } from './output.ts';

/** A table, best first, and what to make of it. */
export function drawComparison(comparison: Comparison): string {
  const { backbones, photos, task = 'single-label', classes, folds, seconds, device } = comparison;
  const columns = {
    'single-label': ['right', '95% interval'],
    'multi-label': ['mean av. precision', '95% interval', 'macro-F1', 'all labels right'],
    regression: ['off by', '95% interval', 'R²', '95% interval'],
  };
  const rows = [
    ['', 'backbone', ...columns[task], 'photos/s', 'size', 'your photos are to it'],
    ...backbones.map((one, at) => [
      String(at + 1),
      one.id,
      ...figures(one),
      one.photosPerSecond.toFixed(one.photosPerSecond < 10 ? 1 : 0),
      bytes(one.size),
      domainWords(one.domain),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...table,
    '',
    `${count(photos, 'photo')}${what(task, classes.length)}; each was judged by a head that learned from the other ${folds - 1} of ${folds} parts (${device}, ${duration(seconds)}).`,
    ...verdict(backbones),
  ].join('\n');
}

/** What it is ranked by and what else there is, as the columns have it. */
function figures(one: ComparedBackbone): string[] {
  const { value, interval } = rankedBy(one);
  const { numbers, labels } = one;
  if (numbers !== undefined)
    return [
      number(value),
      range(interval, number),
      numbers.r2 === null ? '–' : numbers.r2.toFixed(3),
      range(numbers.r2Interval, (r2) => r2.toFixed(3)),
    ];
  const more = labels === undefined ? [] : [percent(one.macroF1), percent(one.accuracy)];
  return [percent(value), range(interval, percent), ...more];
}

const number = (value: number): string => `${Number(value.toPrecision(4))}`;

function range(interval: readonly [number, number] | null, words: (value: number) => string): string {
  return interval === null ? '–' : `${words(interval[0])} to ${words(interval[1])}`;
}

function what(task: Task, classes: number): string {
  if (task === 'regression') return ' with a number';
  return ` of ${classes} ${task === 'multi-label' ? 'labels' : 'classes'}`;
}

function domainWords(domain: Domain | null): string {
  if (domain === null) return 'not measurable';
  const sure = `${percent(domain.confidence)} sure`;
  if (domain.nearness === null || domain.expected === null) return sure;
  const words = { near: 'familiar', between: 'some way off', far: 'far off' }[domain.nearness];
  return `${words} (${sure}; of ImageNet’s about ${percent(domain.expected)})`;
}

function verdict([first, ...others]: readonly ComparedBackbone[]): string[] {
  if (first === undefined || others.length === 0) return [];
  const close = others.filter(({ behind }) => !behind);
  if (close.length === 0) return [`${first.id} does better than the others for sure.`];
  const names = close.map(({ id }) => id).join(', ');
  const fastest = [first, ...close].reduce((a, b) => (b.photosPerSecond > a.photosPerSecond ? b : a));
  return [
    `Between ${first.id} and ${names} the difference may be chance${fastest === first ? '' : `; ${fastest.id} is the fastest of them`}.`,
  ];
}
