import { cholesky, inverse, solveLower, solveUpper } from './cholesky.ts';

/** What a Gaussian process believes about a place. */
export interface Belief {
  readonly mean: number;
  /** Standard deviation of the function itself, without the noise of a measurement; > 0. */
  readonly deviation: number;
}

/** How alike two places are, along each parameter: 0 the same, 1 as far apart as can be. */
export type Distance = (a: Float64Array, b: Float64Array, parameter: number) => number;

/** What is learned from the data, as natural logarithms. */
interface Kernel {
  /** Of each parameter: over which distance the function changes. */
  readonly lengths: Float64Array;
  readonly signal: number;
  readonly noise: number;
}

/** `smooth` (squared exponential) or `rough` (Matérn 5/2). */
export type Shape = 'smooth' | 'rough';

/**
 * Where the logarithms are expected, and how firmly. Lengths grow with the root of the number of parameters, as in
 * Hvarfner, Hellsten & Nardi 2024; their center is for parameters from 0 to 1.
 */
const prior = {
  length: { center: -1.9, deviation: 1 },
  signal: { center: 0, deviation: 1 },
  noise: { center: -9, deviation: 3 },
} as const;
const leastNoise = Math.log(1e-7);
/** Steps of the search for the best kernel, unless fewer are enough to compare. */
const climbs = 40;

/**
 * Gaussian process regression with a length for each parameter (Rasmussen & Williams 2006, chapters 2, 4.2 and 5.4).
 * Its kernel is the most probable one given the data and the priors above, found by resilient back-propagation (Blum &
 * Riedmiller 2013) along the analytic gradient.
 */
export class GaussianProcess {
  /** Log marginal likelihood of the values with the prior of the kernel: for comparing shapes and warps. */
  readonly evidence: number;
  readonly #distance: Distance;
  readonly #shape: Shape;
  readonly #kernel: Kernel;
  readonly #places: readonly Float64Array[];
  readonly #lower: Float64Array;
  readonly #alpha: Float64Array;
  readonly #mean: number;
  readonly #scales: Float64Array;

  /**
   * Learns from values.
   *
   * @param places one a value, all of the same number of parameters
   * @param values mean 0, standard deviation 1, at least one
   * @param steps of the search for the kernel
   */
  constructor(
    places: readonly Float64Array[],
    values: ArrayLike<number>,
    distance: Distance,
    shape: Shape = 'rough',
    steps = climbs,
  ) {
    this.#distance = distance;
    this.#shape = shape;
    this.#places = places;
    const squares = squaresOf(places, distance);
    const found = climb(squares, values, shape, steps);
    this.evidence = found.value;
    this.#kernel = found.kernel;
    const solved = solve(found.kernel, squares, values, shape);
    this.#lower = solved.lower;
    this.#alpha = solved.alpha;
    this.#mean = solved.mean;
    this.#scales = found.kernel.lengths.map((length) => Math.exp(-2 * length));
  }

