import { nchwcDomain, type GraphWriter, type Value } from './graph-writer.ts';
import { filterGradientPads, gradientPads, pads, same, type Formulation } from './formulation.ts';
import { outH, outW, type ConvCase } from './layouts.ts';

const is = (c: ConvCase): boolean => !c.depthwise && (c.k > 1 || c.stride > 1);
const blocked = (c: ConvCase, b: number): boolean => is(c) && c.ci % b === 0 && c.co % b === 0;
const reversed = (count: number): number[] => Array.from({ length: count }, (_, i) => count - 1 - i);
const flip = (g: GraphWriter, c: ConvCase, flat: Value): Value =>
  c.k === 1 ? flat : g.op('Gather', [flat, g.integers(reversed(c.k * c.k))], { axis: 0 });

function spreadBlocked(g: GraphWriter, c: ConvCase, dy: Value, b: number): Value {
  if (c.stride === 1) return dy;
  const [ho, wo, s] = [outH(c), outW(c), c.stride];
  const open = g.reshape(dy, [(c.n * c.co) / b, ho, 1, wo, 1, b]);
  const padded = g.op('Pad', [open, g.integers([0, 0, 0, 0, 0, 0, 0, 0, s - 1, 0, s - 1, 0])]);
  return g.reshape(padded, [c.n, c.co, ho * s, wo * s]);
}

const oihw = (g: GraphWriter, w: Value): Value => g.transpose(w, [3, 2, 0, 1]);

/** dW from rows: one slice of the padded NHWC x a tap, each multiplied with dy. */
function nineSlices(g: GraphWriter, c: ConvCase, x: Value, dy: Value): Value {
  const s = c.stride;
  const crop = [c.padBefore, c.padBefore, c.padAfter, c.padAfter];
  const p = crop.every((v) => v === 0)
    ? x
    : g.op('Pad', [x, g.integers([0, c.padBefore, c.padBefore, 0, 0, c.padAfter, c.padAfter, 0])]);
  const size = c.n * outH(c) * outW(c);
  const dyRows = g.reshape(dy, [size, c.co]);
  const parts = Array.from({ length: c.k * c.k }, (_, t) => {
    const [ky, kx] = [Math.floor(t / c.k), t % c.k];
    const end = [ky + s * (outH(c) - 1) + 1, kx + s * (outW(c) - 1) + 1];
    const tap = g.slice(p, [ky, kx], end, [1, 2], [s, s]);
    return g.op('Gemm', [g.reshape(tap, [size, c.ci]), dyRows], { transA: 1 });
  });
  return g.reshape(g.op('Concat', parts, { axis: 0 }), [c.k, c.k, c.ci, c.co]);
}

