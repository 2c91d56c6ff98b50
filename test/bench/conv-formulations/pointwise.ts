import { microsoftDomain, nchwcDomain, type GraphWriter, type Value } from './graph-writer.ts';
import type { Formulation } from './formulation.ts';
import { outH, outW, type ConvCase } from './layouts.ts';

const is1x1 = (c: ConvCase): boolean => !c.depthwise && c.k === 1 && c.stride === 1;
const blocked = (c: ConvCase, b: number): boolean => is1x1(c) && c.ci % b === 0 && c.co % b === 0;
const pixels = (c: ConvCase): number => outH(c) * outW(c);
const rows = (g: GraphWriter, c: ConvCase, x: Value, channels: number): Value =>
  g.reshape(x, [c.n * pixels(c), channels]);
const planes = (g: GraphWriter, c: ConvCase, x: Value, channels: number): Value =>
  g.reshape(x, [c.n, channels, pixels(c)]);
const matrix = (g: GraphWriter, c: ConvCase, w: Value): Value => g.reshape(w, [c.ci, c.co]);
const filter = (g: GraphWriter, c: ConvCase, y: Value): Value => g.reshape(y, [1, 1, c.ci, c.co]);

const blockedConv = (g: GraphWriter, x: Value, w: Value): Value =>
  g.op('Conv', [x, w], { kernel_shape: [1, 1] }, nchwcDomain);

const toRows = (g: GraphWriter, c: ConvCase, x: Value, channels: number): Value =>
  rows(g, c, g.op('ReorderOutput', [x], { channels, channels_last: 1 }, nchwcDomain), channels);

/** Blocked [n, c/b, p, b] to [n*p, c] by ONNX's own operator. */
const transposeToRows = (g: GraphWriter, c: ConvCase, x: Value, channels: number, b: number): Value =>
  rows(g, c, g.transpose(g.reshape(x, [c.n, channels / b, pixels(c), b]), [0, 2, 1, 3]), channels);

