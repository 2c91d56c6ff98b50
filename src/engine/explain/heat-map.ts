/** Maps of importance over a photo. */

/** Numbers in rows over what a model sees. */
export interface HeatMap {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns, row by row from the top left. */
  readonly values: Float32Array;
}

/** The map at another size: bilinear between the cells' middles, as pictures are scaled. */
export function resized(map: HeatMap, rows: number, columns: number): HeatMap {
  if (map.rows === rows && map.columns === columns) return map;
  const down = places(map.rows, rows);
  const across = places(map.columns, columns);
  const values = new Float32Array(rows * columns);
  const at = (row: number, column: number): number => map.values[row * map.columns + column] as number;
  for (const [y, { low: top, high: bottom, share: lower }] of down.entries())
    for (const [x, { low: left, high: right, share: further }] of across.entries())
      values[y * columns + x] =
        (at(top, left) * (1 - further) + at(top, right) * further) * (1 - lower) +
        (at(bottom, left) * (1 - further) + at(bottom, right) * further) * lower;
  return { rows, columns, values };
}

/** For each new cell: the two old ones its middle lies between, and how near to the second. */
function places(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, index) => {
    const middle = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(middle);
    return { low, high: Math.min(low + 1, from - 1), share: middle - low };
  });
}

/** What speaks for the class, 0..1, the most important place at 1; all zeros when nothing does. */
export function positiveShare({ rows, columns, values }: HeatMap): HeatMap {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return {
    rows,
    columns,
    values: values.map((value) => (most > 0 ? Math.min(1, Math.max(0, value / most)) : 0)),
  };
}
