import { describe, expect, it } from 'vitest';
import { searchSpaceSchema } from '../../../src/contract/search.ts';
import { bayesSearch } from '../../../src/engine/search/bayes.ts';
import { chooseMethod, samplerOf } from '../../../src/engine/search/choose-method.ts';
import { gridPoints, gridSearch } from '../../../src/engine/search/grid-search.ts';
import { brackets, hyperband, trialsOf } from '../../../src/engine/search/hyperband.ts';
import { importanceOf } from '../../../src/engine/search/importance.ts';
import { randomPoint, randomSearch } from '../../../src/engine/search/random-search.ts';
import type { Sampled, Sampler } from '../../../src/engine/search/sampler.ts';
import { branin, lowestAfter, miss } from './known-functions.ts';

const space = searchSpaceSchema.parse({
  parameters: [
    { type: 'float', name: 'x', low: 0, high: 1 },
    { type: 'choice', name: 'kind', choices: ['a', 'b'] },
    { type: 'int', name: 'n', low: 1, high: 3, when: { parameter: 'kind', is: ['b'] } },
  ],
});

function run(sampler: Sampler, trials: number, lossOf: (trial: { point: Sampled['point'] }) => number) {
  const finished: Sampled[] = [];
  while (finished.length < trials) {
    const next = sampler.next(finished, []);
    if (next === 'done' || next === 'wait') break;
    finished.push({ ...next, loss: lossOf(next) });
  }
  return finished;
}

describe('grid search', () => {
  it('tries every combination once, in an order of its seed', () => {
    const points = gridPoints(space, 20);
    expect(points.length).toBeLessThanOrEqual(20);
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(points.length);
    // Both kinds, and three whole numbers below one of them.
    expect(new Set(points.map(({ kind, n }) => JSON.stringify([kind, n]))).size).toBe(4);
    const done = run(gridSearch(space, 3, 20), 100, () => 0);
    expect(done.length).toBe(points.length);
    expect(new Set(done.map(({ point }) => JSON.stringify(point)))).toEqual(
      new Set(points.map((point) => JSON.stringify(point))),
    );
    expect(done.map(({ point }) => point)).not.toEqual(points);
  });
});

describe('random search', () => {
  it('goes on after a kill with the points it would have had', () => {
    const sampler = randomSearch(space, 5);
    const all = run(sampler, 6, () => 0).map(({ point }) => point);
    expect(all).toEqual(Array.from({ length: 6 }, (_, index) => randomPoint(space, 5, index)));
    expect(new Set(all.map((point) => JSON.stringify(point))).size).toBe(6);
  });
});

describe('Hyperband', () => {
  it('has the brackets of the paper’s table 1 for R = 81 and eta = 3', () => {
    const table = brackets(81, 3).map(({ s, rungs }) => [s, ...rungs.map((r) => [r.settings, r.resource])]);
    expect(table).toEqual([
      [4, [81, 1], [27, 3], [9, 9], [3, 27], [1, 81]],
      [3, [27, 3], [9, 9], [3, 27], [1, 81]],
      [2, [9, 9], [3, 27], [1, 81]],
      [1, [6, 27], [2, 81]],
      [0, [5, 81]],
    ]);
    expect(trialsOf(brackets(81, 3))).toBe(187);
  });

  it('trains as its plan says, and takes on the best of each rung', () => {
    const done = run(hyperband(space, 1, 9, 3), trialsOf(brackets(9, 3)), ({ point }) => Number(point.x));
    const shares = done.map(({ share }) => Math.round(share * 9));
    expect(shares).toEqual([...Array(9).fill(1), 3, 3, 3, 9, 3, 3, 3, 9, 9, 9, 9]);
    const best = done
      .slice(0, 9)
      .map(({ point }) => Number(point.x))
      .sort((a, b) => a - b);
    expect(done.slice(9, 12).map(({ point }) => Number(point.x))).toEqual(best.slice(0, 3));
    expect(done[12]?.point.x).toBe(best[0]);
  });

  it('waits for a rung that still runs, and never asks for the same twice', () => {
    const sampler = hyperband(space, 1, 9, 3);
    const running: Sampled[] = [];
    let next = sampler.next([], running);
    for (; next !== 'wait' && next !== 'done'; next = sampler.next([], running))
      running.push({ ...next, loss: null });
    expect(next).toBe('wait');
    expect(running).toHaveLength(9);
    expect(new Set(running.map(({ slot }) => slot)).size).toBe(9);
  });

  it('leaves failed trials behind', () => {
    const sampler = hyperband(space, 1, 9, 3);
    const finished: Sampled[] = [];
    for (let i = 0; i < 12; i += 1) {
      const next = sampler.next(finished, []);
      if (next === 'wait' || next === 'done') throw new Error(next);
      finished.push({ ...next, loss: i < 6 ? null : 1 });
    }
    const points = finished.map(({ point }) => JSON.stringify(point));
    expect(points.slice(9)).toEqual(points.slice(6, 9));
  });
});

