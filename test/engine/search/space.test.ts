import { describe, expect, it } from 'vitest';
import { searchSpaceSchema } from '../../../src/contract/search.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { keyOf, pointOf, randomUnit, sizeOf, snap, unitOf } from '../../../src/engine/search/space.ts';

const space = searchSpaceSchema.parse({
  parameters: [
    { type: 'float', name: 'rate', low: 1e-4, high: 1, scale: 'log' },
    { type: 'int', name: 'size', low: 1, high: 4 },
    { type: 'choice', name: 'kind', choices: ['a', 'b', null] },
    { type: 'choice', name: 'widths', choices: [[], [64]], when: { parameter: 'kind', is: ['b'] } },
  ],
});

describe('a space of settings', () => {
  it('has the middle of a log scale at its geometric mean, and whole numbers with equal shares', () => {
    expect(pointOf(space, [0.5, 0.1, 0, 0]).rate).toBeCloseTo(1e-2);
    const random = seededRandom(1);
    const sizes = Array.from({ length: 4000 }, () => Number(pointOf(space, randomUnit(space, random)).size));
    for (const size of [1, 2, 3, 4])
      expect(Math.abs(sizes.filter((one) => one === size).length - 1000)).toBeLessThan(120);
  });

  it('leaves out what does not count', () => {
    expect(pointOf(space, [0, 0, 0, 0.9])).toEqual({ rate: 1e-4, size: 1, kind: 'a' });
    expect(pointOf(space, [0, 0, 0.5, 0.9])).toEqual({ rate: 1e-4, size: 1, kind: 'b', widths: [64] });
    expect(unitOf(space, { rate: 1, size: 4, kind: 'a', widths: [64] })[3]).toBe(0.5);
  });

  it('goes to a point and back', () => {
    const random = seededRandom(2);
    for (let i = 0; i < 200; i += 1) {
      const unit = randomUnit(space, random);
      const point = pointOf(space, unit);
      const again = pointOf(space, unitOf(space, point));
      expect({ ...again, rate: 0 }).toEqual({ ...point, rate: 0 });
      expect(Number(again.rate)).toBeCloseTo(Number(point.rate), 12);
      expect(Array.from(snap(space, unit))).toEqual(Array.from(unitOf(space, point)));
    }
  });

  it('knows its size and names its points', () => {
    expect(sizeOf(space)).toBe(Infinity);
    const finite = searchSpaceSchema.parse({ parameters: space.parameters.slice(1) });
    expect(sizeOf(finite)).toBe(4 * (2 + 2));
    expect(keyOf(space, { kind: 'a', rate: 1, size: 2 })).toBe(keyOf(space, { size: 2, rate: 1, kind: 'a' }));
    expect(keyOf(space, { kind: null })).not.toBe(keyOf(space, {}));
  });

  it.each([
    [
      'a range the wrong way round',
      [{ type: 'float', name: 'x', low: 1, high: 0 }],
      'low must be below high',
    ],
    ['a log scale from zero', [{ type: 'float', name: 'x', low: 0, high: 1, scale: 'log' }], 'above 0'],
    [
      'a name twice',
      [
        { type: 'int', name: 'x', low: 0, high: 1 },
        { type: 'int', name: 'x', low: 0, high: 1 },
      ],
      'twice',
    ],
    [
      'a condition on nothing',
      [{ type: 'int', name: 'x', low: 0, high: 1, when: { parameter: 'y', is: [1] } }],
      'no choice before it',
    ],
    [
      'a condition that never holds',
      [
        { type: 'choice', name: 'y', choices: [1, 2] },
        { type: 'int', name: 'x', low: 0, high: 1, when: { parameter: 'y', is: [3] } },
      ],
      'never has',
    ],
  ])('refuses %s', (_what, parameters, message) => {
    expect(() => searchSpaceSchema.parse({ parameters })).toThrow(message);
  });
});
