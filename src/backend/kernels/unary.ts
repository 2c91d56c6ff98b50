/** Element by element, one operand: any layout passes through. */
import type { Graph } from '../graph/graph.ts';
import { float } from '../graph/operations.ts';
import type { Value } from '../graph/value.ts';
import { castLikeJs, inFloat } from './cast.ts';
import type { Kernel, Table } from './kernel.ts';
import { step } from './step.ts';

const floatOp =
  (op: string): Kernel =>
  (g, inputs) =>
    inFloat(g, [inputs.get('x')], (x) => g.map(op, x));

const floatKernel =
  (compute: (g: Graph, x: Value) => Value): Kernel =>
  (g, inputs) =>
    inFloat(g, [inputs.get('x')], (x) => compute(g, x));

/** Operations that ONNX has for int32 too; a bool is computed as int32. */
const numberOp =
  (op: string): Kernel =>
  (g, inputs) => {
    const x = inputs.get('x');
    return x.type === 'bool' ? g.cast(g.map(op, g.cast(x, 'int32')), 'bool') : g.map(op, x);
  };

const identityOnIntegers =
  (op: string): Kernel =>
  (g, inputs) => {
    const x = inputs.get('x');
    return x.type === 'float32' ? g.map(op, x) : x;
  };

export const clip = (g: Graph, x: Value, min: number, max: number): Value =>
  g.map('Clip', x, { literals: [g.scalar(x.type, min), g.scalar(x.type, max)] });

const test =
  (op: string, onIntegers: number): Kernel =>
  (g, inputs) => {
    const x = inputs.get('x');
    if (x.type !== 'float32') return g.uniform('bool', onIntegers, x.shape);
    return g.map(op, x, { type: 'bool' });
  };

export const unaryKernels: Table = {
  Abs: numberOp('Abs'),
  Neg: numberOp('Neg'),
  Acos: floatOp('Acos'),
  Acosh: floatOp('Acosh'),
  Asin: floatOp('Asin'),
  Asinh: floatOp('Asinh'),
  Atan: floatOp('Atan'),
  Atanh: floatOp('Atanh'),
  Ceil: identityOnIntegers('Ceil'),
  Floor: identityOnIntegers('Floor'),
  Round: identityOnIntegers('Round'),
  Cos: floatOp('Cos'),
  Cosh: floatOp('Cosh'),
  Sin: floatOp('Sin'),
  Sinh: floatOp('Sinh'),
  // ONNX Runtime's own Tan is off by a unit in the last place where it is steep.
  Tan: floatKernel((g, x) => {
    const precise = g.cast(x, 'float64');
    return g.cast(g.zip('Div', [g.map('Sin', precise), g.map('Cos', precise)]), 'float32');
  }),
  Tanh: floatOp('Tanh'),
  Elu: floatOp('Elu'),
  Erf: floatOp('Erf'),
  // The one operation of its kind that makes floats of integers, some of them large: rounded once.
  Exp: (g, inputs) => {
    const x = inputs.get('x');
    if (x.type === 'float32') return g.map('Exp', x);
    return g.cast(g.map('Exp', g.cast(x, 'float64')), 'float32');
  },
  // In float64, where 1 doesn't swallow what is small.
  Expm1: floatKernel((g, x) => {
    const exp = g.map('Exp', g.cast(x, 'float64'));
    return g.cast(g.zip('Sub', [exp, g.scalar('float64', 1)]), 'float32');
  }),
  Log: floatOp('Log'),
  Log1p: floatKernel((g, x) => {
    const sum = g.zip('Add', [g.cast(x, 'float64'), g.scalar('float64', 1)]);
    return g.cast(g.map('Log', sum), 'float32');
  }),
  Reciprocal: floatOp('Reciprocal'),
  Rsqrt: floatKernel((g, x) => g.map('Reciprocal', g.map('Sqrt', x))),
  Selu: floatOp('Selu'),
  Sigmoid: floatOp('Sigmoid'),
  Softplus: floatOp('Softplus'),
  Sqrt: floatOp('Sqrt'),
  Sign: (g, inputs) => {
    const x = inputs.get('x');
    if (x.type === 'bool') return x;
    if (x.type === 'int32') return g.map('Sign', x);
    // NaN has the sign 0 here, unlike in ONNX.
    const above = g.cast(g.zip('Greater', [x, g.f32(0)], 'bool'), 'float32');
    const below = g.cast(g.zip('Less', [x, g.f32(0)], 'bool'), 'float32');
    return g.zip('Sub', [above, below]);
  },
  Square: (g, inputs) => {
    const x = inputs.get('x');
    return x.type === 'bool' ? x : g.zip('Mul', [x, x]);
  },
  Step: (g, inputs, attrs) => inFloat(g, [inputs.get('x')], (x) => step(g, x, attrs.number('alpha', 0))),
  Relu: numberOp('Relu'),
  Relu6: floatKernel((g, x) => clip(g, x, 0, 6)),
  LeakyRelu: (g, inputs, attrs) =>
    g.map('LeakyRelu', g.cast(inputs.get('x'), 'float32'), {
      attributes: { alpha: float(attrs.number('alpha', 0.2)) },
    }),
  ClipByValue: (g, inputs, attrs) => {
    const min = attrs.number('clipValueMin');
    const max = attrs.number('clipValueMax');
    return inFloat(g, [inputs.get('x')], (x) => clip(g, x, min, max));
  },
  IsNan: test('IsNaN', 0),
  IsInf: test('IsInf', 0),
  IsFinite: (g, inputs) => {
    const x = inputs.get('x');
    if (x.type !== 'float32') return g.uniform('bool', 1, x.shape);
    return g.zip('Less', [g.map('Abs', x), g.f32(Infinity)], 'bool');
  },
  LogicalNot: (g, inputs) => g.map('Not', castLikeJs(g, inputs.get('x'), 'bool')),
};
