/** A piece of the benchmark that is measured, shown and saved by itself, so that an interrupted run keeps the rest. */
import type { Cost, Figure, Watch } from '../measure.ts';

/** What could not be measured, and why, in the words of whoever refused. */
export interface Cannot {
  readonly name: string;
  readonly reason: string;
}

export interface Outcome {
  readonly figures?: readonly Figure[];
  readonly costs?: readonly Cost[];
  readonly cannot?: readonly Cannot[];
}

export interface Part {
  readonly name: string;
  /** @throws the watch's signal's reason when it is interrupted */
  run(watch: PartWatch): Promise<Outcome>;
}

/** How a part is told to stop, how long it may take, and how it says what it does. */
export interface PartWatch extends Watch {
  readonly signal: AbortSignal;
  /** After so long no further round begins, and a process of its own is ended. */
  readonly limitMs: number;
  readonly say: (text: string) => void;
}
