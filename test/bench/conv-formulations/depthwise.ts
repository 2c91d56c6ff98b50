import { nchwcDomain, type GraphWriter, type Value } from './graph-writer.ts';
import { filterGradientPads, gradientPads, pads, same, type Formulation } from './formulation.ts';
import { outH, outW, type ConvCase } from './layouts.ts';

const blocked = (c: ConvCase, block: number): boolean => c.depthwise && c.ci % block === 0;
const reversed = (count: number): number[] => Array.from({ length: count }, (_, i) => count - 1 - i);

/** [k, k, c, 1] to [c, 1, k, k], optionally turned by 180 degrees. */
function nchwFilter(g: GraphWriter, c: ConvCase, w: Value, flip: boolean): Value {
  let flat = g.reshape(w, [c.k * c.k, c.ci]);
  if (flip) flat = g.op('Gather', [flat, g.integers(reversed(c.k * c.k))], { axis: 0 });
  return g.reshape(g.transpose(flat, [1, 0]), [c.ci, 1, c.k, c.k]);
}

/** [k, k, c, 1] to [c/b, k, k, b], declared [c, 1, k, k]. */
function blockedFilter(g: GraphWriter, c: ConvCase, w: Value, b: number, flip: boolean): Value {
  let flat = g.reshape(w, [c.k * c.k, c.ci / b, b]);
  if (flip) flat = g.op('Gather', [flat, g.integers(reversed(c.k * c.k))], { axis: 0 });
  return g.reshape(g.transpose(flat, [1, 0, 2]), [c.ci, 1, c.k, c.k]);
}

/** Puts stride - 1 zeros after every row and column of a blocked map. */
function spreadBlocked(g: GraphWriter, c: ConvCase, dy: Value, b: number): Value {
  if (c.stride === 1) return dy;
  const [ho, wo, s] = [outH(c), outW(c), c.stride];
  const open = g.reshape(dy, [(c.n * c.ci) / b, ho, 1, wo, 1, b]);
  const padded = g.op('Pad', [open, g.integers([0, 0, 0, 0, 0, 0, 0, 0, s - 1, 0, s - 1, 0])]);
  return g.reshape(padded, [c.n, c.ci, ho * s, wo * s]);
}

function spreadNchw(g: GraphWriter, c: ConvCase, dy: Value): Value {
  if (c.stride === 1) return dy;
  const [ho, wo, s] = [outH(c), outW(c), c.stride];
  const open = g.reshape(dy, [c.n * c.ci, ho, 1, wo, 1]);
  const padded = g.op('Pad', [open, g.integers([0, 0, 0, 0, 0, 0, 0, s - 1, 0, s - 1])]);
  return g.reshape(padded, [c.n, c.ci, ho * s, wo * s]);
}

/** [1, n*c, k, k] blocked to [k, k, c, 1], summed over n. */
function collectBlocked(g: GraphWriter, c: ConvCase, y: Value, b: number): Value {
  const sum = g.reduceSum(g.reshape(y, [c.n, c.ci / b, c.k * c.k, b]), [0]);
  return g.reshape(g.transpose(sum, [1, 0, 2]), [c.k, c.k, c.ci, 1]);
}

function collectNchw(g: GraphWriter, c: ConvCase, y: Value): Value {
  const sum = g.reduceSum(g.reshape(y, [c.n, c.ci, c.k * c.k]), [0]);
  return g.reshape(g.transpose(sum, [1, 0]), [c.k, c.k, c.ci, 1]);
}

const paddedNchw = (g: GraphWriter, c: ConvCase, x: Value): Value =>
  g.op('Pad', [x, g.integers([0, 0, c.padBefore, c.padBefore, 0, 0, c.padAfter, c.padAfter])]);

