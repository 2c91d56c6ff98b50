import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { importTflite, tfliteInputNormalization } from '../../../src/engine/graph/import-tflite.ts';
import { buildTflite, oneOperator, ramp } from './tflite-fixture.ts';
import type { Field, OperatorSpec, TensorSpec } from './tflite-fixture.ts';

const same = 0;
const valid = 1;
const conv = (padding: number, stride: number, activation = 0): Field[] => [
  [0, 'int8', padding],
  [1, 'int32', stride],
  [2, 'int32', stride],
  [3, 'int8', activation],
];
const depthwise = (padding: number, stride: number): Field[] => [
  [0, 'int8', padding],
  [1, 'int32', stride],
  [2, 'int32', stride],
];
const poolOf = (padding: number, stride: number, window: number): Field[] => [
  [0, 'int8', padding],
  [1, 'int32', stride],
  [2, 'int32', stride],
  [3, 'int32', window],
  [4, 'int32', window],
];

/** The network's first result for one input, computed by ONNX Runtime. */
async function run(graph: ModelGraph, input: number[]): Promise<number[]> {
  const session = await createSession(exportOnnx(graph), { threads: 1 });
  const [result = new Float32Array()] = await session.run(Float32Array.from(input), [
    1,
    ...graph.input.shape,
  ]);
  await session.release();
  return [...result];
}

const errorOf = (bytes: Uint8Array): HolotypeError => {
  try {
    importTflite(bytes);
  } catch (error) {
    if (error instanceof HolotypeError) return error;
    throw error;
  }
  throw new Error('no error');
};

const count = (n: number, f: (i: number) => number = (i) => i): number[] =>
  Array.from({ length: n }, (_, i) => f(i));

/** A 3x3 image of one channel, 1 to 9. */
const image = { shape: [1, 3, 3, 1] };

