/** Which elements along an axis a resized image is made of, as numbers: the formulas of tfjs-backend-cpu. */

/** How a tensor of one length becomes one of another along an axis. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Where each output lies on the input's axis, in elements. */
function places({ from, to, alignCorners, halfPixelCenters }: Line, shift: number): number[] {
  const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => (halfPixelCenters ? ratio * (i + 0.5) - shift : ratio * i));
}

/** The input that each output is a copy of. */
export function nearestInputs(line: Line): number[] {
  const round = line.alignCorners ? Math.round : Math.floor;
  return places(line, 0).map((place) => Math.max(0, Math.min(line.from - 1, round(place))));
}

/** How often each input is repeated, where all are equally often, in order; otherwise undefined. */
export function repetition(line: Line): number | undefined {
  const times = line.to / line.from;
  const isRepeated =
    Number.isInteger(times) && nearestInputs(line).every((input, i) => input === Math.floor(i / times));
  return isRepeated ? times : undefined;
}

export type Interpolation = 'nearest' | 'bilinear';

/** The share that each input has in each output: [to, from], or [from, to] where transposed. */
export function shares(line: Line, method: Interpolation, transposed: boolean): Float32Array {
  const key = `${method} ${Object.values(line).join()} ${String(transposed)}`;
  let matrix = known.get(key);
  if (matrix === undefined) {
    matrix = computeShares(line, method, transposed);
    if (known.size >= maxKnown) known.clear();
    known.set(key, matrix);
  }
  return matrix;
}

/** Every step of a training asks for the same few. */
const known = new Map<string, Float32Array>();
const maxKnown = 64;

function computeShares(line: Line, method: Interpolation, transposed: boolean): Float32Array {
  const { from, to } = line;
  const matrix = new Float32Array(from * to);
  const add = (output: number, input: number, share: number): void => {
    const at = transposed ? input * to + output : output * from + input;
    matrix[at] = (matrix[at] as number) + share;
  };
  if (method === 'nearest') {
    nearestInputs(line).forEach((input, output) => {
      add(output, input, 1);
    });
    return matrix;
  }
  places(line, 0.5).forEach((place, output) => {
    const before = Math.max(0, Math.floor(place));
    const after = Math.min(from - 1, Math.ceil(place));
    add(output, before, 1 - (place - before));
    add(output, after, place - before);
  });
  return matrix;
}
