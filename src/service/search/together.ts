/** Pieces of work that run side by side. One that fails ends the others. */
export class Together {
  /** Aborted when the work is to end: it was wanted so, or one piece has failed. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #failed: { readonly error: unknown } | undefined;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** How many run. */
  get size(): number {
    return this.#running.size;
  }

  start(work: () => Promise<void>): void {
    const own: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failed ??= { error };
        this.#stop.abort();
      })
      .finally(() => this.#running.delete(own));
    this.#running.add(own);
  }

  /** Waits until one has ended. @throws what one failed with */
  async one(): Promise<void> {
    await Promise.race(this.#running);
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  /** Waits until all have ended. @throws what one failed with */
  async all(): Promise<void> {
    while (this.#running.size > 0) await this.one();
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  /** Ends what still runs, and waits for it. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}
