/**
 * Measures every formulation of every piece of a convolution's training step, then whole training steps written by
 * hand, against bare inference. Run by `node scripts/bench-conv-formulations.mjs [--set depthwise|pointwise|dense|steps]
 * [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dense } from './dense.ts';
import { depthwise } from './depthwise.ts';
import { elementwise } from './elementwise.ts';
import type { Formulation, Piece } from './formulation.ts';
import { GraphWriter } from './graph-writer.ts';
import { filterShape, outH, outW, random, type ConvCase } from './layouts.ts';
import { pointwise } from './pointwise.ts';
import { compile, race } from './session.ts';
import { inference, mobileNetV2, resNet50 } from './networks.ts';
import { trainingStep } from './step.ts';
import { operands, verify } from './verify.ts';

interface Row {
  readonly what: string;
  readonly name: string;
  readonly layout: string;
  /** Least processor milliseconds of a run over all threads, and least wall milliseconds. */
  readonly cpu: number;
  readonly wall: number;
  /** Largest error against plain loops on a small case, relative to the largest number. */
  readonly error?: number;
}

/** Channels in a block: 16 on processors with AVX-512. */
const block = 16;
const batch = 16;

type Shape = [
  size: number,
  ci: number,
  co: number,
  k: number,
  stride: number,
  padBefore: number,
  padAfter: number,
];

const make = (isDepthwise: boolean, shapes: readonly Shape[]): ConvCase[] =>
  shapes.map(([size, ci, co, k, stride, padBefore, padAfter]) => ({
    n: batch,
    h: size,
    w: size,
    ci,
    co,
    k,
    stride,
    padBefore,
    padAfter,
    depthwise: isDepthwise,
  }));

const sets: Readonly<Record<string, readonly ConvCase[]>> = {
  depthwise: make(true, [
    [112, 32, 32, 3, 1, 1, 1],
    [112, 96, 96, 3, 2, 0, 1],
    [56, 144, 144, 3, 1, 1, 1],
    [28, 192, 192, 3, 1, 1, 1],
    [14, 384, 384, 3, 1, 1, 1],
    [7, 960, 960, 3, 1, 1, 1],
  ]),
  pointwise: make(false, [
    [112, 16, 96, 1, 1, 0, 0],
    [56, 96, 32, 1, 1, 0, 0],
    [28, 32, 192, 1, 1, 0, 0],
    [14, 576, 96, 1, 1, 0, 0],
    [7, 160, 960, 1, 1, 0, 0],
    [56, 64, 256, 1, 1, 0, 0],
  ]),
  dense: make(false, [
    [56, 64, 64, 3, 1, 1, 1],
    [28, 128, 128, 3, 1, 1, 1],
    [28, 256, 256, 3, 2, 1, 1],
    [7, 512, 512, 3, 1, 1, 1],
  ]),
};

const pieces: readonly Piece[] = ['forward', 'dx', 'dw'];
const formulations = [...depthwise, ...pointwise, ...dense];

function measure(c: ConvCase, piece: Piece): Row[] {
  const candidates = formulations.filter((f) => f.piece === piece && f.applies(c, block));
  const data = {
    x: random(c.n * c.h * c.w * c.ci, 5),
    w: random(
      filterShape(c).reduce((a, b) => a * b, 1),
      6,
    ),
    dy: random(c.n * outH(c) * outW(c) * c.co, 7),
  };
  const sessions = candidates.map((f) => {
    const g = new GraphWriter();
    g.sink(f.build(g, c, operands(g, c, f.layout, data), block), 4);
    return compile(g);
  });
  const times = race(sessions, 120, 3);
  sessions.forEach((session) => session.dispose());
  const what = `${c.depthwise ? 'depthwise ' : ''}${c.k}x${c.k}/${c.stride} ${c.h}x${c.w}x${c.ci}->${c.co} ${piece}`;
  const small: ConvCase = { ...c, n: 16, h: 8, w: 8, ci: 32, co: c.depthwise ? 32 : 48 };
  return candidates
    .map((f: Formulation, i): Row => {
      const { cpu = NaN, wall = NaN } = times[i] ?? {};
      return { what, name: f.name, layout: f.layout, cpu, wall, error: verify(f, small, block) };
    })
    .sort((a, b) => a.cpu - b.cpu);
}

function measureSteps(): Row[] {
  return [mobileNetV2(), resNet50()].flatMap((net, which) => {
    const third = Math.floor((net.layers.length * 2) / 3);
    const graphs: readonly [string, () => GraphWriter][] = [
      ['bare inference', () => inference(net, batch, 10)],
      ['forward, variable filters', () => trainingStep(net, batch, 10, block, { forwardOnly: true })],
      ['full step', () => trainingStep(net, batch, 10, block)],
      ['step of the last third', () => trainingStep(net, batch, 10, block, { from: third })],
    ];
    const sessions = graphs.map(([, build]) => compile(build()));
    const times = race(sessions, 1500, 3);
    sessions.forEach((session) => session.dispose());
    return graphs.map(([name], i): Row => {
      const { cpu = NaN, wall = NaN } = times[i] ?? {};
      return { what: which === 0 ? 'MobileNetV2' : 'ResNet-50', name, layout: 'nchwc', cpu, wall };
    });
  });
}

const { values } = parseArgs({ options: { set: { type: 'string' }, json: { type: 'string' } } });
const wanted = (name: string): boolean => values.set === undefined || values.set === name;
const rows: Row[] = [];
let heading = '';
const print = (more: readonly Row[]): void => {
  for (const row of more) {
    rows.push(row);
    if (row.what !== heading) console.log((heading = row.what));
    const error = row.error === undefined ? '' : `  error ${row.error.toExponential(0)}`;
    console.log(
      `  cpu ${row.cpu.toFixed(2).padStart(9)} ms  wall ${row.wall.toFixed(2).padStart(9)} ms  ${row.layout.padEnd(5)}  ${row.name}${error}`,
    );
  }
};
for (const [name, cases] of Object.entries(sets))
  if (wanted(name)) for (const c of cases) for (const piece of pieces) print(measure(c, piece));
if (wanted('elementwise')) print(elementwise());
if (wanted('steps')) print(measureSteps());
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ block, batch, rows }, null, 1));
