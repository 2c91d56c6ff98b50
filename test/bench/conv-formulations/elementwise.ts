/** What surrounds convolutions: masks of activations, sums, reorders, on [16, 192, 28, 28]. */
import { floats, GraphWriter, nchwcDomain, type Value } from './graph-writer.ts';
import { random } from './layouts.ts';
import { compile, race } from './session.ts';

interface Timed {
  readonly what: string;
  readonly name: string;
  readonly layout: string;
  readonly cpu: number;
  readonly wall: number;
}

const [n, c, size] = [16, 192, 28];
const large = 2 ** 120;

const above = (g: GraphWriter, a: Value): Value => g.op('Greater', [a, g.scalar(0)]);
const inside = (g: GraphWriter, a: Value): Value =>
  g.op('And', [above(g, a), g.op('Less', [a, g.scalar(6)])]);
const asFloat = (g: GraphWriter, a: Value): Value => g.op('Cast', [a], { to: 1 });
const bump = (g: GraphWriter, a: Value): Value => g.op('Mul', [a, g.op('Sub', [g.scalar(6), a])]);
const steep = (g: GraphWriter, a: Value): Value =>
  g.op('HardSigmoid', [a], { alpha: floats(large), beta: floats(0) });

/** a: an activation; dy: a gradient, both [n, c, size, size]. */
const forms: Readonly<Record<string, (g: GraphWriter, a: Value, dy: Value) => Value>> = {
  'Mul by a number': (g, a) => g.op('Mul', [a, g.scalar(2)]),
  Clip: (g, a) => g.op('Clip', [a, g.scalar(0), g.scalar(6)]),
  Add: (g, a, dy) => g.op('Add', [a, dy]),
  Sum: (g, a, dy) => g.op('Sum', [a, dy]),
  Mul: (g, a, dy) => g.op('Mul', [a, dy]),
  'ReLU6 gradient: Where(And)': (g, a, dy) => g.op('Where', [inside(g, a), dy, g.scalar(0)]),
  'ReLU6 gradient: Mul(Cast(And))': (g, a, dy) => g.op('Mul', [dy, asFloat(g, inside(g, a))]),
  'ReLU6 gradient: Mul(Sign(a * (6 - a)))': (g, a, dy) => g.op('Mul', [dy, g.op('Sign', [bump(g, a)])]),
  'ReLU6 gradient: Mul(HardSigmoid(a * (6 - a)))': (g, a, dy) => g.op('Mul', [dy, steep(g, bump(g, a))]),
  'ReLU6 gradient: Mul(HardSigmoid twice(a * (6 - a)))': (g, a, dy) =>
    g.op('Mul', [dy, steep(g, steep(g, bump(g, a)))]),
  'ReLU6 gradient: Mul(Mul(HardSigmoid, Cast(Less)))': (g, a, dy) =>
    g.op('Mul', [dy, g.op('Mul', [steep(g, a), asFloat(g, g.op('Less', [a, g.scalar(6)]))])]),
  'ReLU6 gradient: Mul(Where(Greater, 0, HardSigmoid))': (g, a, dy) =>
    g.op('Mul', [dy, g.op('Where', [g.op('Greater', [a, g.scalar(6)]), g.scalar(0), steep(g, a)])]),
  'ReLU gradient: Mul(HardSigmoid)': (g, a, dy) => g.op('Mul', [dy, steep(g, a)]),
  'ReLU gradient: Mul(HardSigmoid twice)': (g, a, dy) => g.op('Mul', [dy, steep(g, steep(g, a))]),
  'ReLU gradient: Mul(Ceil(Clip))': (g, a, dy) =>
    g.op('Mul', [dy, g.op('Ceil', [g.op('Clip', [a, g.scalar(0), g.scalar(1)])])]),
  'ReLU gradient: Mul(Sign)': (g, a, dy) => g.op('Mul', [dy, g.op('Sign', [a])]),
  'ReLU gradient: Where(Greater)': (g, a, dy) => g.op('Where', [above(g, a), dy, g.scalar(0)]),
  'ReLU gradient: Mul(Cast(Greater))': (g, a, dy) => g.op('Mul', [dy, asFloat(g, above(g, a))]),
  'factor and bias of channels, blocked, Mul and Add': (g, a) => {
    const vector = g.input([1, c / 16, 1, 1, 16], random(c, 3));
    const open = g.reshape(a, [n, c / 16, size, size, 16]);
    return g.reshape(g.op('Add', [g.op('Mul', [open, vector]), vector]), [n, c, size, size]);
  },
  'factor and bias of channels, blocked, depthwise 1x1 Conv': (g, a) => {
    const vector = g.input([c], random(c, 3));
    const filter = g.reshape(vector, [c, 1, 1, 1]);
    return g.op('Conv', [a, filter, vector], { kernel_shape: [1, 1], group: c }, nchwcDomain);
  },
  'factor and bias of channels, NCHW, Mul and Add': (g, a) => {
    const vector = g.input([1, c, 1, 1], random(c, 3));
    return g.op('Add', [g.op('Mul', [a, vector]), vector]);
  },
  'sum of channels, blocked, ReduceSum over two axes': (g, a) =>
    g.reshape(g.reduceSum(g.reshape(a, [n, c / 16, size * size, 16]), [0, 2]), [1, 1, 1, c]),
  'sum of channels, blocked, ReduceSum in two steps': (g, a) => {
    const perPhoto = g.reduceSum(g.reshape(a, [(n * c) / 16, size * size, 16]), [1]);
    return g.reshape(g.reduceSum(g.reshape(perPhoto, [n, c]), [0]), [1, 1, 1, c]);
  },
  'sum of channels, blocked, GlobalAveragePool': (g, a) => {
    const means = g.op('GlobalAveragePool', [a], {}, nchwcDomain);
    return g.reshape(g.reduceSum(g.reshape(means, [n, c]), [0]), [1, 1, 1, c]);
  },
  'blocked to NHWC, Transpose': (g, a) =>
    g.reshape(g.transpose(g.reshape(a, [n, c / 16, size * size, 16]), [0, 2, 1, 3]), [n, size, size, c]),
  'blocked to NHWC, ReorderOutput': (g, a) =>
    g.op('ReorderOutput', [a], { channels: c, channels_last: 1 }, nchwcDomain),
  'blocked to NCHW, ReorderOutput': (g, a) =>
    g.op('ReorderOutput', [a], { channels: c, channels_last: 0 }, nchwcDomain),
};

/** Times all of them in turns. */
export function elementwise(): Timed[] {
  const a = random(n * c * size * size, 1).map((v) => Math.min(6, Math.max(0, v * 8)));
  const dy = random(a.length, 2);
  const sessions = Object.values(forms).map((build) => {
    const g = new GraphWriter();
    const dims = [n, c, size, size];
    g.sink(build(g, g.input(dims, a), g.input(dims, dy)), 4);
    return compile(g);
  });
  const times = race(sessions, 100, 5);
  sessions.forEach((session) => session.dispose());
  return Object.keys(forms).map((name, i) => {
    const { cpu = NaN, wall = NaN } = times[i] ?? {};
    return { what: `around convolutions, ${n}x${size}x${size}x${c}`, name, layout: '', cpu, wall };
  });
}
