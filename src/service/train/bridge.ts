/**
 * Turns a task that reports through a callback into a generator that yields the reports and returns the result.
 * Reports that come while the consumer is busy are kept in order. A consumer that leaves early aborts the task and
 * waits until it has let go of what it holds.
 *
 * @param start begins the task; it hears of `signal`, and of a consumer that left, through its own signal
 */
export async function* bridge<Report, Result>(
  start: (report: (value: Report) => void, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Report, Result> {
  const waiting: Report[] = [];
  const left = new AbortController();
  let wake: (() => void) | undefined;
  let over = false;
  const task = start(
    (value) => {
      waiting.push(value);
      wake?.();
    },
    signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
  ).finally(() => {
    over = true;
    wake?.();
  });
  task.catch(() => undefined); // thrown to the consumer below
  try {
    for (;;) {
      for (let report = waiting.shift(); report !== undefined; report = waiting.shift()) yield report;
      if (over) return await task;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  } finally {
    if (!over) {
      left.abort();
      await task.catch(() => undefined);
    }
  }
}

/**
 * What another generator yields, each value turned into another (or into nothing). A consumer that leaves early ends
 * that generator, too.
 *
 * @returns what the other generator returns
 */
export async function* mapped<From, To, Result>(
  source: AsyncGenerator<From, Result>,
  turn: (value: From) => To | undefined | Promise<To | undefined>,
): AsyncGenerator<To, Result> {
  let over = false;
  try {
    for (;;) {
      const step = await source.next();
      if (step.done === true) {
        over = true;
        return step.value;
      }
      const value = await turn(step.value);
      if (value !== undefined) yield value;
    }
  } finally {
    // The result of a generator that was left is nobody's.
    if (!over) await source.return(undefined as never);
  }
}
