import type { Pace } from './pace.ts';
import type { Points } from './points.ts';

/** Features that a photo shows more than others do: so many of them count. */
const traits = 50;

/**
 * How little each photo belongs: the mean of two ranks. One is the Mahalanobis distance from the middle of all photos
 * (a difference counts the more, the less photos differ that way), over the final and the earlier features; the other
 * what the photo shows much more of than others do ({@link traitScores}).
 *
 * How many planted photos it finds, alone and together with what their files tell, stands at `oddPhotos`. Distances to
 * near neighbours, plain or of directions, make it worse where there are many kinds of photos; an isolation forest, the
 * local outlier factor, ImageNet's answers, distances within classes, and the largest or most varied activations of a
 * photo instead of their means were no better on both sets. Two networks together would find some points more.
 *
 * @param all principal components of all features, for the Mahalanobis distance
 * @param shown of each photo, by {@link traitScores}
 * @returns 0..1 a photo, evenly spread: 0.95 means that 95 of 100 photos belong more
 */
export function anomalyScores(all: Points, shown: Float64Array): Float32Array {
  const { rows } = all;
  const far = ranksOf(mahalanobis(all));
  const strange = ranksOf(shown);
  return ranksOf(
    Float64Array.from({ length: rows }, (_, row) => (far[row] as number) + (strange[row] as number)),
  );
}

/**
 * What each photo shows much more of than others do: the mean of its largest {@link traits} features in standard
 * deviations above their means, photos scaled to length 1. One thing that no other photo has (a bee among flowers) lifts
 * few features by much, which hardly moves a distance over all of them.
 *
 * @param features at least 0 each, as pooled activations are; of others it is no less defined
 * @param columns the first so many features count
 * @returns of each photo, 0 or more
 */
export async function traitScores(features: Points, columns: number, pace: Pace): Promise<Float64Array> {
  const { rows } = features;
  const factors = new Float64Array(rows);
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const own = features.data.subarray(row * features.columns, row * features.columns + columns);
    let length = 0;
    for (let j = 0; j < columns; j++) length += (own[j] as number) ** 2;
    const factor = length > 0 ? 1 / Math.sqrt(length) : 0;
    factors[row] = factor;
    for (let j = 0; j < columns; j++) {
      const value = (own[j] as number) * factor;
      sums[j] = (sums[j] as number) + value;
      squares[j] = (squares[j] as number) + value * value;
    }
    if (pace.due) await pace.rest(row, 2 * rows);
  }
  const deviations = squares.map((square, j) =>
    Math.sqrt(Math.max(0, square / rows - ((sums[j] as number) / rows) ** 2)),
  );
  // What hardly varies at all is rounding.
  const least = 1e-6 * deviations.reduce((a, b) => Math.max(a, b), 0);
  const scores = new Float64Array(rows);
  const above = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let j = 0; j < columns; j++) {
      const deviation = deviations[j] as number;
      if (deviation <= least) continue;
      const value = (features.data[row * features.columns + j] as number) * (factors[row] as number);
      const over = (value - (sums[j] as number) / rows) / deviation;
      if (over > 0) above[count++] = over;
    }
    const largest = above
      .subarray(0, count)
      .sort()
      .subarray(Math.max(0, count - traits));
    scores[row] = largest.reduce((a, b) => a + b, 0) / traits;
    if (pace.due) await pace.rest(rows + row, 2 * rows);
  }
  return scores;
}

/** Squared Mahalanobis distances, which for principal components are sums of squares by the components' variances. */
function mahalanobis({ rows, columns, data }: Points): Float64Array {
  const variance = new Float64Array(columns);
  for (let i = 0; i < data.length; i++)
    variance[i % columns] = (variance[i % columns] as number) + (data[i] as number) ** 2 / rows;
  // What hardly varies at all is rounding.
  const least = 1e-6 * variance.reduce((a, b) => Math.max(a, b), 0);
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let j = 0; j < columns; j++)
      if ((variance[j] as number) > least)
        sum += (data[row * columns + j] as number) ** 2 / (variance[j] as number);
    return sum;
  });
}

/** The share of values that are less, 0..1; equals share the middle of their ranks. */
export function ranksOf(values: Float64Array): Float32Array {
  const order = Array.from(values.keys()).sort(
    (a, b) => (values[a] as number) - (values[b] as number) || a - b,
  );
  const ranks = new Float32Array(values.length);
  const last = Math.max(1, values.length - 1);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number])
      to += 1;
    for (let i = from; i <= to; i++) ranks[order[i] as number] = (from + to) / 2 / last;
    from = to + 1;
  }
  return ranks;
}
