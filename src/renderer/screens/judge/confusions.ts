import type { Confusion } from '../../../contract/metrics.ts';

/** How many shades a cell of the matrix can have; 0 is for none. */
const shades = 5;

/** The shade of a cell, 0 (none) to 5 (all photos of its row); every photo can be seen, however many there are. */
export function shadeOf(value: number, total: number): number {
  return value === 0 || total === 0 ? 0 : Math.max(1, Math.round((shades * value) / total));
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Where a key leads from a cell of a square matrix; undefined where it leads nowhere. */
export function moveInMatrix(
  [row, column]: readonly [number, number],
  key: string,
  size: number,
): readonly [number, number] | undefined {
  if (key === 'Home') return [row, 0];
  if (key === 'End') return [row, size - 1];
  const step = steps[key];
  if (step === undefined) return undefined;
  const next = [row + step[0], column + step[1]] as const;
  return next.every((at) => at >= 0 && at < size) ? next : undefined;
}

/** A class that is taken for another. */
export interface Mistaken {
  readonly truth: string;
  readonly predicted: string;
  /** So many photos, of so many of that class. */
  readonly count: number;
  readonly of: number;
}

/** The pairs of classes that are confused most often, by number of photos, then by their share. */
export function mostConfused({ classes, matrix }: Confusion, most: number): Mistaken[] {
  const pairs = classes.flatMap((truth, row): Mistaken[] => {
    const numbers = matrix[row] ?? [];
    const of = numbers.reduce((sum, value) => sum + value, 0);
    return classes.flatMap((predicted, column) => {
      const count = numbers[column] ?? 0;
      return row === column || count === 0 ? [] : [{ truth, predicted, count, of }];
    });
  });
  return pairs.toSorted((a, b) => b.count - a.count || b.count / b.of - a.count / a.of).slice(0, most);
}
