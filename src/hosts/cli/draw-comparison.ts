import type { ComparedBackbone, Comparison, Domain } from '../../contract/compare.ts';
import { bytes, count, duration, percent } from './output.ts';

/** A table, best first, and what to make of it. */
export function drawComparison(comparison: Comparison): string {
  const { backbones, photos, classes, folds, seconds, device } = comparison;
  const rows = [
    ['', 'backbone', 'right', '95% interval', 'photos/s', 'size', 'your photos are to it'],
    ...backbones.map((one, at) => [
      String(at + 1),
      one.id,
      percent(one.accuracy),
      `${percent(one.interval[0])} to ${percent(one.interval[1])}`,
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
    `${count(photos, 'photo')} of ${classes.length} classes; each was judged by a head that learned from the other ${folds - 1} of ${folds} parts (${device}, ${duration(seconds)}).`,
    ...verdict(backbones),
  ].join('\n');
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
