import { describe, expect, test } from 'vitest';
import {
  dragBy,
  lassoed,
  photoAt,
  pixelOf,
  seen,
  wholeMap,
  zoomBy,
} from '../../../src/renderer/screens/explore/map-view.ts';
import { noExplore, reduceExplore } from '../../../src/renderer/state/explore.ts';
import { noLabel, reduceLabel } from '../../../src/renderer/state/label.ts';
import { explorationOf } from '../fake/explore.ts';
import { leafProject, leaves } from '../fake/world.ts';

const size = { width: 432, height: 332 }; // a map of 300 pixels
const places = [0, 0, 0.5, 0.5, 1, 1];

describe('the map', () => {
  test('the whole of it lies in the middle', () => {
    expect(pixelOf(wholeMap, size, 0, 0)).toEqual({ x: 66, y: 16 });
    expect(pixelOf(wholeMap, size, 1, 1)).toEqual({ x: 366, y: 316 });
    expect(seen(places, wholeMap, size)).toEqual([0, 1, 2]);
  });

  test('what is under the pointer stays there while zooming; zoomed out, the map is whole again', () => {
    const at = { x: 216, y: 100 };
    const near = zoomBy(wholeMap, 2, at, size);
    const under = (at.y - 166) / 300 + 0.5;
    expect(pixelOf(near, size, 0.5, under).y).toBeCloseTo(100, 6);
    expect(seen(places, near, size)).toEqual([1]);
    expect(zoomBy(near, 1 / 100, at, size)).toEqual(wholeMap);
  });

  test('dragging moves what is near, and never out of sight', () => {
    const near = zoomBy(wholeMap, 10, { x: 216, y: 166 }, size);
    const moved = dragBy(near, { x: 30, y: -60 }, size);
    expect(pixelOf(moved, size, 0.5, 0.5).x).toBeCloseTo(246, 6);
    expect(pixelOf(moved, size, 0.5, 0.5).y).toBeCloseTo(106, 6);
    expect(dragBy(near, { x: 1e6, y: 0 }, size).x).toBe(0);
  });

  test('the photo at a point, and the photos in a line', () => {
    expect(photoAt(places, wholeMap, size, { x: 220, y: 170 })).toBe(1);
    expect(photoAt(places, wholeMap, size, { x: 300, y: 20 })).toBeUndefined();
    const round = [
      { x: 40, y: 0 },
      { x: 260, y: 0 },
      { x: 260, y: 200 },
      { x: 40, y: 200 },
    ];
    expect(lassoed(places, wholeMap, size, round)).toEqual([0, 1]);
    // Bent inwards: the middle is outside.
    const bent = [...round.slice(0, 2), { x: 150, y: 100 }, ...round.slice(2)];
    expect(lassoed([0.5, 0.35], wholeMap, size, bent)).toEqual([]);
    expect(lassoed(places, wholeMap, size, round.slice(0, 2))).toEqual([]);
  });
});

describe('what was found', () => {
  const found = explorationOf(leafProject(leaves, 'Leaves', 9), 'job-000001');
  const error = { code: 'failed', message: 'No.' } as const;

  test('stays while it is fetched again and when that fails; another project begins anew', () => {
    const there = [
      { type: 'explore/loading', project: leaves } as const,
      { type: 'explore/found', project: leaves, found } as const,
    ].reduce(reduceExplore, noExplore);
    expect(there.found).toEqual({ status: 'ready', value: found });
    const again = reduceExplore(there, { type: 'explore/loading', project: leaves });
    expect(reduceExplore(again, { type: 'explore/failed', project: leaves, error }).found).toEqual(
      there.found,
    );
    const other = reduceExplore(there, { type: 'explore/loading', project: '00000000000000b2' });
    expect(other.found).toEqual({ status: 'loading' });
    expect(reduceExplore(other, { type: 'explore/found', project: leaves, found })).toBe(other);
  });

  test('"Label these next" shows what has no label, the most telling first', () => {
    const next = new Map([['a', 1]]);
    const state = reduceLabel({ ...noLabel, project: leaves }, { type: 'label/next', project: leaves, next });
    expect(state).toMatchObject({
      filter: { kind: 'unlabeled' },
      sort: { by: 'next', descending: true },
      next,
    });
  });
});
