/** Photos as points: one row a photo, row-major. */
export interface Points {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns. */
  readonly data: Float32Array;
}

/** Squared distance between two rows, of the same or of two tables with equally many columns. */
export function squaredDistance(
  a: Float32Array,
  startA: number,
  b: Float32Array,
  startB: number,
  columns: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (const end = columns - 3; i < end; i += 4) {
    const d0 = (a[startA + i] as number) - (b[startB + i] as number);
    const d1 = (a[startA + i + 1] as number) - (b[startB + i + 1] as number);
    const d2 = (a[startA + i + 2] as number) - (b[startB + i + 2] as number);
    const d3 = (a[startA + i + 3] as number) - (b[startB + i + 3] as number);
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; i < columns; i++) {
    const d = (a[startA + i] as number) - (b[startB + i] as number);
    s0 += d * d;
  }
  return s0 + s1 + s2 + s3;
}

/** out[at + c * step] = vector · row c of a matrix; four rows at a time, so that numbers are fetched less often. */
export function dotProducts(
  vector: Float64Array,
  start: number,
  matrix: Float64Array,
  rows: number,
  columns: number,
  out: Float32Array | Float64Array,
  at: number,
  step: number,
): void {
  let c = 0;
  for (; c + 3 < rows; c += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    const p0 = c * columns;
    const p1 = p0 + columns;
    const p2 = p1 + columns;
    const p3 = p2 + columns;
    for (let j = 0; j < columns; j++) {
      const value = vector[start + j] as number;
      s0 += value * (matrix[p0 + j] as number);
      s1 += value * (matrix[p1 + j] as number);
      s2 += value * (matrix[p2 + j] as number);
      s3 += value * (matrix[p3 + j] as number);
    }
    out[at + c * step] = s0;
    out[at + (c + 1) * step] = s1;
    out[at + (c + 2) * step] = s2;
    out[at + (c + 3) * step] = s3;
  }
  for (; c < rows; c++) {
    let sum = 0;
    for (let j = 0; j < columns; j++)
      sum += (vector[start + j] as number) * (matrix[c * columns + j] as number);
    out[at + c * step] = sum;
  }
}

/** The rows with these numbers, copied. */
export function rowsOf({ columns, data }: Points, rows: ArrayLike<number>): Points {
  const some = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * columns;
    some.set(data.subarray(start, start + columns), i * columns);
  }
  return { rows: rows.length, columns, data: some };
}