describe('importTflite, float', () => {
  it('pads a SAME convolution of stride 2 at the end when one pixel is odd', async () => {
    const bytes = oneOperator({
      op: 'CONV_2D',
      input: { shape: [1, 4, 4, 1] },
      constants: [{ shape: [1, 3, 3, 1], data: new Float32Array(9).fill(1) }],
      output: { shape: [1, 2, 2, 1] },
      fields: conv(same, 2),
    });
    const graph = importTflite(bytes);
    expect(graph.nodes).toMatchObject([{ op: 'conv2d', pads: [0, 0, 1, 1], strides: [2, 2], groups: 1 }]);
    // 1 to 16 in rows of four; the windows start at (0, 0), (0, 2), (2, 0), (2, 2) and are cut off at the end.
    const expected = [
      1 + 2 + 3 + 5 + 6 + 7 + 9 + 10 + 11,
      3 + 4 + 7 + 8 + 11 + 12,
      9 + 10 + 11 + 13 + 14 + 15,
      11 + 12 + 15 + 16,
    ];
    expect(
      await run(
        graph,
        count(16, (i) => i + 1),
      ),
    ).toEqual(expected);
  });

  it('turns [cout, kh, kw, cin] kernels round and adds the bias and the fused ReLU6', async () => {
    const bytes = oneOperator({
      op: 'CONV_2D',
      input: { shape: [1, 1, 1, 2] },
      constants: [
        { shape: [3, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4, -1, -1) },
        { shape: [3], data: Float32Array.of(0.5, 0, 1) },
      ],
      output: { shape: [1, 1, 1, 3] },
      fields: conv(valid, 1, 3),
    });
    const graph = importTflite(bytes);
    expect(graph.nodes.map(({ op, name }) => [op, name])).toEqual([
      ['conv2d', 'out/linear'],
      ['activation', 'out'],
    ]);
    // (1 + 2*2 + 0.5, 3 + 4*2, -1 - 2 + 1) clipped to 0..6
    expect(await run(graph, [1, 2])).toEqual([5.5, 6, 0]);
  });

  it('reads grouped convolutions', async () => {
    const graph = importTflite(
      oneOperator({
        op: 'CONV_2D',
        input: { shape: [1, 1, 1, 4] },
        constants: [{ shape: [2, 1, 1, 2], data: Float32Array.of(1, 10, 100, 1000) }],
        output: { shape: [1, 1, 1, 2] },
        fields: conv(valid, 1),
      }),
    );
    expect(graph.nodes).toMatchObject([{ op: 'conv2d', groups: 2 }]);
    expect(await run(graph, [1, 2, 3, 4])).toEqual([21, 4300]);
  });

  it('keeps the order of depthwise kernels with a multiplier', async () => {
    const graph = importTflite(
      oneOperator({
        op: 'DEPTHWISE_CONV_2D',
        input: { shape: [1, 1, 1, 2] },
        constants: [{ shape: [1, 1, 1, 4], data: Float32Array.of(1, 2, 3, 4) }],
        output: { shape: [1, 1, 1, 4] },
        fields: depthwise(valid, 1),
      }),
    );
    expect(graph.weights.get('out/kernel')?.shape).toEqual([1, 1, 2, 2]);
    expect(await run(graph, [10, 100])).toEqual([10, 20, 300, 400]);
  });

  it('dilates', () => {
    const bytes = oneOperator({
      op: 'CONV_2D',
      input: { shape: [1, 8, 8, 1] },
      constants: [{ ...ramp([1, 3, 3, 1]) }],
      output: { shape: [1, 8, 8, 1] },
      fields: [...conv(same, 1), [4, 'int32', 2], [5, 'int32', 3]],
    });
    expect(importTflite(bytes).nodes).toMatchObject([{ dilations: [3, 2], pads: [3, 2, 3, 2] }]);
  });

  it('leaves padded positions out of the mean of an average pool', async () => {
    const graph = importTflite(
      oneOperator({
        op: 'AVERAGE_POOL_2D',
        input: image,
        output: { shape: [1, 2, 2, 1] },
        fields: poolOf(same, 2, 2),
      }),
    );
    expect(graph.nodes).toMatchObject([{ op: 'average-pool', pads: [0, 0, 1, 1], countPadding: false }]);
    expect(
      await run(
        graph,
        count(9, (i) => i + 1),
      ),
    ).toEqual([3, 4.5, 7.5, 9]);
  });

  it('calls a pool over everything what it is', () => {
    const bytes = oneOperator({
      op: 'AVERAGE_POOL_2D',
      input: image,
      output: { shape: [1, 1, 1, 1] },
      fields: poolOf(valid, 1, 3),
    });
    expect(importTflite(bytes).nodes).toMatchObject([{ op: 'global-average-pool', keepDims: true }]);
  });

  it('pools maxima', async () => {
    const graph = importTflite(
      oneOperator({
        op: 'MAX_POOL_2D',
        input: image,
        output: { shape: [1, 2, 2, 1] },
        fields: poolOf(valid, 1, 2),
      }),
    );
    expect(
      await run(
        graph,
        count(9, (i) => -i - 1),
      ),
    ).toEqual([-1, -2, -4, -5]);
  });

  it('reads MEAN over height and width, with negative axes too', async () => {
    for (const axes of [
      [1, 2],
      [-2, -3],
    ]) {
      const graph = importTflite(
        oneOperator({
          op: 'MEAN',
          input: image,
          constants: [{ shape: [2], type: 'int32', data: Int32Array.from(axes) }],
          output: { shape: [1, 1] },
        }),
      );
      expect(
        await run(
          graph,
          count(9, (i) => i + 1),
        ),
      ).toEqual([5]);
    }
  });

  it('flattens in front of a dense layer whose weights are [out, in]', async () => {
    const graph = importTflite(
      oneOperator({
        op: 'FULLY_CONNECTED',
        input: { shape: [1, 1, 2, 1] },
        constants: [
          { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
          { shape: [3], data: Float32Array.of(10, 20, 30) },
        ],
        output: { shape: [1, 3] },
      }),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['reshape', 'dense']);
    expect(await run(graph, [1, 10])).toEqual([31, 63, 95]);
  });

  it.each<[string, 'ADD' | 'SUB' | 'MUL' | 'DIV', number[]]>([
    ['ADD', 'ADD', [3, 8]],
    ['SUB', 'SUB', [-1, 0]],
    ['MUL', 'MUL', [2, 16]],
    ['DIV', 'DIV', [0.5, 1]],
  ])('does %s with a constant per channel', async (_, op, expected) => {
    const graph = importTflite(
      oneOperator({
        op,
        input: { shape: [1, 1, 1, 2] },
        constants: [{ shape: [2], data: Float32Array.of(2, 4) }],
        output: { shape: [1, 1, 1, 2] },
      }),
    );
    expect(graph.nodes).toMatchObject([{ op: 'affine' }]);
    expect(await run(graph, [1, 4])).toEqual(expected);
  });

  it('pads, concatenates, adds and multiplies branches', async () => {
    const float = (name: string, shape: number[]): TensorSpec => ({ name, shape });
    const operators: OperatorSpec[] = [
      { op: 'PAD', inputs: [0, 1], outputs: [2] },
      { op: 'ADD', inputs: [2, 2], outputs: [3], options: [[0, 'int8', 1]] },
      { op: 'MUL', inputs: [2, 3], outputs: [4] },
      { op: 'CONCATENATION', inputs: [3, 4], outputs: [5], options: [[0, 'int32', 3]] },
    ];
    const graph = importTflite(
      buildTflite({
        tensors: [
          float('in', [1, 1, 1, 1]),
          { name: 'pads', shape: [4, 2], type: 'int32', data: Int32Array.of(0, 0, 1, 0, 0, 1, 0, 0) },
          float('padded', [1, 2, 2, 1]),
          float('sum', [1, 2, 2, 1]),
          float('product', [1, 2, 2, 1]),
          float('both', [1, 2, 2, 2]),
        ],
        inputs: [0],
        outputs: [5],
        operators,
      }),
    );
    // [[0, 0], [3, 0]] doubled beside its own product with that
    expect(graph.nodes.find(({ op }) => op === 'pad')).toMatchObject({ pads: [1, 0, 0, 1], value: 0 });
    expect(await run(graph, [3])).toEqual([0, 0, 0, 0, 6, 18, 0, 0]);
  });

  it('reshapes to what the file says of the result, with a computed shape operand or a lost batch axis', async () => {
    const graph = importTflite(
      buildTflite({
        tensors: [
          { name: 'in', shape: [1, 1, 1, 3] },
          { name: 'shape', shape: [4], type: 'int32' },
          { name: 'flat', shape: [1, 3] },
          { name: 'p', shape: [1, 3] },
          { name: 'squeezed', shape: [3] },
        ],
        inputs: [0],
        outputs: [4],
        operators: [
          { op: 'SHAPE', inputs: [0], outputs: [1] },
          { op: 'RESHAPE', inputs: [0, 1], outputs: [2] },
          { op: 'SOFTMAX', inputs: [2], outputs: [3], options: [[0, 'float32', 1]] },
          { op: 'SQUEEZE', inputs: [3], outputs: [4] },
        ],
      }),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['reshape', 'activation']);
    const result = await run(graph, [0, 0, Math.log(2)]);
    [0.25, 0.25, 0.5].forEach((p, i) => expect(result[i]).toBeCloseTo(p, 6));
  });

  it.each<[string, Parameters<typeof oneOperator>[0]['op'], Field[], (x: number) => number]>([
    ['RELU', 'RELU', [], (x) => Math.max(0, x)],
    ['RELU6', 'RELU6', [], (x) => Math.min(6, Math.max(0, x))],
    ['LOGISTIC', 'LOGISTIC', [], (x) => 1 / (1 + Math.exp(-x))],
    ['HARD_SWISH', 'HARD_SWISH', [], (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6],
    ['LEAKY_RELU', 'LEAKY_RELU', [[0, 'float32', 0.25]], (x) => (x < 0 ? 0.25 * x : x)],
  ])('computes %s', async (_, op, fields, f) => {
    const shape = [1, 1, 5, 1];
    const input = [-4, -1, 0, 2, 9];
    const result = await run(
      importTflite(oneOperator({ op, input: { shape }, output: { shape }, fields })),
      input,
    );
    input.forEach((x, i) => expect(result[i]).toBeCloseTo(f(x), 5));
  });

  it('reads float16 weights behind their DEQUANTIZE', async () => {
    const graph = importTflite(
      buildTflite({
        tensors: [
          { name: 'in', shape: [1, 1, 1, 1] },
          // 1.5, -2, 65504 (the largest), 2^-24 (the smallest)
          {
            name: 'half',
            shape: [4, 1, 1, 1],
            type: 'float16',
            data: Uint16Array.of(0x3e00, 0xc000, 0x7bff, 1),
          },
          { name: 'kernel', shape: [4, 1, 1, 1] },
          { name: 'out', shape: [1, 1, 1, 4] },
        ],
        inputs: [0],
        outputs: [3],
        operators: [
          { op: 'DEQUANTIZE', inputs: [1], outputs: [2] },
          { op: 'CONV_2D', inputs: [0, 2], outputs: [3], options: conv(valid, 1) },
        ],
      }),
    );
    expect(await run(graph, [1])).toEqual([1.5, -2, 65504, 2 ** -24]);
  });
});

describe('importTflite, quantized', () => {
  const quantizedConv = (output: Partial<TensorSpec>, fused = 0): Uint8Array =>
    oneOperator({
      op: 'CONV_2D',
      input: { shape: [1, 1, 1, 2], type: 'uint8', scale: [0.5], zeroPoint: [100] },
      constants: [
        {
          shape: [2, 1, 1, 2],
          type: 'uint8',
          data: Uint8Array.of(130, 126, 128, 120),
          scale: [0.25],
          zeroPoint: [128],
        },
        { shape: [2], type: 'int32', data: Int32Array.of(8, -16), scale: [0.125] },
      ],
      output: { shape: [1, 1, 1, 2], type: 'uint8', scale: [0.1], zeroPoint: [0], ...output },
      fields: conv(valid, 1, fused),
    });

  it('makes real numbers of weights and biases', () => {
    const { weights } = importTflite(quantizedConv({}));
    // (q - 128) * 0.25, as [kh, kw, cin, cout]
    expect([...(weights.get('out/kernel')?.data ?? [])]).toEqual([0.5, 0, -0.5, -2]);
    expect([...(weights.get('out/bias')?.data ?? [])]).toEqual([1, -2]);
  });

  it('takes a zero point at the lowest code for a ReLU', async () => {
    const graph = importTflite(quantizedConv({}));
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'activation', kind: 'relu' });
    // 0.5*2 - 0.5*4 + 1 = 0; -2*4 - 2 = -10
    expect(await run(graph, [2, 4])).toEqual([0, 0]);
    expect(await run(graph, [8, -6])).toEqual([8, 10]);
  });

  it('takes a range of 0 to 6 for a ReLU6', async () => {
    const graph = importTflite(quantizedConv({ scale: [0.023528477] }));
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'activation', kind: 'relu6' });
    expect(await run(graph, [8, -6])).toEqual([6, 6]);
  });

  it('knows the lowest code of int8', () => {
    const int8 = (zeroPoint: number, scale: number) =>
      importTflite(quantizedConv({ type: 'int8', zeroPoint: [zeroPoint], scale: [scale] })).nodes.at(-1);
    expect(int8(-128, 0.1)).toMatchObject({ kind: 'relu' });
    expect(int8(-128, 6 / 255)).toMatchObject({ kind: 'relu6' });
    expect(int8(0, 0.1)).toMatchObject({ op: 'conv2d' });
  });

  it('adds no activation where the range reaches below zero, and none beside a fused one', () => {
    expect(importTflite(quantizedConv({ zeroPoint: [120] })).nodes.map(({ op }) => op)).toEqual(['conv2d']);
    expect(importTflite(quantizedConv({}, 3)).nodes.map((node) => 'kind' in node && node.kind)).toEqual([
      false,
      'relu6',
    ]);
  });

  it('reads weights quantized by channel, and a bias without a scale of its own', () => {
    const { weights } = importTflite(
      oneOperator({
        op: 'CONV_2D',
        input: { shape: [1, 1, 1, 2], type: 'int8', scale: [0.5], zeroPoint: [0] },
        constants: [
          { shape: [2, 1, 1, 2], type: 'int8', data: Int8Array.of(10, -20, 30, -40), scale: [0.5, 2] },
          { shape: [2], type: 'int32', data: Int32Array.of(4, 4) },
        ],
        output: { shape: [1, 1, 1, 2], type: 'int8', scale: [1], zeroPoint: [3] },
        fields: conv(valid, 1),
      }),
    );
    expect([...(weights.get('out/kernel')?.data ?? [])]).toEqual([5, 60, -10, -80]);
    expect([...(weights.get('out/bias')?.data ?? [])]).toEqual([1, 4]);
  });

  it('scales a depthwise kernel along its last axis', () => {
    const { weights } = importTflite(
      oneOperator({
        op: 'DEPTHWISE_CONV_2D',
        input: { shape: [1, 1, 2, 2], type: 'int8', scale: [1], zeroPoint: [0] },
        constants: [
          { shape: [1, 1, 2, 2], type: 'int8', data: Int8Array.of(1, 1, 2, 2), scale: [10, 100], axis: 3 },
        ],
        output: { shape: [1, 1, 1, 2], type: 'int8', scale: [1], zeroPoint: [3] },
        fields: depthwise(valid, 1),
      }),
    );
    expect([...(weights.get('out/kernel')?.data ?? [])]).toEqual([10, 100, 20, 200]);
  });

  it('is the real network within half a step of its codes, whatever the numbers', async () => {
    const codes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 18, maxLength: 18 });
    await fc.assert(
      fc.asyncProperty(codes, fc.integer({ min: 1, max: 255 }), async (weights, zeroPoint) => {
        const graph = importTflite(
          oneOperator({
            op: 'CONV_2D',
            input: { shape: [1, 3, 3, 2], type: 'uint8', scale: [1 / 128], zeroPoint: [128] },
            constants: [
              {
                shape: [1, 3, 3, 2],
                type: 'uint8',
                data: Uint8Array.from(weights),
                scale: [0.01],
                zeroPoint: [zeroPoint],
              },
            ],
            output: { shape: [1, 1, 1, 1], type: 'uint8', scale: [1], zeroPoint: [128] },
            fields: conv(valid, 1),
          }),
        );
        const pixels = count(18, (i) => (i * 37) % 256);
        // What the 8-bit kernel accumulates: sum of (x - zx)(w - zw), in integers.
        const accumulated = pixels.reduce(
          (sum, x, i) => sum + (x - 128) * ((weights[i] ?? 0) - zeroPoint),
          0,
        );
        const [result = Number.NaN] = await run(
          graph,
          pixels.map((x) => (x - 128) / 128),
        );
        expect(result).toBeCloseTo((accumulated / 128) * 0.01, 3);
      }),
      { numRuns: 15 },
    );
  });

  it('passes QUANTIZE and DEQUANTIZE of results by', () => {
    const graph = importTflite(
      buildTflite({
        tensors: [
          { name: 'in', shape: [1, 1, 1, 2] },
          { name: 'codes', shape: [1, 1, 1, 2], type: 'uint8', scale: [1 / 127.5], zeroPoint: [127] },
          { name: 'out', shape: [1, 1, 1, 2], type: 'uint8', scale: [0.1], zeroPoint: [9] },
          { name: 'real', shape: [1, 1, 1, 2] },
        ],
        inputs: [0],
        outputs: [3],
        operators: [
          { op: 'QUANTIZE', inputs: [0], outputs: [1] },
          { op: 'HARD_SWISH', inputs: [1], outputs: [2] },
          { op: 'DEQUANTIZE', inputs: [2], outputs: [3] },
        ],
      }),
    );
    expect(graph.nodes).toEqual([{ op: 'activation', kind: 'hard-swish', name: 'out', inputs: ['in'] }]);
    expect(graph.outputs).toEqual(['out']);
  });
});

