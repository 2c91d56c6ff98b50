/** What the backend has done since it was made or since its counters were last reset. */
export interface Stats {
  /** Graphs compiled, and found compiled. */
  readonly compiles: number;
  readonly cacheHits: number;
  readonly runs: number;
  /** Operations run, in all graphs together. */
  readonly nodes: number;
  /** Kernels that ran on tfjs-backend-cpu instead. */
  readonly fallbacks: number;
  /** Milliseconds in kernels adding to the graph; scheduling and hashing; compiling; running. */
  readonly tracingMs: number;
  readonly hashingMs: number;
  readonly compileMs: number;
  readonly runMs: number;
  /** Compiled sessions held now, and about how much memory they keep. */
  readonly sessions: number;
  readonly sessionBytes: number;
}

export interface Counters {
  compiles: number;
  cacheHits: number;
  runs: number;
  runNodes: number;
  tracingMs: number;
  hashingMs: number;
  compileMs: number;
  runMs: number;
  /** Times each kernel fell back. */
  readonly fallbacks: Map<string, number>;
}

export const newCounters = (): Counters => ({
  compiles: 0,
  cacheHits: 0,
  runs: 0,
  runNodes: 0,
  tracingMs: 0,
  hashingMs: 0,
  compileMs: 0,
  runMs: 0,
  fallbacks: new Map(),
});
