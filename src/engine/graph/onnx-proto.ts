/**
 * The part of the ONNX file format (onnx.proto3, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3)
 * that image classifiers need, read and written with protobufjs and a small embedded descriptor.
 * Fields that are not listed here are skipped on reading, so newer files stay readable.
 */
import { HolotypeError } from '../../contract/errors.ts';
import {
  isWireModel,
  modelType,
  type Int64,
  type WireAttribute,
  type WireTensor,
  type WireValueInfo,
} from './onnx/wire.ts';

/** `TensorProto.DataType`. */
export const OnnxType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Little-endian elements; a view into the file's bytes, not a copy. Empty where a typed field is used. */
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly number[];
  readonly doubleData: readonly number[];
  /** True when the numbers live in another file. */
  readonly external: boolean;
}

export interface OnnxAttribute {
  readonly name: string;
  /** `AttributeProto.AttributeType`: 1 float, 2 int, 3 string, 4 tensor, 6 floats, 7 ints; 0 if unstated. */
  readonly type: number;
  readonly f: number;
  readonly i: number;
  readonly s: string;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly t: OnnxTensor | undefined;
}

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly elemType: number;
  /** A number is a fixed size, a string a named dynamic one, `undefined` an unnamed dynamic one. */
  readonly dims: readonly (number | string | undefined)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  /** Version by operator set; '' is the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: OnnxGraph;
}

const toNumber = (value: Int64): number => (typeof value === 'number' ? value : value.toNumber());
const utf8 = new TextDecoder();
const noBytes = new Uint8Array(0);

function readTensor(wire: WireTensor): OnnxTensor {
  return {
    name: wire.name,
    dims: wire.dims.map(toNumber),
    dataType: wire.dataType,
    // protobufjs hands out a plain empty array for absent bytes.
    rawData: wire.rawData.length === 0 ? noBytes : wire.rawData,
    floatData: wire.floatData,
    int32Data: wire.int32Data,
    int64Data: (wire.int64Data.length > 0 ? wire.int64Data : wire.uint64Data).map(toNumber),
    doubleData: wire.doubleData,
    external: wire.dataLocation === 1 || wire.externalData.length > 0,
  };
}

function readAttribute(wire: WireAttribute): OnnxAttribute {
  return {
    name: wire.name,
    type: wire.type,
    f: wire.f,
    i: toNumber(wire.i),
    s: utf8.decode(Uint8Array.from(wire.s)),
    floats: wire.floats,
    ints: wire.ints.map(toNumber),
    t: wire.t === null ? undefined : readTensor(wire.t),
  };
}

function readValueInfo(wire: WireValueInfo): OnnxValueInfo {
  const tensor = wire.type?.tensorType;
  return {
    name: wire.name,
    elemType: tensor?.elemType ?? 0,
    dims: (tensor?.shape?.dim ?? []).map((dim) => {
      if (dim.value === 'dimValue') return toNumber(dim.dimValue ?? 0);
      return dim.dimParam === undefined || dim.dimParam === '' ? undefined : dim.dimParam;
    }),
  };
}

/**
 * Reads an ONNX file. Weights stay views into `bytes`, so `bytes` must not be changed afterwards.
 * @throws HolotypeError `bad-input` when the bytes are not a complete ONNX model
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  let wire: object;
  try {
    wire = modelType.decode(bytes);
  } catch (cause) {
    throw notOnnx('the file is damaged or incomplete', cause);
  }
  if (!isWireModel(wire) || wire.graph === null) throw notOnnx('it holds no network');
  return {
    irVersion: toNumber(wire.irVersion),
    producerName: wire.producerName,
    producerVersion: wire.producerVersion,
    opsets: new Map(
      wire.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, toNumber(version)]),
    ),
    metadata: new Map(wire.metadataProps.map(({ key, value }) => [key, value])),
    graph: {
      name: wire.graph.name,
      nodes: wire.graph.node.map((node) => ({
        name: node.name,
        opType: node.opType,
        domain: node.domain === 'ai.onnx' ? '' : node.domain,
        inputs: node.input,
        outputs: node.output,
        attributes: new Map(node.attribute.map((a) => [a.name, readAttribute(a)])),
      })),
      initializers: wire.graph.initializer.map(readTensor),
      inputs: wire.graph.input.map(readValueInfo),
      outputs: wire.graph.output.map(readValueInfo),
    },
  };
}

/** Writes an ONNX file; raw weight data is copied once, into the result. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const valueInfo = ({ name, elemType, dims }: OnnxValueInfo) => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: {
          dim: dims.map((dim) =>
            typeof dim === 'number' ? { dimValue: dim } : dim === undefined ? {} : { dimParam: dim },
          ),
        },
      },
    },
  });
  const wire = {
    irVersion: model.irVersion,
    producerName: model.producerName,
    producerVersion: model.producerVersion,
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version })),
    metadataProps: [...model.metadata].map(([key, value]) => ({ key, value })),
    graph: {
      name: model.graph.name,
      node: model.graph.nodes.map((node) => ({
        input: node.inputs,
        output: node.outputs,
        name: node.name,
        opType: node.opType,
        domain: node.domain,
        attribute: [...node.attributes.values()].map(writeAttribute),
      })),
      initializer: model.graph.initializers.map(writeTensor),
      input: model.graph.inputs.map(valueInfo),
      output: model.graph.outputs.map(valueInfo),
    },
  };
  return modelType.encode(wire).finish();
}

/** Only the field that the attribute's type names is written: readers reject an attribute with two values. */
function writeAttribute(attribute: OnnxAttribute): Record<string, unknown> {
  const { name, type } = attribute;
  switch (type) {
    case 1:
      return { name, type, f: attribute.f };
    case 2:
      return { name, type, i: attribute.i };
    case 3:
      return { name, type, s: new TextEncoder().encode(attribute.s) };
    case 4:
      return { name, type, t: attribute.t === undefined ? null : writeTensor(attribute.t) };
    case 6:
      return { name, type, floats: attribute.floats };
    default:
      return { name, type: 7, ints: attribute.ints };
  }
}

