import type { SearchSpace } from '../../contract/search.ts';
import { seededRandom } from '../data/random.ts';
import type { Random } from '../data/random.ts';
import { exhaustedBasins } from './basins.ts';
import { GaussianProcess } from './gaussian-process.ts';
import type { Distance, Shape } from './gaussian-process.ts';
import { logImprovement } from './improvement.ts';
import type { Sampled, Sampler } from './sampler.ts';
import { pointOf, snap, unitOf } from './space.ts';
import { warped, warps } from './warp.ts';
import type { Warp } from './warp.ts';

/** Trials before there is enough to learn from: spread evenly. */
const spreadTrials = 8;
/** No more trials than this are learned from (the best, and the newest): its cost grows with their cube. */
const mostLearned = 160;
/** Places that are looked at: anywhere, near the best, and how many of them are then improved in how many steps. */
const looks = { anywhere: 600, best: 5, nearBest: 40, improved: 6, steps: 120 };

/**
 * Bayesian optimization: a Gaussian process believes something about the losses of all settings, and the one with the
 * largest expected improvement is tried next. Losses are warped, and the kernel is smooth or rough, as the data make
 * most probable; a basin that was searched to its ground is left for others (see basins.ts).
 *
 * The first trials are spread evenly and may run at once; each later one waits for all before it. Going ahead without
 * the newest result was measured (60 trials, 20 seeds, the pending one taken for what the process expects of it, the
 * "kriging believer" of Ginsbourger, Le Riche & Carraro 2010): within 1% of the lowest value of Hartmann-6 came 14 of
 * the seeds instead of 17; with the best or the median loss in its place 12. So a search of this kind is hastened
 * within each trial instead, where it costs nothing.
 */
export function bayesSearch(space: SearchSpace, seed: number): Sampler {
  return {
    next(finished, running) {
      const number = finished.length + running.length;
      if (number >= spreadTrials && running.length > 0) return 'wait';
      const random = seededRandom(seed * 1_000_003 + number);
      const known = finished.filter(
        (trial) => trial.share === 1 && Number.isFinite(trial.loss ?? Number.NaN),
      );
      const point =
        number < spreadTrials || known.length < 2
          ? pointOf(space, spread(space, seed, number))
          : pointOf(space, improve(space, learned(space, finished), random));
      return { point, share: 1 };
    },
  };
}

/** Evenly spread places: Halton's sequence, shifted by the seed (Cranley & Patterson 1976). */
function spread({ parameters }: SearchSpace, seed: number, number: number): Float64Array {
  const random = seededRandom(seed * 7919 + 1);
  return Float64Array.from(parameters, (_, index) => {
    const base = primeAt(index);
    let [fraction, place] = [1, 0];
    for (let rest = number + 1; rest > 0; rest = Math.floor(rest / base)) {
      fraction /= base;
      place += fraction * (rest % base);
    }
    return (place + random.next()) % 1;
  });
}

function primeAt(index: number): number {
  let candidate = 2;
  for (let found = 0; ; candidate += 1) {
    let prime = true;
    for (let by = 2; by * by <= candidate; by += 1) if (candidate % by === 0) prime = false;
    if (prime && found === index) return candidate;
    if (prime) found += 1;
  }
}

interface Learned {
  readonly places: Float64Array[];
  readonly losses: number[];
}

/** Trials that failed count as bad as the worst. */
function learned(space: SearchSpace, finished: readonly Sampled[]): Learned {
  const whole = finished.filter(({ share }) => share === 1);
  const numbers = whole.flatMap(({ loss }) => (loss === null || !Number.isFinite(loss) ? [] : [loss]));
  const ordered = numbers.toSorted((a, b) => a - b);
  const middle = ordered[ordered.length >> 1] ?? 0;
  // One that diverged to a huge loss says no more than that it is bad.
  const most = Math.min(ordered.at(-1) ?? 0, middle + 5 * (middle - (ordered[0] ?? middle)) + 1e-12);
  const worst = Math.max(most, middle);
  const rows = whole.map(({ point, loss }) => ({ point, loss: Math.min(worst, loss ?? worst) }));
  const limit = rows
    .map((row, index) => ({ ...row, index }))
    .sort((a, b) => a.loss - b.loss)
    .filter((row, place) => place < mostLearned / 2 || row.index >= rows.length - mostLearned / 2)
    .sort((a, b) => a.index - b.index);
  return { places: limit.map(({ point }) => unitOf(space, point)), losses: limit.map(({ loss }) => loss) };
}

