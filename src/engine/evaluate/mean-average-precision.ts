/**
 * Mean of the labels' average precision (as `averagePrecision`), for many resamples of the same photos: they are put in
 * order once.
 *
 * @param scores [photos, labels], the higher the surer
 * @param targets [photos, labels]: 1 where the photo has the label
 * @returns takes how often each photo is drawn (absent: once); 0..1, null where no label is had by some and lacked by others
 */
export function meanAveragePrecisionOf(
  scores: Float32Array,
  targets: ArrayLike<number>,
  labels: number,
): (times?: ArrayLike<number>) => number | null {
  const photos = labels === 0 ? 0 : scores.length / labels;
  const orders = Array.from({ length: labels }, (_, label) =>
    Int32Array.from(Array(photos).keys()).sort(
      (a, b) => (scores[b * labels + label] as number) - (scores[a * labels + label] as number),
    ),
  );
  return (times) => {
    let [sum, defined] = [0, 0];
    for (const [label, order] of orders.entries()) {
      const own = precisionOf(order, label, times);
      if (own === null) continue;
      sum += own;
      defined += 1;
    }
    return defined === 0 ? null : sum / defined;
  };

  function precisionOf(
    order: Int32Array,
    label: number,
    times: ArrayLike<number> | undefined,
  ): number | null {
    const drawn = (photo: number): number => times?.[photo] ?? 1;
    let [all, positives] = [0, 0];
    for (const photo of order) {
      all += drawn(photo);
      if ((targets[photo * labels + label] as number) > 0.5) positives += drawn(photo);
    }
    if (positives === 0 || positives === all) return null;
    let [found, seen, sum] = [0, 0, 0];
    for (let at = 0; at < order.length;) {
      const score = scores[(order[at] as number) * labels + label];
      let gained = 0;
      // Photos of the same score come together.
      for (; at < order.length && scores[(order[at] as number) * labels + label] === score; at++) {
        const photo = order[at] as number;
        seen += drawn(photo);
        if ((targets[photo * labels + label] as number) > 0.5) gained += drawn(photo);
      }
      found += gained;
      if (gained > 0) sum += (gained / positives) * (found / seen);
    }
    return Math.min(1, sum);
  }
}
