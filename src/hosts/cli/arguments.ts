import { InvalidArgumentError } from 'commander';

/** A whole number of at least `least`. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(
        least > Number.MIN_SAFE_INTEGER
          ? `Give a whole number of at least ${least}.`
          : 'Give a whole number.',
      );
    return value;
  };
}

/** A number of 0 or more. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Give a number of 0 or more.');
  return value;
}

/** A number from 0 to below 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1))
    throw new InvalidArgumentError('Give a part of the whole, such as 0.2.');
  return value;
}

/** Whole numbers behind a prefix, such as `mlp:256,128`. */
export function list(text: string, prefix: RegExp, example: string, most: number): number[] {
  const numbers = text.replace(prefix, '').split(',').map(Number);
  if (!prefix.test(text) || numbers.some((n) => !Number.isInteger(n) || n < 1 || n > most))
    throw new InvalidArgumentError(`Give ${example}.`);
  return numbers;
}