/** The part of x under each of the k*k taps, as [n, c, ho, wo]. */
function taps(g: GraphWriter, c: ConvCase, x: Value): Value[] {
  const p = paddedNchw(g, c, x);
  const s = c.stride;
  return Array.from({ length: c.k * c.k }, (_, t) => {
    const [ky, kx] = [Math.floor(t / c.k), t % c.k];
    const end = [ky + s * (outH(c) - 1) + 1, kx + s * (outW(c) - 1) + 1];
    return g.slice(p, [ky, kx], end, [2, 3], [s, s]);
  });
}

const conv = (
  g: GraphWriter,
  inputs: readonly Value[],
  c: ConvCase,
  pad: readonly number[],
  extra: Readonly<Record<string, number | readonly number[]>>,
  domain = '',
): Value => g.op('Conv', inputs, { kernel_shape: same(c.k), pads: pad, ...extra }, domain);

export const depthwise: readonly Formulation[] = [
  {
    name: 'Conv group=C',
    piece: 'forward',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { x, w }) =>
      conv(g, [x, nchwFilter(g, c, w, false)], c, pads(c), { group: c.ci, strides: same(c.stride) }),
  },
  {
    name: 'blocked Conv group=C',
    piece: 'forward',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, w }, b) =>
      conv(
        g,
        [x, blockedFilter(g, c, w, b, false)],
        c,
        pads(c),
        { group: c.ci, strides: same(c.stride) },
        nchwcDomain,
      ),
  },
  {
    name: 'ConvTranspose group=C',
    piece: 'dx',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { w, dy }) =>
      g.op('ConvTranspose', [dy, nchwFilter(g, c, w, false)], {
        kernel_shape: same(c.k),
        group: c.ci,
        strides: same(c.stride),
        pads: pads(c),
        output_padding: [
          c.h + c.padBefore + c.padAfter - (outH(c) - 1) * c.stride - c.k,
          c.w + c.padBefore + c.padAfter - (outW(c) - 1) * c.stride - c.k,
        ],
      }),
  },
  {
    name: 'Conv group=C, turned filter',
    piece: 'dx',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { w, dy }) =>
      conv(g, [spreadNchw(g, c, dy), nchwFilter(g, c, w, true)], c, gradientPads(c), { group: c.ci }),
  },
  {
    name: 'blocked Conv, turned filter',
    piece: 'dx',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { w, dy }, b) =>
      conv(
        g,
        [spreadBlocked(g, c, dy, b), blockedFilter(g, c, w, b, true)],
        c,
        gradientPads(c),
        { group: c.ci },
        nchwcDomain,
      ),
  },
  {
    // dx[2i + r] only sees the taps of r's parity: four small convolutions of dy, interleaved.
    name: 'four blocked Convs by parity, interleaved',
    piece: 'dx',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && c.stride === 2 && c.h % 2 === 0 && c.w % 2 === 0 && c.k === 3,
    build: (g, c, { w, dy }, b) => {
      const [ho, wo] = [outH(c), outW(c)];
      const flat = g.reshape(w, [9, c.ci / b, b]);
      const parity = (r: number) => {
        // Output row 2i + r takes dy row (2i + r + pad - ky) / 2.
        const list = [0, 1, 2].filter((ky) => (r + c.padBefore - ky) % 2 === 0);
        const offsets = list.map((ky) => (r + c.padBefore - ky) / 2);
        const order = list.map((_, i) => i).sort((p, q) => (offsets[p] ?? 0) - (offsets[q] ?? 0));
        return { taps: order.map((i) => list[i] ?? 0), first: offsets[order[0] ?? 0] ?? 0 };
      };
      const rows = [0, 1].map((r) => {
        const v = parity(r);
        const columns = [0, 1].map((q) => {
          const u = parity(q);
          const indices = v.taps.flatMap((ky) => u.taps.map((kx) => ky * 3 + kx));
          const picked = g.op('Gather', [flat, g.integers(indices)], { axis: 0 });
          const shape = [v.taps.length, u.taps.length];
          const filter = g.reshape(g.transpose(picked, [1, 0, 2]), [c.ci, 1, ...shape]);
          const before = [-v.first, -u.first];
          const after = [
            c.h / 2 - ho - (before[0] ?? 0) + (shape[0] ?? 0) - 1,
            c.w / 2 - wo - (before[1] ?? 0) + (shape[1] ?? 0) - 1,
          ];
          const y = g.op(
            'Conv',
            [dy, filter],
            { kernel_shape: shape, pads: [...before, ...after], group: c.ci },
            nchwcDomain,
          );
          return g.reshape(y, [(c.n * c.ci) / b, c.h / 2, 1, c.w / 2, 1, b]);
        });
        return g.op('Concat', columns, { axis: 4 });
      });
      return g.reshape(g.op('Concat', rows, { axis: 2 }), [c.n, c.ci, c.h, c.w]);
    },
  },
  {
    name: 'Conv group=N*C, dy as filter',
    piece: 'dw',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { x, dy }) => {
      const y = g.op(
        'Conv',
        [g.reshape(x, [1, c.n * c.ci, c.h, c.w]), g.reshape(dy, [c.n * c.ci, 1, outH(c), outW(c)])],
        {
          kernel_shape: [outH(c), outW(c)],
          group: c.n * c.ci,
          pads: filterGradientPads(c),
          dilations: same(c.stride),
        },
      );
      return collectNchw(g, c, y);
    },
  },
  {
    name: 'k*k x (slice, Mul, ReduceSum)',
    piece: 'dw',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { x, dy }) => {
      const sums = taps(g, c, x).map((tap) => g.reduceSum(g.op('Mul', [tap, dy]), [0, 2, 3]));
      return g.reshape(g.op('Concat', sums, { axis: 0 }), [c.k, c.k, c.ci, 1]);
    },
  },
  {
    name: 'k*k slices, batched MatMul',
    piece: 'dw',
    layout: 'nchw',
    applies: (c) => c.depthwise,
    build: (g, c, { x, dy }) => {
      const size = outH(c) * outW(c);
      const parts = taps(g, c, x).map((tap) => g.reshape(tap, [c.n, c.ci, 1, size]));
      const y = g.op('MatMul', [g.op('Concat', parts, { axis: 2 }), g.reshape(dy, [c.n, c.ci, size, 1])]);
      return collectNchw(g, c, y);
    },
  },
  {
    name: 'blocked Conv group=N*C, dy as filter',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }, b) => {
      const y = g.op(
        'Conv',
        [g.reshape(x, [1, c.n * c.ci, c.h, c.w]), g.reshape(dy, [c.n * c.ci, 1, outH(c), outW(c)])],
        {
          kernel_shape: [outH(c), outW(c)],
          group: c.n * c.ci,
          pads: filterGradientPads(c),
          dilations: same(c.stride),
        },
        nchwcDomain,
      );
      return collectBlocked(g, c, y, b);
    },
  },
  {
    // Without pads in the width ONNX Runtime computes the k columns of the result together.
    name: 'Pad columns, blocked Conv group=N*C',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }, b) => {
      const [top, left, bottom, right] = filterGradientPads(c) as [number, number, number, number];
      const open = g.reshape(x, [(c.n * c.ci) / b, c.h, c.w, b]);
      const wide = g.op('Pad', [open, g.integers([0, 0, left, 0, 0, 0, right, 0])]);
      const y = g.op(
        'Conv',
        [
          g.reshape(wide, [1, c.n * c.ci, c.h, c.w + left + right]),
          g.reshape(dy, [c.n * c.ci, 1, outH(c), outW(c)]),
        ],
        {
          kernel_shape: [outH(c), outW(c)],
          group: c.n * c.ci,
          pads: [top, 0, bottom, 0],
          dilations: same(c.stride),
        },
        nchwcDomain,
      );
      return collectBlocked(g, c, y, b);
    },
  },
];