export const pointwise: readonly Formulation[] = [
  {
    name: 'MatMul on rows',
    piece: 'forward',
    layout: 'nhwc',
    applies: is1x1,
    build: (g, c, { x, w }) =>
      g.reshape(g.op('MatMul', [rows(g, c, x, c.ci), matrix(g, c, w)]), [c.n, outH(c), outW(c), c.co]),
  },
  {
    name: 'Conv',
    piece: 'forward',
    layout: 'nchw',
    applies: is1x1,
    build: (g, c, { x, w }) =>
      g.op('Conv', [x, g.reshape(g.transpose(matrix(g, c, w), [1, 0]), [c.co, c.ci, 1, 1])], {
        kernel_shape: [1, 1],
      }),
  },
  {
    name: 'batched MatMul',
    piece: 'forward',
    layout: 'nchw',
    applies: is1x1,
    build: (g, c, { x, w }) =>
      g.reshape(g.op('MatMul', [g.transpose(matrix(g, c, w), [1, 0]), planes(g, c, x, c.ci)]), [
        c.n,
        c.co,
        outH(c),
        outW(c),
      ]),
  },
  {
    name: 'blocked Conv',
    piece: 'forward',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, w }, b) => {
      const open = g.reshape(w, [c.ci / b, b, c.co / b, b]);
      return blockedConv(g, x, g.reshape(g.transpose(open, [2, 0, 1, 3]), [c.co, c.ci, 1, 1]));
    },
  },
  {
    name: 'Gemm on rows, transB',
    piece: 'dx',
    layout: 'nhwc',
    applies: is1x1,
    build: (g, c, { w, dy }) =>
      g.reshape(g.op('Gemm', [rows(g, c, dy, c.co), matrix(g, c, w)], { transB: 1 }), [c.n, c.h, c.w, c.ci]),
  },
  {
    name: 'batched MatMul',
    piece: 'dx',
    layout: 'nchw',
    applies: is1x1,
    build: (g, c, { w, dy }) =>
      g.reshape(g.op('MatMul', [matrix(g, c, w), planes(g, c, dy, c.co)]), [c.n, c.ci, c.h, c.w]),
  },
  {
    name: 'Conv',
    piece: 'dx',
    layout: 'nchw',
    applies: is1x1,
    build: (g, c, { w, dy }) =>
      g.op('Conv', [dy, g.reshape(w, [c.ci, c.co, 1, 1])], { kernel_shape: [1, 1] }),
  },
  {
    name: 'blocked Conv',
    piece: 'dx',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { w, dy }, b) => {
      const open = g.reshape(w, [c.ci / b, b, c.co / b, b]);
      return blockedConv(g, dy, g.reshape(g.transpose(open, [0, 2, 3, 1]), [c.ci, c.co, 1, 1]));
    },
  },
  {
    name: 'Gemm on rows, transA',
    piece: 'dw',
    layout: 'nhwc',
    applies: is1x1,
    build: (g, c, { x, dy }) =>
      filter(g, c, g.op('Gemm', [rows(g, c, x, c.ci), rows(g, c, dy, c.co)], { transA: 1 })),
  },
  {
    name: 'Gemm on rows, transA, dy first',
    piece: 'dw',
    layout: 'nhwc',
    applies: is1x1,
    build: (g, c, { x, dy }) =>
      filter(
        g,
        c,
        g.transpose(g.op('Gemm', [rows(g, c, dy, c.co), rows(g, c, x, c.ci)], { transA: 1 }), [1, 0]),
      ),
  },
  {
    name: 'Transpose x, MatMul',
    piece: 'dw',
    layout: 'nhwc',
    applies: is1x1,
    build: (g, c, { x, dy }) =>
      filter(g, c, g.op('MatMul', [g.transpose(rows(g, c, x, c.ci), [1, 0]), rows(g, c, dy, c.co)])),
  },
  {
    name: 'batched FusedMatMul transB, ReduceSum',
    piece: 'dw',
    layout: 'nchw',
    applies: is1x1,
    build: (g, c, { x, dy }) =>
      filter(
        g,
        c,
        g.reduceSum(
          g.op(
            'FusedMatMul',
            [planes(g, c, x, c.ci), planes(g, c, dy, c.co)],
            { transB: 1 },
            microsoftDomain,
          ),
          [0],
        ),
      ),
  },
  {
    name: 'reorder to rows, Gemm transA',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }) =>
      filter(g, c, g.op('Gemm', [toRows(g, c, x, c.ci), toRows(g, c, dy, c.co)], { transA: 1 })),
  },
  {
    name: 'Transpose to rows, Gemm transA',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }, b) =>
      filter(
        g,
        c,
        g.op('Gemm', [transposeToRows(g, c, x, c.ci, b), transposeToRows(g, c, dy, c.co, b)], {
          transA: 1,
        }),
      ),
  },
  {
    name: 'reorder to NCHW, batched FusedMatMul',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }) => {
      const flat = (v: Value, channels: number): Value =>
        planes(g, c, g.op('ReorderOutput', [v], { channels, channels_last: 0 }, nchwcDomain), channels);
      return filter(
        g,
        c,
        g.reduceSum(
          g.op('FusedMatMul', [flat(x, c.ci), flat(dy, c.co)], { transB: 1 }, microsoftDomain),
          [0],
        ),
      );
    },
  },
  {
    // dy is, block by block, already a filter whose input channels are the pixels.
    name: 'blocked Conv, dy as filter, x transposed',
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && (c.n * pixels(c)) % b === 0,
    build: (g, c, { x, dy }, b) => {
      const size = c.n * pixels(c);
      const byFilter = g.transpose(g.reshape(dy, [c.n, c.co / b, pixels(c) * b]), [1, 0, 2]);
      const xt = rows(
        g,
        c,
        g.op('ReorderOutput', [x], { channels: c.ci, channels_last: 1 }, nchwcDomain),
        c.ci,
      );
      const across = g.transpose(g.reshape(xt, [size / b, b, c.ci]), [0, 2, 1]);
      const y = blockedConv(
        g,
        g.reshape(across, [1, size, 1, c.ci]),
        g.reshape(byFilter, [c.co, size, 1, 1]),
      );
      return filter(g, c, g.transpose(g.reshape(y, [c.co / b, c.ci, b]), [1, 0, 2]));
    },
  },
  {
    name: 'FusedMatMul of 16-channel blocks, transA, ReduceSum',
    piece: 'dw',
    layout: 'nchwc',
    applies: blocked,
    build: (g, c, { x, dy }, b) => {
      const a = g.reshape(x, [c.n, c.ci / b, 1, pixels(c), b]);
      const d = g.reshape(dy, [c.n, 1, c.co / b, pixels(c), b]);
      const y = g.op('FusedMatMul', [a, d], { transA: 1 }, microsoftDomain);
      return filter(g, c, g.transpose(g.reduceSum(y, [0]), [0, 2, 1, 3]));
    },
  },
  ...(['x', 'dy'] as const).map((turned): Formulation => ({
    name: `blocked Conv group=N, ${turned} turned to pixels-as-channels, the other as filter`,
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && pixels(c) % b === 0,
    build: (g, c, { x, dy }, b) => {
      const [p, cp, q, cq] = turned === 'x' ? [x, c.ci, dy, c.co] : [dy, c.co, x, c.ci];
      const size = pixels(c);
      const flat = g.op('ReorderOutput', [p], { channels: cp, channels_last: 0 }, nchwcDomain);
      const across = g.op(
        'ReorderInput',
        [g.reshape(flat, [c.n, 1, cp, size])],
        { channels_last: 1 },
        nchwcDomain,
      );
      const y = g.op(
        'Conv',
        [g.reshape(across, [1, c.n * size, 1, cp]), g.reshape(q, [c.n * cq, size, 1, 1])],
        { kernel_shape: [1, 1], group: c.n },
        nchwcDomain,
      );
      const sum = g.reduceSum(g.reshape(y, [c.n, cq / b, cp, b]), [0]);
      return filter(g, c, g.transpose(sum, turned === 'x' ? [1, 0, 2] : [0, 2, 1]));
    },
  })),
  ...(['x', 'dy'] as const).map((turned): Formulation => ({
    name: `blocked Conv, ${turned} turned to pixels-as-channels, the other as filter by Transpose`,
    piece: 'dw',
    layout: 'nchwc',
    applies: (c, b) => blocked(c, b) && (c.n * pixels(c)) % b === 0,
    build: (g, c, { x, dy }, b) => {
      const [p, cp, q, cq] = turned === 'x' ? [x, c.ci, dy, c.co] : [dy, c.co, x, c.ci];
      const size = c.n * pixels(c);
      const flat = g.op('ReorderOutput', [p], { channels: cp, channels_last: 1 }, nchwcDomain);
      const across = g.op(
        'ReorderInput',
        [g.reshape(flat, [1, size, 1, cp])],
        { channels_last: 0 },
        nchwcDomain,
      );
      const byFilter = g.transpose(g.reshape(q, [c.n, cq / b, pixels(c) * b]), [1, 0, 2]);
      const y = g.op(
        'Conv',
        [across, g.reshape(byFilter, [cq, size, 1, 1])],
        { kernel_shape: [1, 1] },
        nchwcDomain,
      );
      const open = g.reshape(y, [cq / b, cp, b]);
      return filter(g, c, g.transpose(open, turned === 'x' ? [1, 0, 2] : [0, 2, 1]));
    },
  })),
];