function writeTensor(tensor: OnnxTensor): Record<string, unknown> {
  const { name, dims, dataType } = tensor;
  const wire: Record<string, unknown> = { name, dims, dataType };
  if (tensor.rawData.length > 0) wire['rawData'] = tensor.rawData;
  if (tensor.floatData.length > 0) wire['floatData'] = tensor.floatData;
  if (tensor.int32Data.length > 0) wire['int32Data'] = tensor.int32Data;
  if (tensor.int64Data.length > 0) wire['int64Data'] = tensor.int64Data;
  if (tensor.doubleData.length > 0) wire['doubleData'] = tensor.doubleData;
  return wire;
}

function notOnnx(why: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', `This is not a usable ONNX model: ${why}.`, {
    remedy: 'Download or export the file again, and check its size against the original.',
    ...(cause === undefined ? {} : { cause }),
  });
}

// Builders, for the exporter and for tests.

const blankAttribute = { f: 0, i: 0, s: '', floats: [], ints: [], t: undefined };

/** An attribute from a plain value: an integer list, a string, a tensor, or a number (`asFloat` to force float). */
export function onnxAttribute(
  name: string,
  value: number | string | readonly number[] | OnnxTensor,
  asFloat = false,
): OnnxAttribute {
  if (typeof value === 'string') return { ...blankAttribute, name, type: 3, s: value };
  if (typeof value === 'number')
    return asFloat
      ? { ...blankAttribute, name, type: 1, f: value }
      : { ...blankAttribute, name, type: 2, i: value };
  if ('dataType' in value) return { ...blankAttribute, name, type: 4, t: value };
  return asFloat
    ? { ...blankAttribute, name, type: 6, floats: value }
    : { ...blankAttribute, name, type: 7, ints: value };
}

/** A node of the standard operator set. */
export function onnxNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly OnnxAttribute[] = [],
  name: string = outputs[0] ?? '',
): OnnxNode {
  return {
    name,
    opType,
    domain: '',
    inputs,
    outputs,
    attributes: new Map(attributes.map((a) => [a.name, a])),
  };
}

const blankTensor = {
  rawData: noBytes,
  floatData: [],
  int32Data: [],
  int64Data: [],
  doubleData: [],
  external: false,
};

/** A float32 initializer over `data`, without copying it. */
export function floatTensor(name: string, dims: readonly number[], data: Float32Array): OnnxTensor {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { ...blankTensor, name, dims, dataType: OnnxType.float, rawData };
}

/** An int64 initializer: shapes, axes, indices. */
export function int64Tensor(name: string, dims: readonly number[], data: readonly number[]): OnnxTensor {
  const rawData = new Uint8Array(new BigInt64Array(data.map((v) => BigInt(v))).buffer);
  return { ...blankTensor, name, dims, dataType: OnnxType.int64, rawData };
}
