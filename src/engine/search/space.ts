import type { SearchParameter, SearchPoint, SearchSpace, SearchValue } from '../../contract/search.ts';
import { sameValue } from '../../contract/search.ts';
import type { Random } from '../data/random.ts';

/**
 * A point as the samplers move it: a number from 0 to 1 for each parameter of the space, in its order. A choice is in
 * the middle of its share of the line; a parameter that doesn't count stands at a half, wherever it was.
 */
export type UnitPoint = Float64Array;

/** The nearest point that the space really has: whole numbers, choices, and what doesn't count in its place. */
export function snap(space: SearchSpace, unit: ArrayLike<number>): UnitPoint {
  return unitOf(space, pointOf(space, unit));
}

/** What the settings are at a place of the unit cube. */
export function pointOf({ parameters }: SearchSpace, unit: ArrayLike<number>): SearchPoint {
  const point: SearchPoint = {};
  for (const [index, parameter] of parameters.entries())
    if (counts(parameter, point)) point[parameter.name] = valueAt(parameter, unit[index] ?? 0.5);
  return point;
}

/** Where in the unit cube a point is. A value outside of its range goes to the nearest bound. */
export function unitOf({ parameters }: SearchSpace, point: SearchPoint): UnitPoint {
  return Float64Array.from(parameters, (parameter) => {
    const value = point[parameter.name];
    return value === undefined || !counts(parameter, point) ? 0.5 : placeOf(parameter, value);
  });
}

/** A point drawn uniformly, on a log scale where the parameter has one. */
export function randomUnit(space: SearchSpace, random: Random): UnitPoint {
  return snap(
    space,
    space.parameters.map(() => random.next()),
  );
}

/** Names a point: two that are set alike have the same key, in whatever order they name their parameters. */
export function keyOf({ parameters }: SearchSpace, point: SearchPoint): string {
  return JSON.stringify(
    parameters.map(({ name }) => point[name] ?? [point[name] === null ? 'null' : 'none']),
  );
}

/** How many different points there are; Infinity where a parameter is continuous. */
export function sizeOf(space: SearchSpace): number {
  const grow = (index: number, point: SearchPoint): number => {
    const parameter = space.parameters[index];
    if (parameter === undefined) return 1;
    if (!counts(parameter, point)) return grow(index + 1, point);
    // Only choices decide what counts after them.
    if (parameter.type === 'choice')
      return parameter.choices.reduce<number>(
        (sum, value) => sum + grow(index + 1, { ...point, [parameter.name]: value }),
        0,
      );
    const own = parameter.type === 'int' ? parameter.high - parameter.low + 1 : Infinity;
    return own * grow(index + 1, point);
  };
  return grow(0, {});
}

/** Whether a parameter counts, given those before it. */
export function counts({ when }: SearchParameter, point: SearchPoint): boolean {
  if (when === undefined) return true;
  const parent = point[when.parameter];
  return parent !== undefined && when.is.some((value) => sameValue(value, parent));
}

/** @param place 0..1 */
export function valueAt(parameter: SearchParameter, place: number): SearchValue {
  const at = Math.min(1, Math.max(0, place));
  if (parameter.type === 'choice') {
    const { choices } = parameter;
    return choices[Math.min(choices.length - 1, Math.floor(at * choices.length))] ?? null;
  }
  const { low, high, scale, type } = parameter;
  if (type === 'int') {
    // Each whole number has an equal share of its scale, those at the ends, too.
    const [from, to] = [low - 0.5, high + 0.5];
    const value =
      scale === 'log'
        ? Math.exp(between(Math.log(Math.max(from, low / 2)), Math.log(to), at))
        : between(from, to, at);
    return Math.min(high, Math.max(low, Math.round(value)));
  }
  const value =
    scale === 'log' ? Math.exp(between(Math.log(low), Math.log(high), at)) : between(low, high, at);
  // People read these numbers: six digits say all that a training can feel.
  return Math.min(high, Math.max(low, Number(value.toPrecision(6))));
}

function placeOf(parameter: SearchParameter, value: SearchValue): number {
  if (parameter.type === 'choice') {
    const index = parameter.choices.findIndex((choice) => sameValue(choice, value));
    return index < 0 ? 0.5 : (index + 0.5) / parameter.choices.length;
  }
  const { low, high, scale, type } = parameter;
  const number = Math.min(high, Math.max(low, Number(value)));
  const [from, to] =
    type === 'int' ? [scale === 'log' ? Math.max(low - 0.5, low / 2) : low - 0.5, high + 0.5] : [low, high];
  return scale === 'log'
    ? (Math.log(number) - Math.log(from)) / (Math.log(to) - Math.log(from))
    : (number - from) / (to - from);
}

const between = (low: number, high: number, share: number): number => low + (high - low) * share;
