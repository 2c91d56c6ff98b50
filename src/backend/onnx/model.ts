/** ONNX models as bytes: field numbers of onnx.proto (IR version 10), no more of it than the backend emits. */
import { Message } from './proto.ts';

/** Element types the backend computes with. int64 appears only as an operand (axes, shapes, indices). */
export type ElementType = 'float32' | 'int32' | 'bool' | 'uint8' | 'int64' | 'float64';

const elementTypeCodes: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** The number ONNX gives an element type, as attribute `to` of Cast wants it. */
export const elementTypeCode = (type: ElementType): number => elementTypeCodes[type];

export const elementBytes = (type: ElementType): number =>
  type === 'bool' || type === 'uint8' ? 1 : type === 'int64' || type === 'float64' ? 8 : 4;

/** A number is an INT where it's marked so by its attribute's kind; hence the explicit wrappers. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface ModelNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface ModelValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

export interface ModelTensor extends ModelValue {
  /** Little-endian elements, row-major. */
  readonly bytes: Uint8Array;
}

export interface Model {
  readonly nodes: readonly ModelNode[];
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  readonly initializers: readonly ModelTensor[];
}

/** The opset every operator of the backend is written for. */
export const opset = 21;

export function encodeModel(model: Model): Uint8Array {
  const graph = new Message();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, 'step');
  for (const tensor of model.initializers) graph.message(5, encodeTensor(tensor));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  return new Message()
    .int(1, 10)
    .string(2, 'tfjs-backend-onnxruntime')
    .message(7, graph)
    .message(8, new Message().string(1, '').int(2, opset))
    .message(8, new Message().string(1, 'com.microsoft').int(2, 1))
    .message(8, new Message().string(1, 'com.microsoft.nchwc').int(2, 1))
    .finish();
}

function encodeNode(node: ModelNode): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(3, node.name).string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message.message(5, encodeAttribute(name, attribute));
  }
  if (node.domain !== '') message.string(7, node.domain);
  return message;
}

function encodeAttribute(name: string, attribute: Attribute): Message {
  const message = new Message().string(1, name);
  switch (attribute.kind) {
    case 'float':
      return message.float(2, attribute.value).int(20, 1);
    case 'int':
      return message.int(3, attribute.value).int(20, 2);
    case 'string':
      return message.string(4, attribute.value).int(20, 3);
    case 'floats':
      return message.bytes(7, new Uint8Array(Float32Array.from(attribute.value).buffer)).int(20, 6);
    default:
      return message.packed(8, attribute.value).int(20, 7);
  }
}

function encodeTensor(tensor: ModelTensor): Message {
  return new Message()
    .packed(1, tensor.dims)
    .int(2, elementTypeCode(tensor.type))
    .string(8, tensor.name)
    .bytes(9, tensor.bytes);
}

function encodeValue(value: ModelValue): Message {
  const shape = new Message();
  for (const dim of value.dims) shape.message(1, new Message().int(1, dim));
  const tensorType = new Message().int(1, elementTypeCode(value.type)).message(2, shape);
  return new Message().string(1, value.name).message(2, new Message().message(1, tensorType));
}
