/** What a long measurement is doing, a line at a time. */

/** Silence after which a line says that work goes on (ms). */
const heartbeatMs = 30_000;

export class Progress {
  readonly #say: (text: string) => void;
  readonly #started = performance.now();
  #part = '';
  #partStarted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** A part begins. While it runs and says nothing, a line now and then tells how long it has been. */
  part(name: string): void {
    this.#part = name;
    this.#partStarted = performance.now();
    this.step('starts');
  }

  /** What the part does now. */
  step(text: string): void {
    const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(0);
    const soFar = `${seconds(this.#partStarted)} s so far`;
    this.#say(`  [${seconds(this.#started).padStart(4)} s] ${this.#part}: ${text} (${soFar})`);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.step('still running'), heartbeatMs);
  }

  /** Nothing runs any more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