  /** Standard deviation of the noise of a measurement, as learned. */
  get noise(): number {
    return Math.exp(this.#kernel.noise / 2);
  }

  /** What it expects at a place, without how sure it is: quicker. */
  mean(place: Float64Array): number {
    return this.#column(place).mean;
  }

  /** What it believes about a place. */
  at(place: Float64Array): Belief {
    const { mean, column } = this.#column(place);
    solveLower(this.#lower, column.length, column);
    let explained = 0;
    for (const value of column) explained += value * value;
    return { mean, deviation: Math.sqrt(Math.max(1e-12, Math.exp(this.#kernel.signal) - explained)) };
  }

  /** The covariance of a place with all that was learned from. */
  #column(place: Float64Array): { column: Float64Array; mean: number } {
    const n = this.#places.length;
    const column = new Float64Array(n);
    const signal = Math.exp(this.#kernel.signal);
    let mean = this.#mean;
    for (let i = 0; i < n; i += 1) {
      const other = this.#places[i] as Float64Array;
      let square = 0;
      for (let p = 0; p < this.#scales.length; p += 1) {
        const far = this.#distance(place, other, p);
        square += far * far * (this.#scales[p] as number);
      }
      const value = signal * likeness(square, this.#shape);
      column[i] = value;
      mean += value * (this.#alpha[i] as number);
    }
    return { column, mean };
  }
}

/** Squared distances along each parameter, [parameter][i * n + j], lower triangles. */
function squaresOf(places: readonly Float64Array[], distance: Distance): Float64Array[] {
  const n = places.length;
  return Array.from({ length: places[0]?.length ?? 0 }, (_, parameter) => {
    const squares = new Float64Array(n * n);
    for (let i = 0; i < n; i += 1)
      for (let j = 0; j < i; j += 1)
        squares[i * n + j] = distance(places[i] as Float64Array, places[j] as Float64Array, parameter) ** 2;
    return squares;
  });
}

/** Goes uphill to the most probable kernel. */
function climb(
  squares: readonly Float64Array[],
  values: ArrayLike<number>,
  shape: Shape,
  steps: number,
): { value: number; kernel: Kernel } {
  const size = squares.length + 2;
  const length = { ...prior.length, center: prior.length.center + Math.log(squares.length) / 2 };
  const priors = Array.from({ length: size }, (_, i) =>
    i < size - 2 ? length : i === size - 2 ? prior.signal : prior.noise,
  );
  const at = Float64Array.from(priors, ({ center }) => center);
  const pace = new Float64Array(size).fill(0.15);
  const before = new Float64Array(size);
  const kernelAt = (): Kernel => ({
    lengths: at.slice(0, size - 2),
    signal: at[size - 2] as number,
    noise: at[size - 1] as number,
  });
  let best = { value: -Infinity, kernel: kernelAt() };
  for (let step = 0; step < steps; step += 1) {
    const kernel = kernelAt();
    const found = likelihood(kernel, squares, values, shape);
    if (found === undefined) break;
    let { value } = found;
    for (const [i, { center, deviation }] of priors.entries()) {
      const off = ((at[i] as number) - center) / deviation;
      value -= (off * off) / 2;
      found.gradient[i] = (found.gradient[i] as number) - off / deviation;
    }
    if (value > best.value) best = { value, kernel };
    for (let i = 0; i < size; i += 1) {
      const slope = found.gradient[i] as number;
      const agreement = slope * (before[i] as number);
      const own = pace[i] as number;
      pace[i] = agreement > 0 ? Math.min(1, own * 1.2) : agreement < 0 ? Math.max(1e-4, own * 0.5) : own;
      before[i] = agreement < 0 ? 0 : slope;
      if (agreement >= 0) at[i] = (at[i] as number) + Math.sign(slope) * (pace[i] as number);
    }
    at[size - 1] = Math.max(leastNoise, at[size - 1] as number);
  }
  return best;
}

const root5 = Math.sqrt(5);

/** Correlation of two values. @param square squared scaled distance */
function likeness(square: number, shape: Shape): number {
  if (shape === 'smooth') return Math.exp(-square / 2);
  const r = root5 * Math.sqrt(square);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}

interface Solved {
  /** Of the covariance of the values. */
  readonly lower: Float64Array;
  /** Its inverse times the values without their mean. */
  readonly alpha: Float64Array;
  /** The most probable constant mean. */
  readonly mean: number;
}

function covariance(
  { lengths, signal, noise }: Kernel,
  squares: readonly Float64Array[],
  n: number,
  shape: Shape,
): Float64Array {
  const a = new Float64Array(n * n);
  for (const [p, own] of squares.entries()) {
    const scale = Math.exp(-2 * (lengths[p] as number));
    for (let i = 1; i < n; i += 1)
      for (let j = 0; j < i; j += 1)
        a[i * n + j] = (a[i * n + j] as number) + (own[i * n + j] as number) * scale;
  }
  const amplitude = Math.exp(signal);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1) a[i * n + j] = amplitude * likeness(a[i * n + j] as number, shape);
    a[i * n + i] = amplitude + Math.exp(noise) + 1e-10;
  }
  return a;
}

/** @throws RangeError when even much noise leaves the covariance singular, which it can't */
function solve(
  kernel: Kernel,
  squares: readonly Float64Array[],
  values: ArrayLike<number>,
  shape: Shape,
): Solved {
  const n = values.length;
  // Places that are nearly the same make it singular: a little more noise tells them apart.
  for (let extra = 0; extra < 12; extra += 1) {
    const noise = extra === 0 ? kernel.noise : Math.max(kernel.noise, Math.log(1e-10)) + extra * Math.LN10;
    const lower = covariance({ ...kernel, noise }, squares, n, shape);
    if (cholesky(lower, n)) return { lower, ...weigh(lower, values) };
  }
  throw new RangeError('The covariance of the trials is not positive definite.');
}

function weigh(lower: Float64Array, values: ArrayLike<number>): Pick<Solved, 'alpha' | 'mean'> {
  const n = values.length;
  const solveAll = (b: Float64Array): Float64Array => {
    solveLower(lower, n, b);
    solveUpper(lower, n, b);
    return b;
  };
  const ones = solveAll(new Float64Array(n).fill(1));
  const own = solveAll(Float64Array.from(values));
  let [all, weight] = [0, 0];
  for (let i = 0; i < n; i += 1) {
    all += own[i] as number;
    weight += ones[i] as number;
  }
  const mean = all / weight;
  return { mean, alpha: own.map((value, i) => value - mean * (ones[i] as number)) };
}

/** Log marginal likelihood and its gradient by the lengths, signal and noise; undefined where it can't be computed. */
function likelihood(
  kernel: Kernel,
  squares: readonly Float64Array[],
  values: ArrayLike<number>,
  shape: Shape,
): { value: number; gradient: Float64Array } | undefined {
  const n = values.length;
  const a = covariance(kernel, squares, n, shape);
  const lower = a.slice();
  if (!cholesky(lower, n)) return undefined;
  const { alpha, mean } = weigh(lower, values);
  let value = (-n / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < n; i += 1)
    value -=
      Math.log(lower[i * n + i] as number) + (((values[i] as number) - mean) * (alpha[i] as number)) / 2;
  const inverted = inverse(lower, n);
  const size = squares.length;
  const gradient = new Float64Array(size + 2);
  const scales = kernel.lengths.map((length) => Math.exp(-2 * length));
  const amplitude = Math.exp(kernel.signal);
  const noise = Math.exp(kernel.noise);
  let signalSlope = 0;
  for (let i = 0; i < n; i += 1) {
    const own = alpha[i] as number;
    const diagonal = (own * own - (inverted[i * n + i] as number)) / 2;
    signalSlope += diagonal * amplitude;
    gradient[size + 1] = (gradient[size + 1] as number) + diagonal * noise;
    for (let j = 0; j < i; j += 1) {
      const at = i * n + j;
      // Both triangles at once.
      const weight = own * (alpha[j] as number) - (inverted[at] as number);
      signalSlope += weight * (a[at] as number);
      let square = 0;
      for (let p = 0; p < size; p += 1) square += (squares[p]?.[at] as number) * (scales[p] as number);
      const r = root5 * Math.sqrt(square);
      // How much the correlation falls as the squared scaled distance grows by a factor e, over that distance.
      const fall = shape === 'smooth' ? Math.exp(-square / 2) : (5 / 3) * (1 + r) * Math.exp(-r);
      const slope = weight * amplitude * fall;
      for (let p = 0; p < size; p += 1)
        gradient[p] = (gradient[p] as number) + slope * (squares[p]?.[at] as number) * (scales[p] as number);
    }
  }
  gradient[size] = signalSlope;
  return { value, gradient };
}