describe('tfliteInputNormalization', () => {
  const withInput = (input: Omit<TensorSpec, 'name' | 'shape'>): Uint8Array =>
    oneOperator({ op: 'RELU', input: { shape: [1, 1, 1, 3], ...input }, output: { shape: [1, 1, 1, 3] } });

  it('reads uint8 inputs as they are and int8 inputs as pixels minus 128', () => {
    expect(
      tfliteInputNormalization(withInput({ type: 'uint8', scale: [1 / 128], zeroPoint: [127] })),
    ).toEqual({
      mean: [127, 127, 127],
      std: [128, 128, 128],
    });
    expect(tfliteInputNormalization(withInput({ type: 'int8', scale: [1 / 128], zeroPoint: [-1] }))).toEqual({
      mean: [127, 127, 127],
      std: [128, 128, 128],
    });
  });

  it('says nothing of float inputs, unless the network quantizes them first thing', () => {
    expect(tfliteInputNormalization(withInput({}))).toBeUndefined();
    const inside = oneOperator({
      op: 'QUANTIZE',
      input: { shape: [1, 1, 1, 3] },
      output: { shape: [1, 1, 1, 3], type: 'uint8', scale: [1 / 64], zeroPoint: [10] },
    });
    expect(tfliteInputNormalization(inside)?.std).toEqual([64, 64, 64]);
    expect(tfliteInputNormalization(inside)?.mean).toEqual([10, 10, 10]);
  });
});

