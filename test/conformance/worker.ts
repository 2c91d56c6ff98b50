// One child process of the conformance run: loads the test modules it was given, runs them under
// Jasmine on one backend, and reports every test as it starts and as it ends.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { tests } from 'conformance:tests';
import jasmineRequire, { type Spec, type SpecResult, type Suite } from 'jasmine-core';
import { findBackend, getBackend } from '@tensorflow/tfjs-core';
import { backends, type BackendUnderTest } from './backends.ts';
import type { Job, Message, TestName, TestResult } from './protocol.ts';
import { skipOf } from './skips.ts';

/** A single test that takes longer has failed (the slowest on tfjs-backend-cpu needs 3 s). */
const TEST_TIMEOUT_MS = 20_000;

const send = (message: Message): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });

const messagesOf = (failures: SpecResult['failedExpectations']): string[] =>
  failures.map(({ message, stack }) => {
    const at = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
    return [message, ...at.slice(0, 4)].join('\n');
  });

async function run(job: Job): Promise<void> {
  const backend = backends[job.backend];
  if (!backend) throw new Error(`no backend "${job.backend}": ${Object.keys(backends).join(', ')}`);

  const jasmine = jasmineRequire.boot();
  jasmine.DEFAULT_TIMEOUT_INTERVAL = TEST_TIMEOUT_MS;
  const env = jasmine.getEnv();
  // Importing the backend or registering it must not run tests, and tests must find it registered.
  backend.register();
  setTestEnvs([{ name: backend.name, backendName: backend.name, isDataSync: true }]);
  const ownName = new RegExp(` ${backend.name} \\{\\}`, 'g');

  const names = new Map<string, TestName>();
  for (const file of job.files) {
    const before = env.topSuite().children.length;
    try {
      await tests[file]?.();
    } catch (error) {
      await send({ type: 'broken', file, name: 'load', messages: [String(error)] });
    }
    const specs = env.topSuite().children.slice(before).flatMap(specsOf);
    for (const [index, spec] of specs.entries()) {
      const name = spec.getFullName().replace(ownName, '');
      names.set(spec.id, { key: `${file}#${index}`, file, name });
    }
  }

  const done = new Set(job.done);
  const wanted = (spec: Spec): boolean => {
    const test = names.get(spec.id);
    if (!test || done.has(test.key) || !test.name.includes(job.filter)) return false;
    return job.runSkipped || skipOf(test, job.backend) === undefined;
  };
  env.configure({ random: false, specFilter: wanted });

  let file = job.files[0] ?? '';
  env.addReporter({
    specStarted({ id }) {
      const test = names.get(id);
      if (!test) return;
      file = test.file;
      void send({ type: 'started', test });
    },
    specDone({ id, status, duration, failedExpectations }) {
      const test = names.get(id);
      if (!test || done.has(test.key)) return;
      const skip = skipOf(test, job.backend)?.group ?? (status === 'pending' ? LEFT_OUT : undefined);
      const wasRun = status === 'passed' || status === 'failed';
      const result: TestResult = {
        ...test,
        status: wasRun ? status : test.name.includes(job.filter) ? 'skipped' : 'excluded',
        ms: duration ?? 0,
        messages: messagesOf(failedExpectations),
        ...(skip === undefined ? {} : { skip }),
      };
      void send({ type: 'done', result });
    },
    suiteDone({ fullName, failedExpectations }) {
      if (failedExpectations.length === 0) return;
      const messages = messagesOf(failedExpectations);
      void send({ type: 'broken', file, name: fullName?.replace(ownName, '') ?? '', messages });
    },
    jasmineDone({ failedExpectations }) {
      if (failedExpectations.length === 0) return;
      const messages = messagesOf(failedExpectations);
      void send({ type: 'broken', file, name: 'after all tests', messages });
    },
  });
  const fallbacks = new Tally(backend);
  env.afterEach(() => fallbacks.take());
  await env.execute();
  await send({ type: 'finished', fallbacks: fallbacks.counts });
}

/** Adds up a backend's list of kernels run elsewhere: each suite makes a new backend, counting from 0. */
class Tally {
  readonly counts: Record<string, number> = {};
  readonly #backend: BackendUnderTest;
  #instance: unknown;
  #last: Readonly<Record<string, number>> = {};

  constructor(backend: BackendUnderTest) {
    this.#backend = backend;
  }

  /** To be called while the backend is still in use. */
  take(): void {
    if (getBackend() !== this.#backend.name) return;
    const instance: unknown = findBackend(this.#backend.name);
    if (instance !== this.#instance) this.#last = {};
    this.#instance = instance;
    const now = this.#backend.fallbacks();
    for (const [kernel, count] of Object.entries(now))
      this.counts[kernel] = (this.counts[kernel] ?? 0) + count - (this.#last[kernel] ?? 0);
    this.#last = now;
  }
}

/** Reason of the tests that TensorFlow.js marks as left out (`xit`). */
const LEFT_OUT = 'left out by TensorFlow.js itself';

const specsOf = (node: Spec | Suite): Spec[] =>
  'children' in node ? node.children.flatMap(specsOf) : [node];

process.once('message', (job: Job) => {
  run(job)
    .catch(async (error: unknown) => {
      const messages = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
      await send({ type: 'broken', file: job.files[0] ?? '', name: 'start', messages });
      await send({ type: 'finished', fallbacks: {} });
    })
    // Backends may keep threads and handles open; what counts has been sent.
    .finally(() => process.exit(0));
});
