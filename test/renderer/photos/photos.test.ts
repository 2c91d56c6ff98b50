import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsFor, moveFocus, type GridMove } from '../../../src/renderer/components/photos/grid-moves.ts';
import { heat, whereIs } from '../../../src/renderer/components/photos/heatmap-overlay.tsx';

const moves: GridMove[] = ['left', 'right', 'up', 'down', 'first', 'last', 'page-up', 'page-down'];

describe('moving through a grid', () => {
  it.each([
    ['right', 0, 1],
    ['left', 0, 0],
    ['down', 1, 5],
    ['up', 1, 1],
    ['up', 6, 2],
    // Ten photos in rows of four: the last row has two.
    ['down', 7, 9],
    ['down', 8, 8],
    ['right', 9, 9],
    ['first', 7, 0],
    ['last', 1, 9],
    ['page-down', 1, 9],
    ['page-up', 9, 1],
  ] as const)('%s from %i comes to %i', (move, at, to) => {
    expect(moveFocus(at, move, { columns: 4, count: 10, page: 2 })).toBe(to);
  });

  it('never leaves the grid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(),
        fc.constantFrom(...moves),
        fc.integer({ min: 1, max: 9 }),
        (columns, count, start, move, page) => {
          const to = moveFocus(start % count, move, { columns, count, page });
          expect(to).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThan(count);
        },
      ),
    );
  });

  it('fits as many columns as there is room for, at least one', () => {
    expect([columnsFor(0, 100, 6), columnsFor(205, 100, 6), columnsFor(206, 100, 6)]).toEqual([1, 1, 2]);
  });
});

describe('a heatmap', () => {
  it('gets brighter all the way', () => {
    const brightness = Array.from({ length: 101 }, (_, at) => {
      const [red, green, blue] = heat(at / 100);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    for (const [at, value] of brightness.entries())
      expect(value).toBeGreaterThanOrEqual(brightness[at - 1] ?? 0);
  });

  it('says in words where it is strongest', () => {
    const map = (values: number[]) =>
      whereIs({
        class: 'ant',
        probability: 1,
        method: 'grad-cam',
        rows: 3,
        columns: 3,
        values,
        window: { x: 0, y: 0, width: 1, height: 1 },
      });
    expect(map([0, 0, 1, 0, 0, 0, 0, 0, 0])).toBe('most at the top right');
    expect(map([0, 0, 0, 0, 1, 0, 0, 0, 0])).toBe('most at the centre');
    expect(map([0, 0, 0, 0, 0, 0, 0, 0, 0])).toBe('nowhere in particular');
  });
});
