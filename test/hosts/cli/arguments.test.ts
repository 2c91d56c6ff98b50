import { describe, expect, test } from 'vitest';
import { amount, fraction, integer, list } from '../../../src/hosts/cli/arguments.ts';
import { bytes, count, duration, percent } from '../../../src/hosts/cli/output.ts';

describe('numbers people type', () => {
  test.each([
    ['whole', integer(1, 10), ['1', '10', ' 7 '], ['0', '11', '1.5', 'x', '', ' ', '1e99', 'NaN']],
    ['any whole', integer(Number.MIN_SAFE_INTEGER), ['-5', '0'], ['0.1', 'Infinity']],
    ['from 0', amount(0), ['0', '0.5', '1e-3', '100'], ['-1', '', 'NaN', 'Infinity', 'ten']],
    ['above 0', amount(0, { above: true, most: 10 }), ['0.001', '10'], ['0', '10.1', '-1']],
    ['a part', fraction(false), ['0.2', '0.99'], ['0', '1', '20', '', '-0.1', 'NaN']],
    ['a part or none', fraction(true), ['0', '0.2'], ['1', '-0.1']],
  ])('%s', (_, parse, good, bad) => {
    for (const text of good) expect(parse(text)).toBe(Number(text));
    for (const text of bad) expect(() => parse(text)).toThrow(/^Give a .*\.$/);
  });

  test('what is possible is said', () => {
    expect(() => integer(1, 4096)('0')).toThrow('Give a whole number from 1 to 4096.');
    expect(() => integer(3)('0')).toThrow('Give a whole number of at least 3.');
    expect(() => integer(Number.MIN_SAFE_INTEGER)('x')).toThrow('Give a whole number.');
    expect(() => amount(0)('x')).toThrow('Give a number of 0 or more.');
    expect(() => amount(0, { above: true, most: 10 })('x')).toThrow('Give a number above 0, at most 10.');
  });

  test('lists behind a word', () => {
    const parse = (text: string): number[] => list(text, /^mlp:/, 'linear or mlp:256,128', 512);
    expect(parse('mlp:256,128')).toEqual([256, 128]);
    for (const text of ['256', 'mlp:', 'mlp:0', 'mlp:1.5', 'mlp:513', 'mlp:a', 'xmlp:3'])
      expect(() => parse(text)).toThrow('Give linear or mlp:256,128.');
  });
});

describe('figures people read', () => {
  test.each([
    [bytes(0), '0 bytes'],
    [bytes(999), '999 bytes'],
    [bytes(1000), '1.0 kB'],
    [bytes(14_000_000), '14 MB'],
    [bytes(5e12), '5000 GB'],
    [duration(0.04), '0.0 s'],
    [duration(9.96), '10 s'],
    [duration(59.7), '1 min 0 s'],
    [duration(125), '2 min 5 s'],
    [percent(0.9349), '93.5%'],
    [percent(null), 'not known'],
    [count(1, 'photo'), '1 photo'],
    [count(12_345, 'photo'), '12,345 photos'],
    [count(2, 'class', 'classes'), '2 classes'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});
