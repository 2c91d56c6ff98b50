/** Builds small TensorFlow Lite files with the flatbuffers library, the way the converter lays them out. */
import { Builder } from 'flatbuffers';

export const codes = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONCATENATION: 2,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEQUANTIZE: 6,
  FULLY_CONNECTED: 9,
  LOGISTIC: 14,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RELU6: 21,
  RESHAPE: 22,
  SOFTMAX: 25,
  CUSTOM: 32,
  PAD: 34,
  TRANSPOSE: 39,
  MEAN: 40,
  SUB: 41,
  DIV: 42,
  SQUEEZE: 43,
  SHAPE: 77,
  LEAKY_RELU: 98,
  QUANTIZE: 114,
  HARD_SWISH: 117,
  GELU: 150,
} as const;
export type Code = keyof typeof codes;

const types = { float32: 0, float16: 1, int32: 2, uint8: 3, int8: 9 } as const;

export interface TensorSpec {
  name: string;
  shape: number[];
  type?: keyof typeof types;
  data?: ArrayBufferView;
  scale?: number[];
  zeroPoint?: number[];
  axis?: number;
}

/** Fields of an options table: number, kind and value. */
export type Field = [field: number, kind: 'int8' | 'int32' | 'float32', value: number];

export interface OperatorSpec {
  op: Code;
  inputs: number[];
  outputs: number[];
  options?: Field[];
  customName?: string;
}

export interface ModelSpec {
  tensors: TensorSpec[];
  operators: OperatorSpec[];
  inputs: number[];
  outputs: number[];
}

export function buildTflite(model: ModelSpec): Uint8Array {
  const b = new Builder(1024);
  const bytesOf = (view: ArrayBufferView): Uint8Array =>
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

  const vector = (size: number, values: number[], add: (value: number) => void): number => {
    b.startVector(size, values.length, size);
    for (const value of values.toReversed()) add(value);
    return b.endVector();
  };
  const ints = (values: number[]): number => vector(4, values, (value) => b.addInt32(value));
  const floats = (values: number[]): number => vector(4, values, (value) => b.addFloat32(value));
  const longs = (values: number[]): number => vector(8, values, (value) => b.addInt64(BigInt(value)));
  const offsets = (values: number[]): number => vector(4, values, (value) => b.addOffset(value));
  const table = (fields: number, fill: () => void): number => {
    b.startObject(fields);
    fill();
    return b.endObject();
  };

  const used = [...new Set(model.operators.map(({ op, customName }) => `${op}:${customName ?? ''}`))];
  const operatorCodes = used.map((key) => {
    const [op = '', custom = ''] = key.split(':');
    const code = codes[op as Code];
    const name = custom === '' ? 0 : b.createString(custom);
    return table(4, () => {
      b.addFieldInt8(0, Math.min(code, 127), 0);
      if (name) b.addFieldOffset(1, name, 0);
      b.addFieldInt32(2, 1, 1);
      b.addFieldInt32(3, code, 0);
    });
  });

  const buffers = [table(3, () => undefined)];
  const tensors = model.tensors.map((tensor) => {
    let buffer = 0;
    if (tensor.data) {
      const bytes = bytesOf(tensor.data);
      b.startVector(1, bytes.length, 16);
      for (const byte of bytes.toReversed()) b.addInt8((byte << 24) >> 24);
      const data = b.endVector();
      buffer = buffers.push(table(3, () => b.addFieldOffset(0, data, 0))) - 1;
    }
    const name = b.createString(tensor.name);
    const shape = ints(tensor.shape);
    let quantization = 0;
    if (tensor.scale) {
      const scale = floats(tensor.scale);
      const zero = longs(tensor.zeroPoint ?? tensor.scale.map(() => 0));
      quantization = table(7, () => {
        b.addFieldOffset(2, scale, 0);
        b.addFieldOffset(3, zero, 0);
        b.addFieldInt32(6, tensor.axis ?? 0, 0);
      });
    }
    return table(8, () => {
      b.addFieldOffset(0, shape, 0);
      b.addFieldInt8(1, types[tensor.type ?? 'float32'], 0);
      b.addFieldInt32(2, buffer, 0);
      b.addFieldOffset(3, name, 0);
      if (quantization) b.addFieldOffset(4, quantization, 0);
    });
  });

  const operators = model.operators.map(({ op, inputs, outputs, options = [], customName }) => {
    const ins = ints(inputs);
    const outs = ints(outputs);
    const optionsTable = table(10, () => {
      for (const [field, kind, value] of options) {
        if (kind === 'int8') b.addFieldInt8(field, value, 0);
        else if (kind === 'int32') b.addFieldInt32(field, value, 0);
        else b.addFieldFloat32(field, value, 0);
      }
    });
    return table(9, () => {
      b.addFieldInt32(0, used.indexOf(`${op}:${customName ?? ''}`), 0);
      b.addFieldOffset(1, ins, 0);
      b.addFieldOffset(2, outs, 0);
      b.addFieldInt8(3, 1, 0);
      b.addFieldOffset(4, optionsTable, 0);
    });
  });

  const tensorList = offsets(tensors);
  const inputs = ints(model.inputs);
  const outputs = ints(model.outputs);
  const operatorList = offsets(operators);
  const graph = table(5, () => {
    b.addFieldOffset(0, tensorList, 0);
    b.addFieldOffset(1, inputs, 0);
    b.addFieldOffset(2, outputs, 0);
    b.addFieldOffset(3, operatorList, 0);
  });
  const codeList = offsets(operatorCodes);
  const graphs = offsets([graph]);
  const bufferList = offsets(buffers);
  const root = table(8, () => {
    b.addFieldInt32(0, 3, 0);
    b.addFieldOffset(1, codeList, 0);
    b.addFieldOffset(2, graphs, 0);
    b.addFieldOffset(4, bufferList, 0);
  });
  b.finish(root, 'TFL3');
  return b.asUint8Array();
}

/** An input tensor, one operator with constants, an output tensor: the smallest model. */
export function oneOperator(options: {
  op: Code;
  input: Omit<TensorSpec, 'name'>;
  constants?: Omit<TensorSpec, 'name'>[];
  output: Omit<TensorSpec, 'name'>;
  fields?: Field[];
  customName?: string;
}): Uint8Array {
  const constants = (options.constants ?? []).map((tensor, i) => ({ name: `constant${i}`, ...tensor }));
  return buildTflite({
    tensors: [{ name: 'in', ...options.input }, ...constants, { name: 'out', ...options.output }],
    inputs: [0],
    outputs: [constants.length + 1],
    operators: [
      {
        op: options.op,
        inputs: [0, ...constants.map((_, i) => i + 1)],
        outputs: [constants.length + 1],
        ...(options.fields ? { options: options.fields } : {}),
        ...(options.customName === undefined ? {} : { customName: options.customName }),
      },
    ],
  });
}

/** A float32 tensor of 0.5, 1.0, 1.5, ... */
export function ramp(shape: number[], step = 0.5): { shape: number[]; data: Float32Array } {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => (i + 1) * step) };
}
