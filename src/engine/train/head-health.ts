/** What a trained head's weights and units look like. */
import type { HeadHealth } from '../../contract/train.ts';
import { activationValue } from './activation-value.ts';
import type { HeadWeights } from './head-model.ts';
import { countZeros } from './regularizers.ts';

interface Rows {
  readonly rows: number;
  readonly columns: number;
  /** rows x columns, row-major. */
  readonly data: Float32Array;
}

/** Dead units are looked for with so many photos: one they answer to is enough to clear most of them. */
const mostRows = 1000;

/** Weights that differ by less than this share of the largest count as the same: training in step leaves only rounding. */
const alike = 1e-5;

/**
 * Counts zero weights, dead units (ReLUs that are zero for every photo, and so can never learn again) and copies (units
 * with the weights of another one: they get the same gradients, and stay copies for ever).
 *
 * @param head whose first layer may read fewer columns than there are
 * @param features of training photos, standardized as the head reads them
 */
export function inspectHead(head: HeadWeights, features: Rows): HeadHealth {
  const counted = countZeros(head.layers.map(({ kernel }) => kernel));
  const hidden = head.layers.slice(0, -1);
  const step = Math.max(1, Math.ceil(features.rows / mostRows));
  const photos = Math.ceil(features.rows / step);
  const alive = hidden.map(({ bias }) => new Uint8Array(bias.data.length));
  if (hidden.length > 0)
    for (let row = 0; row < features.rows; row += step)
      answer(head, features.data.subarray(row * features.columns, (row + 1) * features.columns), alive);
  const dies = (head.activation ?? 'relu') === 'relu';
  return {
    ...counted,
    photos: hidden.length > 0 ? photos : 0,
    layers: hidden.map((layer, index) => ({
      units: layer.bias.data.length,
      dead: dies ? (alive[index] ?? []).filter((is) => is === 0).length : 0,
      copies: copiesIn(layer),
    })),
  };
}

/** Passes a photo through the hidden layers and notes which units it wakes. */
function answer(head: HeadWeights, row: Float32Array, alive: readonly Uint8Array[]): void {
  const activation = activationValue(head.activation ?? 'relu');
  let x: ArrayLike<number> = row;
  for (const [index, awake] of alive.entries()) {
    const { kernel, bias } = head.layers[index] ?? {};
    if (kernel === undefined || bias === undefined) return;
    const width = bias.data.length;
    const sums = Float64Array.from(bias.data);
    const inputs = Math.min(x.length, kernel.shape[0] ?? 0);
    for (let i = 0; i < inputs; i++) {
      const value = x[i] as number;
      if (value === 0) continue;
      for (let unit = 0; unit < width; unit++)
        sums[unit] = (sums[unit] as number) + value * (kernel.data[i * width + unit] as number);
    }
    const y = sums.map(activation);
    y.forEach((value, unit) => {
      if (value !== 0) awake[unit] = 1;
    });
    x = y;
  }
}

function copiesIn({ kernel, bias }: HeadWeights['layers'][number]): number {
  const width = bias.data.length;
  const rows = kernel.data.length / width;
  const largest = kernel.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const near = alike * largest;
  const same = (a: number, b: number): boolean => {
    if (Math.abs((bias.data[a] as number) - (bias.data[b] as number)) > near) return false;
    for (let row = 0; row < rows; row++) {
      const [one, other] = [kernel.data[row * width + a] as number, kernel.data[row * width + b] as number];
      if (Math.abs(one - other) > near) return false;
    }
    return true;
  };
  const originals: number[] = [];
  for (let unit = 0; unit < width; unit++)
    if (!originals.some((other) => same(other, unit))) originals.push(unit);
  return width - originals.length;
}
