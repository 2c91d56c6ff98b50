/** Notices that training runs away. */

/** The loss as it is followed: a running mean in which the last ten steps or so count. */
const forgetting = 0.1;
/** Steps whose loss tells where training started: warm-up has hardly moved the weights then. */
const firstSteps = 3;
/** Rates are halved at most this often before training ends with what it had. */
const mostHalvings = 8;

export interface WatchState {
  readonly reference: number;
  readonly seen: number;
  readonly smoothed: number;
  readonly halvings: number;
}

/**
 * Follows the training loss. A loss that isn't a number, or that rises above where it started by half of what
 * guessing costs, is divergence: fine-tuning starts from a head that works, so its loss only falls.
 */
export class DivergenceWatch {
  readonly #room: number;
  #reference = 0;
  #seen = 0;
  #smoothed = 0;
  #halvings = 0;

  /** @param guessing what a guess costs: ln classes for cross-entropy, see `costOfGuessing` */
  constructor(guessing: number) {
    this.#room = guessing / 2;
  }

  /** Takes a step's loss and the norm of its gradients. @returns whether training has diverged */
  after(loss: number, norm: number): boolean {
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) return true;
    this.#seen += 1;
    if (this.#seen <= firstSteps) {
      this.#reference += (loss - this.#reference) / this.#seen;
      this.#smoothed = this.#reference;
    } else this.#smoothed += forgetting * (loss - this.#smoothed);
    return this.#smoothed > this.#reference + this.#room;
  }

  /** Whether a validation loss is out of all proportion to the one that fine-tuning started with. */
  isLost(loss: number, atStart: number): boolean {
    return !(loss <= atStart + this.#room);
  }

  /** Whether weights are worth going back to: well below what counts as divergence. */
  get healthy(): boolean {
    return this.#smoothed <= this.#reference + this.#room / 2;
  }

  /** What the rates are multiplied by. */
  get rateFactor(): number {
    return 0.5 ** this.#halvings;
  }

  get gaveUp(): boolean {
    return this.#halvings > mostHalvings;
  }

  /** After weights were set back: rates are halved, and the loss is followed anew. */
  halve(): void {
    this.#halvings += 1;
    this.#smoothed = this.#reference;
  }

  state(): WatchState {
    return {
      reference: this.#reference,
      seen: this.#seen,
      smoothed: this.#smoothed,
      halvings: this.#halvings,
    };
  }

  restore(state: WatchState): void {
    this.#reference = state.reference;
    this.#seen = state.seen;
    this.#smoothed = state.smoothed;
    this.#halvings = state.halvings;
  }
}
