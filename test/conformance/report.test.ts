import { describe, expect, it } from 'vitest';
import type { Status, TestResult } from './protocol.ts';
import { judge, listed } from './report.ts';
import { skipOf, skips } from './skips.ts';

const result = (name: string, status: Status, skip?: string): TestResult => ({
  key: name,
  file: 'ops/add_test',
  name,
  status,
  ms: 1,
  messages: status === 'failed' ? [`${name} is wrong`] : [],
  ...(skip === undefined ? {} : { skip }),
});
const many = (n: number, status: Status, skip?: string): TestResult[] =>
  Array.from({ length: n }, (_, index) => result(`${status} ${index}`, status, skip));
const part = { backend: 'cpu', whole: false };

describe('the verdict', () => {
  it('is good when everything passed', () => {
    const verdict = judge(many(3, 'passed'), part);
    expect(verdict).toMatchObject({ ok: true, line: '3 passed, 0 failed, 0 skipped' });
  });

  it('names what failed, with the reason', () => {
    const verdict = judge([...many(2, 'passed'), result('add two', 'failed')], part);
    expect(verdict).toMatchObject({ ok: false, line: '2 passed, 1 failed, 0 skipped' });
    expect(listed(verdict, { Sort: 3 })).toContain('FAILED add two (ops/add_test)');
    expect(listed(verdict, { Sort: 3 })).toContain('add two is wrong');
    expect(listed(verdict, { Sort: 3 })).toContain('Run by the fallback: Sort 3');
  });

  it('fails a test that was not run although nothing says that it is skipped', () => {
    expect(judge([result('lost', 'skipped')], part)).toMatchObject({
      ok: false,
      line: '0 passed, 1 failed, 0 skipped',
    });
  });

  it('leaves out what a filter left out', () => {
    expect(judge([...many(9, 'excluded'), ...many(1, 'passed')], part).line).toBe(
      '1 passed, 0 failed, 0 skipped',
    );
  });

  it('accepts a skipped test that fails, not one that passes', () => {
    expect(judge([result('a', 'failed', 'strings')], part)).toMatchObject({
      ok: true,
      line: '0 passed, 0 failed, 1 skipped',
    });
    const passing = judge([result('a', 'passed', 'strings')], part);
    expect(passing.ok).toBe(false);
    expect(passing.complaints).toEqual(['is on the list of skips, but passes: a (ops/add_test)']);
  });

  it('refuses to skip more than a tenth, and skips that match nothing', () => {
    const tenth = judge([...many(90, 'passed'), ...many(10, 'skipped', 'x')], {
      ...part,
      whole: true,
    });
    expect(tenth.complaints.filter((text) => text.includes('of the suite'))).toEqual([]);
    const more = judge([...many(89, 'passed'), ...many(11, 'skipped', 'x')], {
      ...part,
      whole: true,
    });
    expect(more.complaints).toContain('11.0% of the suite is skipped, at most 10.0% may be');
    // None of the made-up tests above is on the real list.
    const lines = skips.filter(({ backends }) => !backends).flatMap(({ tests }) => tests);
    expect(more.complaints.filter((text) => text.includes('matches no test'))).toHaveLength(lines.length);
    expect(judge(many(1, 'passed'), part).complaints).toEqual([]);
  });
});

describe('the list of skips', () => {
  it('has a reason for every group and takes a test by module and name', () => {
    expect(skips.filter(({ reason }) => reason.length < 20)).toEqual([]);
    const canvas = { key: 'k', file: 'ops/draw_test', name: 'draw on canvas context draw image' };
    expect(skipOf(canvas, 'cpu')?.group).toBe('browser pictures');
    expect(skipOf({ ...canvas, file: 'ops/add_test' }, 'cpu')).toBeUndefined();
  });
});
