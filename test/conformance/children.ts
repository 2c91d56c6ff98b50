import { fork } from 'node:child_process';
import type { Job, Message, TestName, TestResult } from './protocol.ts';

/** After so many crashes the rest of a job's modules are given up. */
const CRASHES = 12;

export interface Limits {
  /** Time in milliseconds since the epoch at which whatever runs is ended. */
  deadline: number;
  /** A child that says nothing for so many milliseconds hangs. */
  silence: number;
}

export interface JobReport {
  results: TestResult[];
  fallbacks: Record<string, number>;
}

/**
 * Runs one job in a child process. A child that crashes or hangs fails the test it was at and is
 * replaced by one that goes on after it.
 *
 * @param worker path of the bundled worker.ts
 * @param job modules to run
 */
export async function runJob(worker: string, job: Job, limits: Limits): Promise<JobReport> {
  const results: TestResult[] = [];
  const fallbacks: Record<string, number> = {};
  for (let crashes = 0; ; crashes++) {
    const done = results.map(({ key }) => key);
    const child = await runChild(worker, { ...job, done }, limits);
    results.push(...child.results);
    for (const [kernel, count] of Object.entries(child.fallbacks))
      fallbacks[kernel] = (fallbacks[kernel] ?? 0) + count;
    if (child.end === 'finished') break;
    // A child that dies outside any test would do so again.
    const late = Date.now() >= limits.deadline;
    if (child.at) results.push(failure(child.at, [child.end]));
    if (!child.at || late || crashes >= CRASHES) {
      const file = job.files.join(', ');
      const name = 'the rest of these modules was not run';
      results.push(failure({ key: `${job.files[0]}#rest`, file, name }, [child.end]));
      break;
    }
  }
  return { results, fallbacks };
}

const failure = (test: TestName, messages: string[]): TestResult => ({
  ...test,
  status: 'failed',
  ms: 0,
  messages,
});

interface ChildEnd extends JobReport {
  /** The test it was at when it ended too early. */
  at: TestName | undefined;
  /** "finished", or how it ended instead. */
  end: string;
}

function runChild(worker: string, job: Job, { deadline, silence }: Limits): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const results: TestResult[] = [];
    let fallbacks: Record<string, number> = {};
    let at: TestName | undefined;
    let end = '';
    let errors = '';
    let heard = Date.now();
    const child = fork(worker, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    const watch = setInterval(() => {
      if (Date.now() - heard > silence) end = `hung: silent for ${silence / 1000} s`;
      else if (Date.now() >= deadline) end = 'the time for the whole run is over';
      else return;
      child.kill('SIGKILL');
    }, 250);
    child.on('message', (message: Message) => {
      heard = Date.now();
      if (message.type === 'started') at = message.test;
      else if (message.type === 'done') {
        results.push(message.result);
        if (message.result.key === at?.key) at = undefined;
      } else if (message.type === 'broken') {
        const { file, name, messages } = message;
        results.push(failure({ key: `${file}#${name}`, file, name: `(${name})` }, messages));
      } else {
        end = 'finished';
        fallbacks = message.fallbacks;
      }
    });
    child.on('close', (code, signal) => {
      clearInterval(watch);
      end ||= `the process ended with ${signal ?? `code ${code}`}\n${errors}`.trim();
      resolve({ results, fallbacks, at, end });
    });
    child.send(job);
  });
}

/**
 * Runs jobs side by side.
 *
 * @param jobs in order of start
 * @param width how many at a time
 * @param run runs one
 */
export async function inParallel<J, R>(
  jobs: readonly J[],
  width: number,
  run: (job: J) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const job = jobs[index];
      if (job === undefined) return;
      answers[index] = await run(job);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers;
}