export const dense: readonly Formulation[] = [
  {
    name: 'Conv',
    piece: 'forward',
    layout: 'nchw',
    applies: is,
    build: (g, c, { x, w }) =>
      g.op('Conv', [x, oihw(g, w)], { kernel_shape: same(c.k), pads: pads(c), strides: same(c.stride) }),
  },
  {
    name: 'blocked Conv',
    piece: 'forward',
    layout: 'nchwc',
    applies: (c, b) => is(c) && c.co % b === 0 && c.ci % b === 0,
    build: (g, c, { x, w }, b) => {
      const open = g.reshape(w, [c.k * c.k, c.ci / b, b, c.co / b, b]);
      const filter = g.reshape(g.transpose(open, [3, 1, 0, 2, 4]), [c.co, c.ci, c.k, c.k]);
      return g.op(
        'Conv',
        [x, filter],
        { kernel_shape: same(c.k), pads: pads(c), strides: same(c.stride) },
        nchwcDomain,
      );
    },
  },
  {
    name: 'ConvTranspose',
    piece: 'dx',
    layout: 'nchw',
    applies: is,
    build: (g, c, { w, dy }) =>
      g.op('ConvTranspose', [dy, oihw(g, w)], {
        kernel_shape: same(c.k),
        strides: same(c.stride),
        pads: pads(c),
        output_padding: [
          c.h + c.padBefore + c.padAfter - (outH(c) - 1) * c.stride - c.k,
          c.w + c.padBefore + c.padAfter - (outW(c) - 1) * c.stride - c.k,
        ],
      }),
  },
  {
    name: 'blocked Conv, turned filter',
    piece: 'dx',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { w, dy }, b) => {
      const open = flip(g, c, g.reshape(w, [c.k * c.k, c.ci / b, b, c.co / b, b]));
      const filter = g.reshape(g.transpose(open, [1, 3, 0, 4, 2]), [c.ci, c.co, c.k, c.k]);
      return g.op(
        'Conv',
        [spreadBlocked(g, c, dy, b), filter],
        { kernel_shape: same(c.k), pads: gradientPads(c) },
        nchwcDomain,
      );
    },
  },
  {
    name: 'k*k slices, each Gemm transA',
    piece: 'dw',
    layout: 'nhwc',
    applies: is,
    build: (g, c, { x, dy }) => nineSlices(g, c, x, dy),
  },
  {
    name: 'reorder to NHWC, k*k slices, each Gemm transA',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }) =>
      nineSlices(
        g,
        c,
        g.op('ReorderOutput', [x], { channels: c.ci, channels_last: 1 }, nchwcDomain),
        g.op('ReorderOutput', [dy], { channels: c.co, channels_last: 1 }, nchwcDomain),
      ),
  },
  {
    // Channels and images change places: x becomes [ci, n, h, w], dy a filter [co, n, ho, wo].
    name: 'blocked Conv over images, dy as filter',
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && c.n % b === 0 && c.k > 1,
    build: (g, c, { x, dy }, b) => {
      const [ho, wo] = [outH(c), outW(c)];
      const nhwc = g.op('ReorderOutput', [x], { channels: c.ci, channels_last: 0 }, nchwcDomain);
      const swapped = g.transpose(g.reshape(nhwc, [c.n / b, b, c.ci * c.h * c.w]), [0, 2, 1]);
      const byChannel =
        c.n === b ? swapped : g.transpose(g.reshape(swapped, [c.n / b, c.ci, c.h * c.w * b]), [1, 0, 2]);
      const filter = g.transpose(g.reshape(dy, [c.n / b, b, c.co / b, ho * wo, b]), [2, 0, 3, 1, 4]);
      const y = g.op(
        'Conv',
        [g.reshape(byChannel, [c.ci, c.n, c.h, c.w]), g.reshape(filter, [c.co, c.n, ho, wo])],
        { kernel_shape: [ho, wo], pads: filterGradientPads(c), dilations: same(c.stride) },
        nchwcDomain,
      );
      const open = g.reshape(y, [c.ci, c.co / b, c.k * c.k, b]);
      return g.reshape(g.transpose(open, [2, 0, 1, 3]), [c.k, c.k, c.ci, c.co]);
    },
  },
  {
    name: 'blocked Conv over images, dy as filter, x by reorders',
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && c.n === b && c.k > 1,
    build: (g, c, { x, dy }, b) => {
      const [ho, wo] = [outH(c), outW(c)];
      const nchw = g.op('ReorderOutput', [x], { channels: c.ci, channels_last: 0 }, nchwcDomain);
      const byImage = g.op(
        'ReorderInput',
        [g.reshape(nchw, [1, c.n, 1, c.ci * c.h * c.w])],
        { channels_last: 0 },
        nchwcDomain,
      );
      const filter = g.transpose(g.reshape(dy, [c.n, c.co / b, ho * wo, b]), [1, 2, 0, 3]);
      const y = g.op(
        'Conv',
        [g.reshape(byImage, [c.ci, c.n, c.h, c.w]), g.reshape(filter, [c.co, c.n, ho, wo])],
        { kernel_shape: [ho, wo], pads: filterGradientPads(c), dilations: same(c.stride) },
        nchwcDomain,
      );
      const open = g.reshape(y, [c.ci, c.co / b, c.k * c.k, b]);
      return g.reshape(g.transpose(open, [2, 0, 1, 3]), [c.k, c.k, c.ci, c.co]);
    },
  },
  {
    // Every tap is a 1x1 dW: pixels become channels of one operand, the other is the filter as it lies.
    name: 'k*k blocked slices, each blocked Conv group=N, dy turned',
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && (outH(c) * outW(c)) % b === 0,
    build: (g, c, { x, dy }, b) => {
      const [ho, wo, s] = [outH(c), outW(c), c.stride];
      const size = ho * wo;
      const flat = g.op('ReorderOutput', [dy], { channels: c.co, channels_last: 0 }, nchwcDomain);
      const across = g.op(
        'ReorderInput',
        [g.reshape(flat, [c.n, 1, c.co, size])],
        { channels_last: 1 },
        nchwcDomain,
      );
      const input = g.reshape(across, [1, c.n * size, 1, c.co]);
      const open = g.reshape(x, [(c.n * c.ci) / b, c.h, c.w, b]);
      const p = g.op('Pad', [
        open,
        g.integers([0, c.padBefore, c.padBefore, 0, 0, c.padAfter, c.padAfter, 0]),
      ]);
      const parts = Array.from({ length: c.k * c.k }, (_, t) => {
        const [ky, kx] = [Math.floor(t / c.k), t % c.k];
        const end = [ky + s * (ho - 1) + 1, kx + s * (wo - 1) + 1];
        const tap = g.slice(p, [ky, kx], end, [1, 2], [s, s]);
        const y = g.op(
          'Conv',
          [input, g.reshape(tap, [c.n * c.ci, size, 1, 1])],
          { kernel_shape: [1, 1], group: c.n },
          nchwcDomain,
        );
        const sum = g.reduceSum(g.reshape(y, [c.n, c.ci / b, c.co, b]), [0]);
        return g.reshape(g.transpose(sum, [0, 2, 1]), [1, c.ci * c.co]);
      });
      return g.reshape(g.op('Concat', parts, { axis: 0 }), [c.k, c.k, c.ci, c.co]);
    },
  },
];
