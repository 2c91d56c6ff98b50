/** A place on a grid: column and row, between whole numbers as well. */
export type GridPoint = readonly [x: number, y: number];

/**
 * Lines of equal height through a grid by marching squares, piece by piece: each piece crosses one cell. The two
 * ambiguous cells are decided by the mean of their corners. Cells with a corner that has no height are left out.
 *
 * @param rows heights, row by row
 */
export function contour(
  rows: readonly (readonly (number | null)[])[],
  height: number,
): [GridPoint, GridPoint][] {
  const pieces: [GridPoint, GridPoint][] = [];
  for (let y = 0; y + 1 < rows.length; y++) {
    const [above, below] = [rows[y] ?? [], rows[y + 1] ?? []];
    for (let x = 0; x + 1 < above.length; x++) {
      const corners = [above[x], above[x + 1], below[x + 1], below[x]];
      const known = corners.filter((corner) => typeof corner === 'number');
      if (known.length < 4) continue;
      const [a = 0, b = 0, c = 0, d = 0] = known;
      const part = (from: number, to: number): number => (height - from) / (to - from);
      const top: GridPoint = [x + part(a, b), y];
      const right: GridPoint = [x + 1, y + part(b, c)];
      const bottom: GridPoint = [x + part(d, c), y + 1];
      const left: GridPoint = [x, y + part(a, d)];
      const middle = (a + b + c + d) / 4 >= height;
      const high = [a, b, c, d].map((corner) => corner >= height);
      const edges: GridPoint[] = [];
      if (high[0] !== high[1]) edges.push(top);
      if (high[1] !== high[2]) edges.push(right);
      if (high[2] !== high[3]) edges.push(bottom);
      if (high[3] !== high[0]) edges.push(left);
      const [first, second, third, fourth] = edges;
      if (first === undefined || second === undefined) continue;
      if (third === undefined || fourth === undefined) pieces.push([first, second]);
      // All four edges are crossed: two corners are cut off, those that differ from the middle.
      else if (middle === high[0]) pieces.push([first, second], [third, fourth]);
      else pieces.push([first, fourth], [second, third]);
    }
  }
  return pieces;
}

/**
 * Heights for contour lines, evenly spaced between the lowest and the highest on a scale of logarithms: losses around a
 * minimum grow by factors.
 *
 * @returns `count` of them, or none where all is as high
 */
export function contourHeights(low: number, high: number, count: number): number[] {
  const [from, to] = [Math.log(low + offset), Math.log(high + offset)];
  if (!(to - from > 1e-6)) return [];
  return Array.from(
    { length: count },
    (_, at) => Math.exp(from + ((to - from) * (at + 1)) / (count + 1)) - offset,
  );
}

/** Where a height lies between the lowest (0) and the highest (1), on the same scale. */
export function shadeOf(value: number, low: number, high: number): number {
  const [from, to] = [Math.log(low + offset), Math.log(high + offset)];
  return to - from > 1e-6 ? Math.min(1, Math.max(0, (Math.log(value + offset) - from) / (to - from))) : 0;
}

/** A loss of 0 has no logarithm. */
const offset = 1e-4;
