import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { tests } from 'conformance:tests';
import { inParallel, runJob } from './children.ts';
import { judge, listed } from './report.ts';

/** Modules a child process runs before a fresh one takes over. */
const MODULES_PER_CHILD = 12;
/** The whole run must come back within this. */
const TOTAL_MS = 10 * 60_000;
/** A child that says nothing for this long hangs: Jasmine's own limit for a test is 20 s. */
const SILENCE_MS = 45_000;

/**
 * Runs the suite and prints the outcome.
 *
 * @param args command-line arguments
 * @param worker path of the bundled worker.ts
 * @returns the exit code: 0 when every test passed and the list of skips is in order
 */
export async function main(args: string[], worker: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      backend: { type: 'string', default: 'onnxruntime' },
      filter: { type: 'string', default: '' },
      file: { type: 'string', default: '' },
      json: { type: 'string' },
      'check-skips': { type: 'boolean', default: false },
    },
  });
  const { backend, filter } = values;
  const runSkipped = values['check-skips'];
  const files = Object.keys(tests).filter((file) => file.includes(values.file));
  // Every k-th module rather than k neighbours: the slow ones (convolutions) stand side by side.
  const count = Math.ceil(files.length / MODULES_PER_CHILD);
  const jobs = Array.from({ length: count }, (_, lane) => ({
    backend,
    files: files.filter((_, index) => index % count === lane),
    filter,
    runSkipped,
    done: [],
  }));

  const started = Date.now();
  const limits = { deadline: started + TOTAL_MS, silence: SILENCE_MS };
  let answered = 0;
  const reports = await inParallel(jobs, Math.min(2, availableParallelism()), async (job) => {
    const report = await runJob(worker, job, limits);
    const failed = report.results.filter(({ status }) => status === 'failed').length;
    process.stderr.write(
      `${++answered}/${jobs.length} groups, ${Math.round((Date.now() - started) / 1000)} s` +
        `${failed > 0 ? `, ${failed} failed in ${job.files.join(' ')}` : ''}\n`,
    );
    return report;
  });
  const results = reports.flatMap((report) => report.results);
  const fallbacks: Record<string, number> = {};
  for (const report of reports)
    for (const [kernel, n] of Object.entries(report.fallbacks))
      fallbacks[kernel] = (fallbacks[kernel] ?? 0) + n;

  const whole = filter === '' && values.file === '';
  const verdict = judge(results, { backend, whole });
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ backend, ...verdict, fallbacks }, null, 1)}\n`);
  process.stdout.write(
    `${listed(verdict, fallbacks)}\n${Math.round((Date.now() - started) / 1000)} s\n${verdict.line}\n`,
  );
  return verdict.ok ? 0 : 1;
}