describe('importTflite, what it refuses', () => {
  const shape = [1, 2, 2, 3];

  it('names an operator and node it does not know', () => {
    const error = errorOf(oneOperator({ op: 'TRANSPOSE', input: { shape }, output: { shape } }));
    expect(error).toMatchObject({ code: 'not-supported' });
    expect(error.message).toContain('TRANSPOSE "out" (operator 0)');
    const custom = errorOf(
      oneOperator({ op: 'CUSTOM', customName: 'Fancy', input: { shape }, output: { shape } }),
    );
    expect(custom.message).toContain('CUSTOM:Fancy');
  });

  it.each<[string, Uint8Array, HolotypeError['code'], string]>([
    ['nothing', new Uint8Array(), 'bad-input', 'not a TensorFlow Lite'],
    ['noise', Uint8Array.from(count(100, (i) => (i * 97) % 256)), 'bad-input', 'not a TensorFlow Lite'],
    [
      'a batch of eight',
      oneOperator({ op: 'RELU', input: { shape: [8, 2, 2, 3] }, output: { shape: [8, 2, 2, 3] } }),
      'not-supported',
      'batches of 8',
    ],
    [
      'a kernel with fewer numbers than its shape',
      oneOperator({
        op: 'CONV_2D',
        input: { shape },
        constants: [{ shape: [1, 1, 1, 3], data: new Float32Array(2) }],
        output: { shape: [1, 2, 2, 1] },
        fields: conv(valid, 1),
      }),
      'bad-input',
      'needs 12 bytes',
    ],
    [
      'a kernel for other channels',
      oneOperator({
        op: 'CONV_2D',
        input: { shape },
        constants: [{ shape: [1, 1, 1, 5], data: new Float32Array(5) }],
        output: { shape: [1, 2, 2, 1] },
        fields: conv(valid, 1),
      }),
      'bad-input',
      '3 channels',
    ],
    [
      'a result of another shape than it says',
      oneOperator({
        op: 'CONV_2D',
        input: { shape },
        constants: [{ shape: [4, 1, 1, 3], data: new Float32Array(12) }],
        output: { shape: [1, 9, 9, 4] },
        fields: conv(valid, 1),
      }),
      'bad-input',
      'is said to give',
    ],
    [
      'a stride of zero',
      oneOperator({ op: 'MAX_POOL_2D', input: { shape }, output: { shape }, fields: poolOf(valid, 0, 2) }),
      'bad-input',
      'strides 0',
    ],
    [
      'concatenation along the height',
      oneOperator({ op: 'CONCATENATION', input: { shape }, output: { shape }, fields: [[0, 'int32', 1]] }),
      'not-supported',
      'axis 1',
    ],
    [
      'a mean over channels',
      oneOperator({
        op: 'MEAN',
        input: { shape },
        constants: [{ shape: [1], type: 'int32', data: Int32Array.of(3) }],
        output: { shape: [1, 2, 2, 1] },
      }),
      'not-supported',
      'axes 3',
    ],
    [
      'padding of channels',
      oneOperator({
        op: 'PAD',
        input: { shape },
        constants: [{ shape: [4, 2], type: 'int32', data: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1) }],
        output: { shape: [1, 2, 2, 4] },
      }),
      'not-supported',
      'more than height and width',
    ],
    [
      'approximate GELU',
      oneOperator({ op: 'GELU', input: { shape }, output: { shape }, fields: [[0, 'int8', 1]] }),
      'not-supported',
      'approximate GELU',
    ],
    [
      'an unknown fused activation',
      oneOperator({
        op: 'ADD',
        input: { shape },
        constants: [ramp([1])],
        output: { shape },
        fields: [[0, 'int8', 5]],
      }),
      'not-supported',
      'fused activation 5',
    ],
    [
      'a fixed tensor as the result',
      buildTflite({
        tensors: [
          { name: 'in', shape },
          { name: 'fixed', ...ramp([1, 3]) },
        ],
        inputs: [0],
        outputs: [1],
        operators: [],
      }),
      'bad-input',
      'never computed',
    ],
  ])('refuses %s', (_, bytes, code, message) => {
    const error = errorOf(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  /** A small network with a bit of everything. */
  const network = buildTflite({
    tensors: [
      { name: 'in', shape: [1, 4, 4, 3], type: 'uint8', scale: [1 / 128], zeroPoint: [128] },
      {
        name: 'k1',
        shape: [2, 3, 3, 3],
        type: 'uint8',
        data: new Uint8Array(54).fill(7),
        scale: [0.1],
        zeroPoint: [3],
      },
      { name: 'b1', shape: [2], type: 'int32', data: Int32Array.of(1, 2), scale: [0.01] },
      { name: 'c1', shape: [1, 2, 2, 2], type: 'uint8', scale: [6 / 255], zeroPoint: [0] },
      { name: 'axes', shape: [2], type: 'int32', data: Int32Array.of(1, 2) },
      { name: 'mean', shape: [1, 2], type: 'uint8', scale: [6 / 255], zeroPoint: [0] },
      { name: 'k2', shape: [5, 2], data: new Float32Array(10).fill(0.5) },
      { name: 'out', shape: [1, 5] },
    ],
    inputs: [0],
    outputs: [7],
    operators: [
      { op: 'CONV_2D', inputs: [0, 1, 2], outputs: [3], options: conv(same, 2) },
      { op: 'MEAN', inputs: [3, 4], outputs: [5] },
      { op: 'FULLY_CONNECTED', inputs: [5, 6, -1], outputs: [7] },
    ],
  });

  it('calls a file cut off anywhere damaged', () => {
    expect(importTflite(network).nodes).toHaveLength(4);
    for (let length = 0; length < network.length; length++) {
      // The last bytes of this file are those of the first constant or its padding: without them it is damaged.
      expect(errorOf(network.slice(0, length)).code, `${length} of ${network.length} bytes`).toBe(
        'bad-input',
      );
    }
  });

  /** What importing bytes throws that is no HolotypeError. */
  const surprise = (bytes: Uint8Array): unknown => {
    try {
      importTflite(bytes);
      tfliteInputNormalization(bytes);
    } catch (error) {
      if (!(error instanceof HolotypeError)) return error;
    }
    return undefined;
  };

  it('survives any byte being wrong', () => {
    fc.assert(
      fc.property(fc.nat({ max: network.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = network.slice();
        damaged[at] = byte;
        expect(surprise(damaged)).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  it('survives a stretch of noise', () => {
    const noise = fc.uint8Array({ minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(fc.nat({ max: network.length - 1 }), noise, (at, bytes) => {
        const damaged = network.slice();
        damaged.set(bytes.subarray(0, network.length - at), at);
        expect(surprise(damaged)).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });
});
