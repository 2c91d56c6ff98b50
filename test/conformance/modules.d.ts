/** tfjs-core's test modules by path, listed by scripts/conformance.mjs when it bundles. */
declare module 'conformance:tests' {
  export const tests: Record<string, () => Promise<unknown>>;
}

/** The little of Jasmine that the harness itself uses; the tests find the rest among the globals. */
declare module 'jasmine-core' {
  export interface Spec {
    id: string;
    getFullName(): string;
  }
  export interface Suite {
    children: readonly (Spec | Suite)[];
    getFullName(): string;
  }
  export interface SpecResult {
    id: string;
    fullName: string;
    status: 'passed' | 'failed' | 'pending' | 'excluded';
    failedExpectations: { message: string; stack?: string }[];
    duration: number | null;
  }
  export interface SuiteResult {
    fullName?: string;
    failedExpectations: { message: string; stack?: string }[];
  }
  export interface Reporter {
    specStarted?(spec: SpecResult): void;
    specDone?(spec: SpecResult): void;
    suiteDone?(suite: SuiteResult): void;
    jasmineDone?(run: SuiteResult): void;
  }
  export interface Env {
    configure(options: { random: boolean; specFilter(spec: Spec): boolean }): void;
    addReporter(reporter: Reporter): void;
    topSuite(): Suite;
    afterEach(action: () => void): void;
    execute(): Promise<unknown>;
  }
  const jasmineRequire: {
    boot(): { getEnv(): Env; DEFAULT_TIMEOUT_INTERVAL: number };
  };
  export default jasmineRequire;
}
