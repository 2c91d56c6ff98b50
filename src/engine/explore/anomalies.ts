import type { Neighbors } from './neighbors.ts';
import type { Points } from './points.ts';

/**
 * How little each photo belongs: the mean of two ranks. One is the Mahalanobis distance from the middle of all photos
 * (a difference counts the more, the less photos differ that way), over the final and the earlier features; the other
 * the distance to the near neighbours, including what principal components leave out.
 *
 * Measured with MobileNetV2 and 1% photos of ants and bees among flowers: the first 5% of the list hold some 64% of
 * them, most of the ants and less than half of the bees, which sit on flowers; of flowers among ants and bees 40%. Either
 * distance alone finds some points fewer, an isolation forest half as many, the local outlier factor a quarter. Earlier
 * features alone, ImageNet's answers, distances within classes and another backbone were no better.
 *
 * @param all principal components of all features, for the Mahalanobis distance
 * @param neighbors by the final features
 * @param leftOut squared length of what the neighbours' components leave out, of each photo
 * @returns 0..1 a photo, evenly spread: 0.95 means that 95 of 100 photos belong more
 */
export function anomalyScores(all: Points, neighbors: Neighbors, leftOut: Float32Array): Float32Array {
  const { rows } = all;
  const far = ranksOf(mahalanobis(all));
  const alone = ranksOf(loneliness(neighbors, leftOut));
  return ranksOf(
    Float64Array.from({ length: rows }, (_, row) => (far[row] as number) + (alone[row] as number)),
  );
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

/** Squared distance to the farthest of the near neighbours; what is left out of two photos is at right angles. */
function loneliness({ rows, k, distances }: Neighbors, leftOut: Float32Array): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    const distance = k === 0 ? 0 : (distances[row * k + k - 1] as number);
    return (Number.isFinite(distance) ? distance : 0) + (leftOut[row] as number);
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
