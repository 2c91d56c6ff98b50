import type { TestResult } from './protocol.ts';
import { skipOf, skips } from './skips.ts';

/** More of the suite than this may not be skipped, whatever the reasons. */
export const MOST_SKIPPED = 0.1;

export interface Verdict {
  ok: boolean;
  /** "N passed, N failed, N skipped" */
  line: string;
  passed: number;
  failed: TestResult[];
  skipped: number;
  /** How many tests each group of skips took, by the group's name. */
  groups: Record<string, number>;
  /** What is wrong with the list of skips itself. */
  complaints: string[];
}

export interface Run {
  backend: string;
  /** The whole suite was run: only then can the list of skips be judged. */
  whole: boolean;
}

/** Counts the results and says what is wrong, tests and list of skips alike. */
export function judge(results: readonly TestResult[], { backend, whole }: Run): Verdict {
  const skipped = results.filter(({ status, skip }) => status !== 'excluded' && skip !== undefined);
  const ran = results.filter(({ status, skip }) => status !== 'excluded' && skip === undefined);
  const passed = ran.filter(({ status }) => status === 'passed');
  // What was not run although no list says so has not passed.
  const failed = ran.filter(({ status }) => status !== 'passed');
  const groups: Record<string, number> = {};
  for (const { skip } of skipped) if (skip !== undefined) groups[skip] = (groups[skip] ?? 0) + 1;

  const complaints = skipped
    .filter(({ status }) => status === 'passed')
    .map(({ name, file }) => `is on the list of skips, but passes: ${name} (${file})`);
  if (whole) {
    const used = new Set(skipped.map((test) => lineOf(test, backend)));
    for (const { name, backends, tests } of skips)
      for (const [line, { file, named }] of tests.entries())
        if ((backends?.includes(backend) ?? true) && !used.has(`${name} ${line}`))
          complaints.push(`the skip ${file} ${named ?? ''} of "${name}" matches no test`);
    const share = skipped.length / Math.max(1, ran.length + skipped.length);
    if (share > MOST_SKIPPED)
      complaints.push(`${percent(share)} of the suite is skipped, at most ${percent(MOST_SKIPPED)} may be`);
  }
  return {
    ok: complaints.length === 0 && failed.length === 0,
    line: `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
    passed: passed.length,
    failed,
    skipped: skipped.length,
    groups,
    complaints,
  };
}

/** The outcome for a person: failures, kernels run elsewhere, skips by group, complaints. */
export function listed(verdict: Verdict, fallbacks: Readonly<Record<string, number>>): string {
  const { failed, groups, complaints, passed, skipped } = verdict;
  const lines = failed.flatMap(({ file, name, messages }) => [
    `FAILED ${name} (${file})`,
    ...messages
      .slice(0, 2)
      .flatMap((message) => message.split('\n').slice(0, 4))
      .map((line) => `    ${line}`),
  ]);
  const elsewhere = Object.entries(fallbacks).sort(([, a], [, b]) => b - a);
  if (elsewhere.length > 0)
    lines.push(`Run by the fallback: ${elsewhere.map(([kernel, n]) => `${kernel} ${n}`).join(', ')}`);
  const total = passed + failed.length + skipped;
  if (skipped > 0) lines.push(`Skipped: ${percent(skipped / total)} of ${total} tests`);
  for (const [name, n] of Object.entries(groups)) {
    const reason = skips.find((group) => group.name === name)?.reason;
    lines.push(`    ${n} ${name}${reason === undefined ? '' : `: ${reason}`}`);
  }
  lines.push(...complaints.map((complaint) => `WRONG ${complaint}`));
  return lines.join('\n');
}

/** The line of the list that skips a test, as one string. */
const lineOf = (test: TestResult, backend: string): string => {
  const skip = skipOf(test, backend);
  return skip ? `${skip.group} ${skip.line}` : '';
};

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
