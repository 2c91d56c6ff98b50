import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerOnnxRuntimeBackend } from '../../src/backend/index.ts';

beforeAll(() => registerOnnxRuntimeBackend());

const types = ['float32', 'int32', 'bool'] as const;
type Type = (typeof types)[number];
const values: Readonly<Record<Type, readonly number[]>> = {
  float32: [
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    6,
    7,
    0.1,
    17,
    1e-8,
    -1e-8,
    1e-3,
    -1e-3,
    100,
    -100,
    20,
    -20,
    1e30,
    -1e30,
  ],
  int32: [0, 1, -1, 2, -2, 7, -7, 3, 100, -100, 46340],
  bool: [0, 1],
};

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const unary: Readonly<Record<string, Unary>> = {
  abs: tf.abs,
  acos: tf.acos,
  acosh: tf.acosh,
  asin: tf.asin,
  asinh: tf.asinh,
  atan: tf.atan,
  atanh: tf.atanh,
  ceil: tf.ceil,
  cos: tf.cos,
  cosh: tf.cosh,
  elu: tf.elu,
  erf: tf.erf,
  exp: tf.exp,
  expm1: tf.expm1,
  floor: tf.floor,
  isFinite: tf.isFinite,
  isInf: tf.isInf,
  isNaN: tf.isNaN,
  leakyRelu: tf.leakyRelu,
  log: tf.log,
  log1p: tf.log1p,
  neg: tf.neg,
  reciprocal: tf.reciprocal,
  relu: tf.relu,
  relu6: tf.relu6,
  round: tf.round,
  rsqrt: tf.rsqrt,
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  sign: tf.sign,
  sin: tf.sin,
  sinh: tf.sinh,
  sqrt: tf.sqrt,
  softplus: tf.softplus,
  square: tf.square,
  step: tf.step,
  tan: tf.tan,
  tanh: tf.tanh,
  logSigmoid: tf.logSigmoid,
  max: tf.max,
  min: tf.min,
  sum: tf.sum,
  mean: tf.mean,
  prod: tf.prod,
  clip: (x) => tf.clipByValue(x, -1, 2),
  'cast to float32': (x) => tf.cast(x, 'float32'),
  'cast to int32': (x) => tf.cast(x, 'int32'),
  'cast to bool': (x) => tf.cast(x, 'bool'),
  pad: (x) => tf.pad(x, [[1, 2]], 1),
  reverse: (x) => tf.reverse(x),
};

const binary: Readonly<Record<string, Binary>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  divNoNan: tf.divNoNan,
  mod: tf.mod,
  floorDiv: tf.floorDiv,
  maximum: tf.maximum,
  minimum: tf.minimum,
  pow: tf.pow,
  squaredDifference: tf.squaredDifference,
  equal: tf.equal,
  notEqual: tf.notEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  where: (a, b) => tf.where(tf.greater(a, 0), a, b),
};

/** What tfjs-backend-cpu and this backend differ in by intent: 1 to whatever power is 1 in ONNX and in C. */
const isExcused = (name: string, a: number, b: number | undefined): boolean =>
  name === 'pow' && Math.abs(a) === 1 && !Number.isFinite(b);

interface Result {
  readonly dtype: string;
  readonly numbers: readonly number[];
}

/** A result, or that TensorFlow.js itself wants floats. */
async function on(backend: string, compute: () => tf.Tensor): Promise<Result> {
  await tf.setBackend(backend);
  let result: tf.Tensor;
  try {
    result = tf.tidy(compute);
  } catch (error) {
    if (String(error).includes('must be float32')) return { dtype: 'refused', numbers: [] };
    throw error;
  }
  const numbers = Array.from(await result.data());
  const { dtype } = result;
  result.dispose();
  return { dtype, numbers };
}

const isClose = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-7 + 2e-6 * Math.abs(b);

/** What differs, in words: nothing when nothing does. */
async function differences(
  name: string,
  compute: () => tf.Tensor,
  operandsAt: (index: number) => readonly number[],
): Promise<string[]> {
  const ours = await on('onnxruntime', compute);
  const reference = await on('cpu', compute);
  if (ours.dtype !== reference.dtype) return [`dtype ${ours.dtype} for ${reference.dtype}`];
  if (ours.numbers.length !== reference.numbers.length) return ['another number of elements'];
  return ours.numbers.flatMap((value, index) => {
    const expected = reference.numbers[index] ?? NaN;
    const [a = NaN, b] = operandsAt(index);
    if (isClose(value, expected) || isExcused(name, a, b)) return [];
    return [`${name}(${[a, b].join(', ')}) is ${value}, not ${expected}`];
  });
}

/** Of bools, TensorFlow.js' CPU backend makes bytes: only these have a meaning for them. */
const forBools =
  /^(abs|square|relu|max|min|sum|mean|prod|pad|reverse|cast|maximum|where|.*qual|less|greater)/;

describe('unary operations at the edges of their domains, as tfjs-backend-cpu has them', () => {
  for (const [name, compute] of Object.entries(unary))
    it.each(types.filter((type) => type !== 'bool' || forBools.test(name)))(`${name} of %s`, async (type) => {
      const given = [...values[type]];
      const found = await differences(
        name,
        () => compute(tf.tensor1d(given, type)),
        (index) => [given[index] ?? NaN],
      );
      expect(found).toEqual([]);
    });
});

describe('binary operations on all pairs of such values', () => {
  const pairs = types.flatMap((a) => types.map((b) => [a, b] as const));
  const withMeaning = (name: string) =>
    pairs.filter(([a, b]) => a !== 'bool' || b !== 'bool' || forBools.test(name));
  for (const [name, compute] of Object.entries(binary))
    it.each(withMeaning(name))(`${name} of %s and %s`, async (typeA, typeB) => {
      const [a, b] = [[...values[typeA]], [...values[typeB]]];
      const found = await differences(
        name,
        () => compute(tf.tensor2d(a, [a.length, 1], typeA), tf.tensor2d(b, [1, b.length], typeB)),
        (index) => [a[Math.floor(index / b.length)] ?? NaN, b[index % b.length] ?? NaN],
      );
      expect(found).toEqual([]);
    });
});
