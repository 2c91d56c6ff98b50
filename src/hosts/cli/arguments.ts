import { InvalidArgumentError } from 'commander';

/** A whole number from `least` to `most`. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const [from, to] = [least > Number.MIN_SAFE_INTEGER, most < Number.MAX_SAFE_INTEGER];
  const range = from && to ? ` from ${least} to ${most}` : from ? ` of at least ${least}` : '';
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number${range}.`);
    return value;
  };
}

/** A number of `least` or more (or, with `above`, more than that) up to `most`. */
export function amount(
  least: number,
  { above = false, most = Infinity }: { above?: boolean; most?: number } = {},
): (text: string) => number {
  const range = `${above ? `above ${least}` : `of ${least} or more`}${most < Infinity ? `, at most ${most}` : ''}`;
  return (text) => {
    const value = Number(text);
    const enough = above ? value > least : value >= least;
    if (text.trim() === '' || !Number.isFinite(value) || !enough || value > most)
      throw new InvalidArgumentError(`Give a number ${range}.`);
    return value;
  };
}

/** A number below 1 and above 0, or with `zero` also that. */
export function fraction(zero: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value < 1) || !(zero ? value >= 0 : value > 0))
      throw new InvalidArgumentError(
        `Give a part of the whole ${zero ? 'from 0 to below 1' : 'between 0 and 1'}, such as 0.2.`,
      );
    return value;
  };
}

/** Whole numbers behind a prefix, such as `mlp:256,128`. */
export function list(text: string, prefix: RegExp, example: string, most: number): number[] {
  const numbers = text.replace(prefix, '').split(',').map(Number);
  if (!prefix.test(text) || numbers.some((n) => !Number.isInteger(n) || n < 1 || n > most))
    throw new InvalidArgumentError(`Give ${example}.`);
  return numbers;
}
