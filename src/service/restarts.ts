/** So many unexpected ends within so many milliseconds, and a process is not started again by itself any more. */
export const patience = { stops: 3, within: 60_000 } as const;

/** Decides whether a process that ended unexpectedly is started again. */
export interface Restarts {
  /** It has ended. @returns whether to start it again */
  stopped(): boolean;
  /** Whether it has ended too often lately. */
  isExhausted(): boolean;
  /** A person has decided to try again. */
  forgive(): void;
}

/** @param now for tests (ms) */
export function createRestarts(now: () => number = Date.now): Restarts {
  let stops: number[] = [];
  const recent = (): number[] => stops.filter((time) => now() - time < patience.within);
  return {
    stopped: () => {
      stops = [...recent(), now()];
      return stops.length < patience.stops;
    },
    isExhausted: () => recent().length >= patience.stops,
    forgive: () => {
      stops = [];
    },
  };
}
