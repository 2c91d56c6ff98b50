/** Where the keyboard goes in a grid that is read row by row. */
export type GridMove = 'left' | 'right' | 'up' | 'down' | 'first' | 'last' | 'page-up' | 'page-down';

interface GridShape {
  readonly columns: number;
  readonly count: number;
  /** Rows that fit on the screen. */
  readonly page: number;
}

/** The position after a move; the ends stop it. */
export function moveFocus(at: number, move: GridMove, { columns, count, page }: GridShape): number {
  const last = count - 1;
  switch (move) {
    case 'left':
      return Math.max(0, at - 1);
    case 'right':
      return Math.min(last, at + 1);
    case 'up':
      return at < columns ? at : at - columns;
    case 'down':
      // From the last full row to the end of a shorter one below it.
      if (at + columns <= last) return at + columns;
      return Math.floor(at / columns) < Math.floor(last / columns) ? last : at;
    case 'first':
      return 0;
    case 'last':
      return last;
    case 'page-up':
      return Math.max(at % columns, at - columns * page);
    case 'page-down':
      return Math.min(last, at + columns * page);
    default:
      return move satisfies never;
  }
}

/** How many tiles of about `size` pixels fit into a width, at least one. */
export function columnsFor(width: number, size: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (size + gap)));
}
