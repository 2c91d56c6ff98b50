/** What the parent asks of one child process: some test modules, on one backend. */
export interface Job {
  backend: string;
  /** Test modules of tfjs-core, as its dist/tests.js names them ("ops/add_test"). */
  files: string[];
  /** Only tests whose name contains this; empty runs all. */
  filter: string;
  /** Run what is on the list of skips, too. */
  runSkipped: boolean;
  /** Keys of tests that a former child of this job has already answered for. */
  done: string[];
}

/** One test of the suite, wherever it is reported. */
export interface TestName {
  /** Module and running number in it: names are not unique in the suite. */
  key: string;
  file: string;
  /** Full name without the test environment's own name. */
  name: string;
}

export type Status = 'passed' | 'failed' | 'skipped' | 'excluded';

export interface TestResult extends TestName {
  status: Status;
  ms: number;
  /** Why it failed, one line or more each. */
  messages: string[];
  /** The group of skips.ts it belongs to (run or not), or that TensorFlow.js itself leaves it out. */
  skip?: string;
}

export type Message =
  | { type: 'started'; test: TestName }
  | { type: 'done'; result: TestResult }
  /** Something outside any test failed: a module that does not load, a hook of a suite. */
  | { type: 'broken'; file: string; name: string; messages: string[] }
  | { type: 'finished'; fallbacks: Record<string, number> };
