import { GraphWriter } from './graph-writer.ts';
import type { Formulation, Operands } from './formulation.ts';
import {
  declaredShape,
  filterShape,
  outH,
  outW,
  reference,
  relayout,
  type ConvCase,
  type Layout,
} from './layouts.ts';
import { compile } from './session.ts';

type Dims = readonly [number, number, number, number];
const xDims = (c: ConvCase): Dims => [c.n, c.h, c.w, c.ci];
const yDims = (c: ConvCase): Dims => [c.n, outH(c), outW(c), c.co];

export function operands(
  g: GraphWriter,
  c: ConvCase,
  layout: Layout,
  data: { x: Float32Array; w: Float32Array; dy: Float32Array },
): Operands {
  return {
    x: g.input(declaredShape(layout, ...xDims(c)), data.x),
    w: g.input(filterShape(c), data.w),
    dy: g.input(declaredShape(layout, ...yDims(c)), data.dy),
  };
}

/** The largest error of a formulation on a small case, relative to the largest number of the reference. */
export function verify(f: Formulation, c: ConvCase, block: number): number {
  const r = reference(c);
  const g = new GraphWriter();
  const into = (data: Float32Array, dims: Dims): Float32Array =>
    relayout(data, 'nhwc', f.layout, dims, block);
  const result = f.build(
    g,
    c,
    operands(g, c, f.layout, { x: into(r.x, xDims(c)), w: r.w, dy: into(r.dy, yDims(c)) }),
    block,
  );
  const expected = f.piece === 'dw' ? r.dw : f.piece === 'dx' ? into(r.dx, xDims(c)) : into(r.y, yDims(c));
  const dims =
    f.piece === 'dw' ? filterShape(c) : declaredShape(f.layout, ...(f.piece === 'dx' ? xDims(c) : yDims(c)));
  g.output(result, dims);
  // Outputs keep their declared shape; nothing else of the graph matters here.
  const session = compile(g);
  const [actual = new Float32Array(0)] = session.run();
  session.dispose();
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
    error = Math.max(error, Math.abs((expected[i] ?? 0) - (actual[i] ?? NaN)));
    if (Number.isNaN(actual[i])) return NaN;
  }
  return error / largest;
}
