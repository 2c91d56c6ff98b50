/**
 * Hands things on in batches, so that what comes often is worked through seldom: the first at once, what follows
 * within the time together at its end.
 *
 * @param ms at least so long from one batch to the next
 */
export function inBatches<T>(ms: number, take: (batch: readonly T[]) => void): (one: T) => void {
  let batch: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    if (batch.length === 0) return;
    const now = batch;
    batch = [];
    timer = setTimeout(flush, ms);
    take(now);
  };
  return (one) => {
    batch.push(one);
    if (timer === undefined) flush();
  };
}