describe('Bayesian search', () => {
  it('finds the lowest of Branin’s function where random search does not', () => {
    const found = lowestAfter(bayesSearch(branin.space, 0), branin, 30);
    expect(miss(branin, found)).toBeLessThan(0.05);
    expect(miss(branin, lowestAfter(randomSearch(branin.space, 0), branin, 30))).toBeGreaterThan(0.05);
  });

  it('says the same after a kill as without one, and waits for every result once it learns from them', () => {
    const lossOf = ({ point }: { point: Sampled['point'] }): number =>
      Number(point.x) + (point.kind === 'b' ? 0 : 1);
    const done = run(bayesSearch(space, 4), 12, lossOf);
    expect(run(bayesSearch(space, 4), 12, lossOf)).toEqual(done);
    const next = bayesSearch(space, 4).next(done, []);
    if (next === 'wait' || next === 'done') throw new Error(next);
    expect(bayesSearch(space, 4).next(done, [next])).toBe('wait');
    // The first ones are spread evenly, whatever comes of them.
    const first = bayesSearch(space, 4);
    const begun: Sampled[] = [];
    for (let one = first.next([], begun); one !== 'wait' && one !== 'done'; one = first.next([], begun))
      begun.push({ ...one, loss: null });
    expect(begun.map(({ point }) => point)).toEqual(done.slice(0, 8).map(({ point }) => point));
  });

  it('learns which choice is better, and lives with trials that failed', () => {
    const done = run(bayesSearch(space, 2), 20, ({ point }) =>
      point.kind === 'a' ? Number.NaN : Math.abs(Number(point.x) - 0.3),
    );
    const late = done.slice(10).filter(({ point }) => point.kind === 'b');
    expect(late.length).toBeGreaterThan(6);
    expect(Math.min(...done.map(({ loss }) => loss || Infinity))).toBeLessThan(0.05);
  });
});

describe('the method for a budget', () => {
  it.each([
    [8, 'random'],
    [40, 'bayes'],
    [500, 'hyperband'],
  ])('of %i trials is %s, with a reason', (trials, method) => {
    const chosen = chooseMethod(space, trials);
    expect(chosen.method).toBe(method);
    expect(chosen.why).toContain(`${trials} trials`);
    expect(samplerOf(chosen.method, space, 0, trials).next([], [])).toHaveProperty('point');
  });

  it('is a grid where all can be tried', () => {
    const small = searchSpaceSchema.parse({ parameters: space.parameters.slice(1) });
    expect(chooseMethod(small, 4)).toMatchObject({ method: 'grid' });
  });
});

describe('importance', () => {
  const cube = searchSpaceSchema.parse({
    parameters: ['x', 'y', 'z'].map((name) => ({ type: 'float', name, low: 0, high: 1 })),
  });

  it('is the share of the variance that each setting explains', () => {
    const trials = run(randomSearch(cube, 0), 200, ({ point }) => 3 * Number(point.x) + Number(point.y));
    const [x, y, z] = importanceOf(cube, trials).map(({ share }) => share);
    // 9 to 1, since the variance of a multiple is that of its square.
    expect(x).toBeGreaterThan(0.8);
    expect(x).toBeLessThan(0.95);
    expect(y).toBeGreaterThan(0.03);
    expect(y).toBeLessThan(0.15);
    expect(z).toBeLessThan(0.03);
  });

  it('says nothing of few trials, or of trials that are all alike', () => {
    expect(
      importanceOf(
        cube,
        run(randomSearch(cube, 0), 9, ({ point }) => Number(point.x)),
      ),
    ).toEqual([]);
    expect(
      importanceOf(
        cube,
        run(randomSearch(cube, 0), 30, () => 1),
      ),
    ).toEqual([]);
  });
});
