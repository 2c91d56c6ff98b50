import type { Sampling } from '../../contract/train.ts';
import type { Random } from '../data/random.ts';
import { shuffled } from '../data/random.ts';
import type { Known } from './targets.ts';

/** Numbers to predict are balanced over so many ranges of equal width. */
const ranges = 10;

/**
 * The rows that an epoch goes through, in order.
 *
 * `shuffle`: each once. `balanced`: as many rows, but every kind of photo equally often (class; label; range of the
 * number): rare ones come again, of frequent ones some are left out. Within a kind no photo comes again before all of
 * it were seen.
 *
 * @param outputs answers of the head a row
 * @param random of this epoch alone, so that a resumed run needs no generator state
 */
export function epochOrder(
  sampling: Sampling,
  known: Known,
  rows: number,
  outputs: number,
  random: Random,
): number[] {
  if (sampling === 'shuffle') return shuffled(Array(rows).keys(), random);
  const kinds = kindsOf(known, rows, outputs);
  const piles = kinds.map((): number[] => []);
  const order: number[] = [];
  let turn: number[] = [];
  while (order.length < rows) {
    if (turn.length === 0) turn = shuffled(kinds.keys(), random);
    const kind = turn.pop() ?? 0;
    let pile = piles[kind] ?? [];
    if (pile.length === 0) piles[kind] = pile = shuffled(kinds[kind] ?? [], random);
    const row = pile.pop();
    if (row !== undefined) order.push(row);
  }
  return order;
}

/** Rows of each kind that there is; with several labels a photo, a row is of each of its labels, or of none. */
function kindsOf({ labels, targets }: Known, rows: number, outputs: number): number[][] {
  const kinds = new Map<number, number[]>();
  const add = (kind: number, row: number): void => {
    const own = kinds.get(kind);
    if (own === undefined) kinds.set(kind, [row]);
    else own.push(row);
  };
  const [low, high] = targets === undefined || outputs > 1 ? [0, 0] : rangeOf(targets);
  for (let row = 0; row < rows; row++) {
    if (targets === undefined) add(labels[row] as number, row);
    else if (outputs === 1 && high > low) {
      const place = ((targets[row] as number) - low) / (high - low);
      add(Math.min(ranges - 1, Math.floor(place * ranges)), row);
    } else {
      let none = true;
      for (let output = 0; output < outputs; output++) {
        if ((targets[row * outputs + output] as number) < 0.5) continue;
        none = false;
        add(output, row);
      }
      if (none) add(-1, row);
    }
  }
  return [...kinds].sort(([a], [b]) => a - b).map(([, own]) => own);
}

function rangeOf(values: Float32Array): [low: number, high: number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Infinity,
    -Infinity,
  ] as [number, number]);
}
