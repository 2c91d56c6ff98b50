import type { SearchTrial, SearchValue } from '../../../contract/search.ts';
import { nameOf, valueText } from './search-words.ts';

/** An upright line of the drawing: a setting, or the loss. */
export interface Axis {
  readonly name: string;
  readonly label: string;
  /** Words at places, 0 at the bottom to 1 at the top. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** A trial through all axes. */
export interface Path {
  readonly trial: SearchTrial;
  /** A place an axis, 0 bottom to 1 top. */
  readonly places: readonly number[];
  /** By its loss: 1 the best quarter of the drawn ones to 4. */
  readonly quarter: 1 | 2 | 3 | 4;
}

/** So many values and fewer are choices, each at a place of its own. */
const fewValues = 6;
/** Numbers that are so many times larger than others are drawn by their powers of ten. */
const manyTimes = 50;

/**
 * Places of trials on an axis for each setting and one for the loss, low at the top. What failed, was cut short or has
 * other settings than most (number 0) is left out.
 */
export function parallelAxes(
  trials: readonly SearchTrial[],
  models?: ReadonlyMap<string, string>,
): { readonly axes: readonly Axis[]; readonly paths: readonly Path[] } {
  const whole = trials.filter(({ score, share, number }) => score !== null && share === 1 && number > 0);
  const names = [...new Set(whole.flatMap(({ point }) => Object.keys(point)))];
  const scales = names.map((name) =>
    scaleOf(
      whole.map(({ point }) => point[name] ?? null),
      (value) => valueText(name, value, models),
    ),
  );
  const losses = whole.map(({ score }) => score?.loss ?? 0);
  const loss = scaleOf(losses, (value) => Number(value).toFixed(3), 0);
  const sorted = losses.toSorted((a, b) => a - b);
  return {
    axes: [
      ...names.map((name, at) => ({ name, label: nameOf(name), ticks: scales[at]?.ticks ?? [] })),
      { name: 'loss', label: 'Loss', ticks: loss.ticks.map(({ at, text }) => ({ at: 1 - at, text })) },
    ],
    paths: whole.map((trial, at) => {
      const own = losses[at] ?? 0;
      const part = Math.floor((sorted.indexOf(own) / whole.length) * 4) + 1;
      return {
        trial,
        places: [
          ...names.map((name, axis) => scales[axis]?.place(trial.point[name] ?? null) ?? 0.5),
          1 - loss.place(own),
        ],
        quarter: part <= 1 ? 1 : part === 2 ? 2 : part === 3 ? 3 : 4,
      };
    }),
  };
}

interface Scale {
  readonly place: (value: SearchValue) => number;
  readonly ticks: Axis['ticks'];
}

/** @param few so many different values and fewer are choices */
function scaleOf(
  values: readonly SearchValue[],
  text: (value: SearchValue) => string,
  few = fewValues,
): Scale {
  const different = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()].sort(order);
  const numbers = different.filter((value) => typeof value === 'number');
  if (different.length <= few || numbers.length < different.length) {
    const keys = different.map((value) => JSON.stringify(value));
    const at = (index: number): number => (keys.length < 2 ? 0.5 : index / (keys.length - 1));
    return {
      place: (value) => at(Math.max(0, keys.indexOf(JSON.stringify(value)))),
      ticks: different.map((value, index) => ({ at: at(index), text: text(value) })),
    };
  }
  const [low, high] = [numbers[0] ?? 0, numbers.at(-1) ?? 1];
  const powers = low > 0 && high / low >= manyTimes;
  const bent = (value: number): number => (powers ? Math.log(value) : value);
  const straight = (value: number): number => (powers ? Math.exp(value) : value);
  const width = bent(high) - bent(low);
  return {
    place: (value) => (width === 0 || typeof value !== 'number' ? 0.5 : (bent(value) - bent(low)) / width),
    ticks: (width === 0 ? [0.5] : [0, 0.5, 1]).map((at) => ({
      at,
      text: text(straight(bent(low) + at * width)),
    })),
  };
}

/** Numbers by size, lists by their sum, words by the alphabet; what is left to its default comes first. */
function order(a: SearchValue, b: SearchValue): number {
  const size = (value: SearchValue): number => {
    if (value === null) return -Infinity;
    if (Array.isArray(value)) return value.reduce((sum, one) => sum + one, 0);
    return typeof value === 'number' ? value : 0;
  };
  return size(a) - size(b) || (String(a) < String(b) ? -1 : 1);
}
