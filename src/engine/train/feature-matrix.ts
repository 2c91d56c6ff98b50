/** Features of many photos, one row a view of a photo. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns, row-major. */
  readonly data: Float32Array;
  /** Class index of each row; where there are targets, the kind of photo that splits are balanced by. */
  readonly labels: Int32Array;
  /**
   * rows x outputs, for several labels a photo (1: has it) or a number to predict (standardized). Absent: `labels` says
   * it all.
   */
  readonly targets?: Float32Array;
}

/** The first so many rows, without a copy. @param outputs targets a row, where there are any */
export function firstRows(matrix: FeatureMatrix, rows: number, outputs: number): FeatureMatrix {
  const { columns, data, labels, targets } = matrix;
  return {
    rows,
    columns,
    data: data.subarray(0, rows * columns),
    labels: labels.subarray(0, rows),
    ...(targets === undefined ? {} : { targets: targets.subarray(0, rows * outputs) }),
  };
}

/** Features minus `mean`, divided by one `scale` for all of them. */
export interface Standardization {
  readonly mean: Float32Array;
  /** Root of the mean variance over all columns: keeps the features' relative sizes, which carry meaning. */
  readonly scale: number;
}

/** @returns what centres the matrix and brings its mean variance to 1; never divides by zero */
export function standardizationOf({ rows, columns, data }: FeatureMatrix): Standardization {
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      const value = data[start + column] as number;
      mean[column] = (mean[column] as number) + value;
      square[column] = (square[column] as number) + value * value;
    }
  }
  let variance = 0;
  const n = Math.max(1, rows);
  for (let column = 0; column < columns; column++) {
    const m = (mean[column] as number) / n;
    mean[column] = m;
    variance += Math.max(0, (square[column] as number) / n - m * m);
  }
  return { mean: Float32Array.from(mean), scale: Math.sqrt(variance / Math.max(1, columns)) || 1 };
}

/** Standardizes in place, for a matrix of 50,000 photos need not exist twice. */
export function standardize({ rows, columns, data }: FeatureMatrix, { mean, scale }: Standardization): void {
  const factor = 1 / scale;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      data[start + column] = ((data[start + column] as number) - (mean[column] as number)) * factor;
    }
  }
}
