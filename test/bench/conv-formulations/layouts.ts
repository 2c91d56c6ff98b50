/** Physical layouts of a 4-D activation, and a plain reference convolution with both gradients. */

export type Layout = 'nhwc' | 'nchw' | 'nchwc';

/** One convolution: SAME-like explicit pads, TF.js semantics. Depthwise where `depthwise` (multiplier 1, co = ci). */
export interface ConvCase {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly ci: number;
  readonly co: number;
  readonly k: number;
  readonly stride: number;
  /** Rows and columns of zeros before and after. */
  readonly padBefore: number;
  readonly padAfter: number;
  readonly depthwise: boolean;
}

export const outSize = (c: ConvCase, size: number): number =>
  Math.floor((size + c.padBefore + c.padAfter - c.k) / c.stride) + 1;
export const outH = (c: ConvCase): number => outSize(c, c.h);
export const outW = (c: ConvCase): number => outSize(c, c.w);

/** The index function of a layout for [n, h, w, c] with c channels. */
function indexer(layout: Layout, h: number, w: number, c: number, block: number) {
  return (n: number, y: number, x: number, ch: number): number => {
    if (layout === 'nhwc') return ((n * h + y) * w + x) * c + ch;
    if (layout === 'nchw') return ((n * c + ch) * h + y) * w + x;
    const b = Math.floor(ch / block);
    return (((n * (c / block) + b) * h + y) * w + x) * block + (ch % block);
  };
}

export function relayout(
  data: Float32Array,
  from: Layout,
  to: Layout,
  [n, h, w, c]: readonly [number, number, number, number],
  block: number,
): Float32Array {
  if (from === to) return data;
  const result = new Float32Array(data.length);
  const a = indexer(from, h, w, c, block);
  const b = indexer(to, h, w, c, block);
  for (let i = 0; i < n; i++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        for (let ch = 0; ch < c; ch++) result[b(i, y, x, ch)] = data[a(i, y, x, ch)] as number;
  return result;
}

export const declaredShape = (layout: Layout, n: number, h: number, w: number, c: number): number[] =>
  layout === 'nhwc' ? [n, h, w, c] : [n, c, h, w];

export const filterShape = (c: ConvCase): number[] =>
  c.depthwise ? [c.k, c.k, c.ci, 1] : [c.k, c.k, c.ci, c.co];

export interface Reference {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly dy: Float32Array;
  readonly y: Float32Array;
  readonly dx: Float32Array;
  readonly dw: Float32Array;
}

export function random(length: number, seed: number): Float32Array {
  let state = seed >>> 0 || 1;
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    result[i] = (state >>> 0) / 2 ** 31 - 1;
  }
  return result;
}

/** y, dx and dw by seven plain loops, in double precision; all activations NHWC. */
export function reference(c: ConvCase): Reference {
  const ho = outH(c);
  const wo = outW(c);
  const x = random(c.n * c.h * c.w * c.ci, 1);
  const w = random(
    filterShape(c).reduce((a, b) => a * b, 1),
    2,
  );
  const dy = random(c.n * ho * wo * c.co, 3);
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  const add = (xi: number, wi: number, yi: number): void => {
    y[yi] = (y[yi] as number) + (x[xi] as number) * (w[wi] as number);
    dx[xi] = (dx[xi] as number) + (dy[yi] as number) * (w[wi] as number);
    dw[wi] = (dw[wi] as number) + (dy[yi] as number) * (x[xi] as number);
  };
  for (let n = 0; n < c.n; n++)
    for (let oy = 0; oy < ho; oy++)
      for (let ox = 0; ox < wo; ox++)
        for (let ky = 0; ky < c.k; ky++)
          for (let kx = 0; kx < c.k; kx++) {
            const iy = oy * c.stride + ky - c.padBefore;
            const ix = ox * c.stride + kx - c.padBefore;
            if (iy < 0 || ix < 0 || iy >= c.h || ix >= c.w) continue;
            const xAt = ((n * c.h + iy) * c.w + ix) * c.ci;
            const yAt = ((n * ho + oy) * wo + ox) * c.co;
            const kAt = ky * c.k + kx;
            if (c.depthwise) for (let i = 0; i < c.ci; i++) add(xAt + i, kAt * c.ci + i, yAt + i);
            else
              for (let i = 0; i < c.ci; i++)
                for (let o = 0; o < c.co; o++) add(xAt + i, (kAt * c.ci + i) * c.co + o, yAt + o);
          }
  return { x, w, dy, y: Float32Array.from(y), dx: Float32Array.from(dx), dw: Float32Array.from(dw) };
}
