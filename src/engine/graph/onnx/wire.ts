/** The ONNX messages as protobufjs reads and writes them. */
import protobuf from 'protobufjs/light.js';

const repeated = (type: string, id: number): protobuf.IField & { rule: 'repeated' } => ({
  rule: 'repeated',
  type,
  id,
});
const packed = (type: string, id: number) => ({ ...repeated(type, id), options: { packed: true } });

const root = protobuf.Root.fromJSON({
  nested: {
    Pair: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    Opset: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    Tensor: {
      fields: {
        dims: packed('int64', 1),
        dataType: { type: 'int32', id: 2 },
        floatData: packed('float', 4),
        int32Data: packed('int32', 5),
        int64Data: packed('int64', 7),
        name: { type: 'string', id: 8 },
        rawData: { type: 'bytes', id: 9 },
        doubleData: packed('double', 10),
        uint64Data: packed('uint64', 11),
        externalData: repeated('Pair', 13),
        dataLocation: { type: 'int32', id: 14 },
      },
    },
    Attribute: {
      fields: {
        name: { type: 'string', id: 1 },
        f: { type: 'float', id: 2 },
        i: { type: 'int64', id: 3 },
        s: { type: 'bytes', id: 4 },
        t: { type: 'Tensor', id: 5 },
        floats: packed('float', 7),
        ints: packed('int64', 8),
        type: { type: 'int32', id: 20 },
      },
    },
    Node: {
      fields: {
        input: repeated('string', 1),
        output: repeated('string', 2),
        name: { type: 'string', id: 3 },
        opType: { type: 'string', id: 4 },
        attribute: repeated('Attribute', 5),
        domain: { type: 'string', id: 7 },
      },
    },
    Dim: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: { type: 'int64', id: 1 }, dimParam: { type: 'string', id: 2 } },
    },
    Shape: { fields: { dim: repeated('Dim', 1) } },
    TensorType: { fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'Shape', id: 2 } } },
    Type: { fields: { tensorType: { type: 'TensorType', id: 1 } } },
    ValueInfo: { fields: { name: { type: 'string', id: 1 }, type: { type: 'Type', id: 2 } } },
    Graph: {
      fields: {
        node: repeated('Node', 1),
        name: { type: 'string', id: 2 },
        initializer: repeated('Tensor', 5),
        input: repeated('ValueInfo', 11),
        output: repeated('ValueInfo', 12),
      },
    },
    Model: {
      fields: {
        irVersion: { type: 'int64', id: 1 },
        producerName: { type: 'string', id: 2 },
        producerVersion: { type: 'string', id: 3 },
        graph: { type: 'Graph', id: 7 },
        opsetImport: repeated('Opset', 8),
        metadataProps: repeated('Pair', 14),
      },
    },
  },
});
export const modelType = root.lookupType('Model');

/** What protobufjs hands out: 64-bit integers are Long objects, absent fields fall back to the prototype. */
export type Int64 = number | { toNumber(): number };
export interface WireTensor {
  name: string;
  dims: Int64[];
  dataType: number;
  rawData: Uint8Array;
  floatData: number[];
  int32Data: number[];
  int64Data: Int64[];
  uint64Data: Int64[];
  doubleData: number[];
  externalData: unknown[];
  dataLocation: number;
}
export interface WireAttribute {
  name: string;
  f: number;
  i: Int64;
  s: Uint8Array;
  t: WireTensor | null;
  floats: number[];
  ints: Int64[];
  type: number;
}
export interface WireValueInfo {
  name: string;
  type: {
    tensorType: {
      elemType: number;
      shape: { dim: { dimValue?: Int64; dimParam?: string; value?: string }[] } | null;
    } | null;
  } | null;
}
export interface WireModel {
  irVersion: Int64;
  producerName: string;
  producerVersion: string;
  opsetImport: { domain: string; version: Int64 }[];
  metadataProps: { key: string; value: string }[];
  graph: {
    name: string;
    node: {
      input: string[];
      output: string[];
      name: string;
      opType: string;
      attribute: WireAttribute[];
      domain: string;
    }[];
    initializer: WireTensor[];
    input: WireValueInfo[];
    output: WireValueInfo[];
  } | null;
}

export const isWireModel = (message: object): message is WireModel =>
  'graph' in message && 'opsetImport' in message;
