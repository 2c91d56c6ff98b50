import { paletteSize } from '../../contract/project.ts';

/** The colour that fewest have, the first of those. */
export function freeColor(taken: Iterable<number>): number {
  const uses = Array.from({ length: paletteSize }, () => 0);
  for (const color of taken) uses[color] = (uses[color] ?? 0) + 1;
  return uses.indexOf(Math.min(...uses));
}

/** The colour of every class: its own, or for those that were never given one what is left, in their order. */
export function classColors(
  names: readonly string[],
  colors: Readonly<Record<string, number>> = {},
): Map<string, number> {
  const given = new Map(Object.entries(colors));
  const result = new Map<string, number>();
  for (const name of names) {
    const color = given.get(name);
    if (color !== undefined) result.set(name, color);
  }
  for (const name of names) if (!result.has(name)) result.set(name, freeColor(result.values()));
  return result;
}
