import { seededRandom } from '../../../src/engine/data/random.ts';
import type { Points } from '../../../src/engine/explore/points.ts';

/** Points round a middle per kind, row by row of kind 0, 1, ...; middles lie some `apart` from each other. */
export function clouds(rows: number, columns: number, kinds: number, apart: number, seed = 1): Points {
  const random = seededRandom(seed);
  const middles = Float32Array.from({ length: kinds * columns }, () => apart * random.normal());
  const data = Float32Array.from({ length: rows * columns }, (_, at) => {
    const kind = Math.floor(at / columns) % kinds;
    return (middles[kind * columns + (at % columns)] as number) + random.normal();
  });
  return { rows, columns, data };
}

/** Whether two photos of one kind are always in one group, and of two kinds never. */
export function isPartition(assignment: Int32Array, kinds: number): boolean {
  return (
    [...assignment.keys()].every((row) => assignment[row] === assignment[row % kinds]) &&
    new Set(assignment).size === kinds
  );
}
