/**
 * Turns a task that reports through a callback into a generator that yields the reports and returns the result.
 * Reports that come while the consumer is busy are kept in order.
 */
export async function* bridge<Report, Result>(
  start: (report: (value: Report) => void) => Promise<Result>,
): AsyncGenerator<Report, Result> {
  const waiting: Report[] = [];
  let wake: (() => void) | undefined;
  let over = false;
  const task = start((value) => {
    waiting.push(value);
    wake?.();
  }).finally(() => {
    over = true;
    wake?.();
  });
  task.catch(() => undefined); // thrown to the consumer below
  for (;;) {
    for (let report = waiting.shift(); report !== undefined; report = waiting.shift()) yield report;
    if (over) return task;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    wake = undefined;
  }
}
