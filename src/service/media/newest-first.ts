/** Work of which only so much is done at a time, what was asked for last before the rest. */
export interface NewestFirst {
  /**
   * Does the work, once for all who ask for the same at the same time. A person who scrolls on aborts: work that
   * hasn't begun then and that nobody else waits for is not done at all.
   *
   * @throws the signal's reason when it is aborted first, else what the work throws
   */
  run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

interface Task {
  readonly key: string;
  readonly start: () => void;
  waiting: number;
}

/** @param atOnce how much is done at a time */
export function createNewestFirst(atOnce: number): NewestFirst {
  /** Newest last. */
  const queue: Task[] = [];
  const results = new Map<string, { readonly task: Task; readonly result: Promise<unknown> }>();
  let busy = 0;

  const next = (): void => {
    while (busy < atOnce) {
      const task = queue.pop();
      if (task === undefined) return;
      busy += 1;
      task.start();
    }
  };
  const begin = (key: string, work: () => Promise<unknown>) => {
    let start = (): void => undefined;
    const result = new Promise<void>((resolve) => {
      start = resolve;
    })
      .then(work)
      .finally(() => {
        busy -= 1;
        results.delete(key);
        next();
      });
    // Whoever waits hears of a failure; when nobody does any more, it is no news.
    result.catch(() => undefined);
    const entry = { task: { key, start, waiting: 0 }, result };
    results.set(key, entry);
    queue.push(entry.task);
    return entry;
  };

  return {
    run: <T>(key: string, work: () => Promise<T>, signal?: AbortSignal) =>
      new Promise<T>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const known = results.get(key);
        const { task, result } = known ?? begin(key, work);
        task.waiting += 1;
        const at = known === undefined ? -1 : queue.indexOf(task);
        // Asked for again: it is as wanted as the newest.
        if (at >= 0) queue.push(...queue.splice(at, 1));
        const abort = (): void => {
          task.waiting -= 1;
          const place = queue.indexOf(task);
          if (task.waiting === 0 && place >= 0) {
            queue.splice(place, 1);
            results.delete(key);
          }
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abort, { once: true });
        const settled = (): void => signal?.removeEventListener('abort', abort);
        // The key stands for the kind of result: callers make it so.
        (result as Promise<T>).then(resolve, reject).finally(settled);
        queueMicrotask(next);
      }),
  };
}