/** The place with the largest expected improvement that is found. */
function improve(space: SearchSpace, { places, losses }: Learned, random: Random): Float64Array {
  const distance: Distance = (a, b, p) => {
    const [one, other] = [a[p] as number, b[p] as number];
    // Choices have no order: two are the same or not.
    return space.parameters[p]?.type === 'choice' ? Number(one !== other) : one - other;
  };
  const all = believe(places, losses, distance);
  const basins = exhaustedBasins(places, losses, all.process);
  const own =
    basins.grounds.length > 0 && basins.outside.length > space.parameters.length
      ? believe(
          basins.outside.map((index) => places[index] as Float64Array),
          basins.outside.map((index) => losses[index] as number),
          distance,
        )
      : all;
  const starts = basins.outside.map((index, at) => ({
    place: places[index] as Float64Array,
    value: own.values[own === all ? index : at] as number,
  }));
  starts.sort((a, b) => a.value - b.value);
  const best =
    own.process.noise > 0.1
      ? Math.min(...starts.map(({ place }) => own.process.mean(place)))
      : (starts[0]?.value ?? 0);
  const gain = (place: Float64Array): number => {
    const { mean, deviation } = own.process.at(place);
    return logImprovement(mean, deviation, best);
  };
  const look = (place: Float64Array) => ({ place, gain: gain(place) });
  const around = (place: Float64Array, reach: number, share: number): Float64Array =>
    snap(
      space,
      place.map((value, p) => {
        if (random.next() >= share) return value;
        if (space.parameters[p]?.type === 'choice') return random.next() < reach ? random.next() : value;
        return Math.min(1, Math.max(0, value + reach * random.normal()));
      }),
    );
  const found = [
    ...Array.from({ length: looks.anywhere }, () =>
      look(snap(space, places[0]?.map(() => random.next()) ?? [])),
    ),
    ...starts
      .slice(0, looks.best)
      .flatMap(({ place }) =>
        Array.from({ length: looks.nearBest }, () => look(around(place, 0.2 * 0.01 ** random.next(), 1))),
      ),
  ].sort((a, b) => b.gain - a.gain);
  const chosen: typeof found = [];
  for (const candidate of found) {
    if (chosen.length >= looks.improved) break;
    if (!basins.has(candidate.place)) chosen.push(candidate);
  }
  if (chosen.length === 0) chosen.push(...found.slice(0, looks.improved));
  const climbed = chosen.map((start) => {
    let at = start;
    let reach = 0.1;
    for (let step = 0; step < looks.steps; step += 1) {
      const next = look(around(at.place, reach, 0.5));
      const better = next.gain > at.gain && !basins.has(next.place);
      if (better) at = next;
      reach = better ? Math.min(0.2, reach * 1.3) : reach * 0.93;
    }
    return at;
  });
  const tried = new Set(places.map(String));
  climbed.sort((a, b) => b.gain - a.gain);
  // What was tried is known, where a setting has few values.
  const fresh = [...climbed, ...found].find(({ place }) => !tried.has(String(place)));
  return (fresh ?? climbed[0] ?? look(new Float64Array(space.parameters.length).fill(0.5))).place;
}

/** Steps in which kernels of different warps and shapes are compared. */
const compared = 14;

/** What is most probable about losses: how they are warped, and how smooth they are. */
function believe(
  places: readonly Float64Array[],
  losses: readonly number[],
  distance: Distance,
): { process: GaussianProcess; values: Float64Array } {
  let best: { evidence: number; warp: Warp; shape: Shape } = {
    evidence: -Infinity,
    warp: { side: 'none', bend: 1 },
    shape: 'rough',
  };
  const consider = (warp: Warp, shape: Shape): void => {
    const { values, jacobian } = warped(losses, warp);
    const evidence = new GaussianProcess(places, values, distance, shape, compared).evidence + jacobian;
    if (evidence > best.evidence) best = { evidence, warp, shape };
  };
  for (const warp of warps) consider(warp, 'smooth');
  consider(best.warp, 'rough');
  const { values } = warped(losses, best.warp);
  return { process: new GaussianProcess(places, values, distance, best.shape), values };
}
