/** ONNX files (opset 7 and later, image classifiers and feature extractors) into the model graph. */
import { HolotypeError } from '../../contract/errors.ts';
import type { ModelGraph } from './graph.ts';
import { decodeModel, type OnnxModel, type OnnxNode, type OnnxValueInfo } from './onnx-proto.ts';
import { numberOf } from './onnx/attributes.ts';
import { GraphBuilder, nchw, nhwc, type Value } from './onnx/builder.ts';
import { ints, readConstant, type Constant } from './onnx/constants.ts';
import { broken, unsupported } from './onnx/errors.ts';
import { foldConstants } from './onnx/fold-constants.ts';
import { batchNorm, conv, gemm, matMul } from './onnx/ops-conv.ts';
import {
  activation,
  arithmetic,
  clip,
  localResponseNorm,
  pRelu,
  softmax,
  sum,
} from './onnx/ops-elementwise.ts';
import { concat, pad, reduce, reshape, slice, split, transpose } from './onnx/ops-layout.ts';
import { globalPool, pool } from './onnx/ops-pool.ts';
import { simplify } from './onnx/simplify.ts';
import { logicalShape, type View } from './onnx/view.ts';
import { inferShapes } from './shapes.ts';

export interface ImportOnnxOptions {
  /** Height and width where the file leaves them open; a size that the file fixes wins. Default 224. */
  readonly inputSize?: readonly [height: number, width: number];
}

type Handler = (builder: GraphBuilder, node: OnnxNode) => View | readonly View[];

const same: Handler = (builder, node) => builder.view(node, 0);

const handlers: Readonly<Record<string, Handler>> = {
  Conv: conv,
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: batchNorm,
  MaxPool: pool,
  AveragePool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  ReduceMean: reduce,
  ReduceMax: reduce,
  Relu: activation,
  Sigmoid: activation,
  Tanh: activation,
  Softplus: activation,
  HardSwish: activation,
  LeakyRelu: activation,
  Elu: activation,
  Selu: activation,
  HardSigmoid: activation,
  Gelu: activation,
  Mish: activation,
  Clip: clip,
  PRelu: pRelu,
  Softmax: softmax,
  LRN: localResponseNorm,
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Sum: sum,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Identity: same,
  Dropout: same,
  Cast: (builder, node) => {
    const to = numberOf(node, 'to', 1);
    // float32, float16, double and bfloat16: the graph computes in float32 whatever the file says.
    if (![1, 10, 11, 16].includes(to)) throw unsupported(node, 'rounding to whole numbers');
    return builder.view(node, 0);
  },
};

/** Pixels or channels beyond this are a broken file, not a photo. */
const largestSide = 1 << 14;

/** The photo input: which ONNX axes are height, width and channels, and how large. */
function readInput(
  info: OnnxValueInfo,
  inputSize: readonly [number, number],
): { batch: number; shape: [number, number, number]; order: readonly number[] } {
  const { dims } = info;
  const fixed = (d: number | string | undefined): number | undefined =>
    typeof d === 'number' && d > 0 ? d : undefined;
  const isChannels = (d: number | string | undefined) => d === 1 || d === 3 || d === 4;
  if (dims.length !== 4)
    throw new HolotypeError(
      'not-supported',
      `This ONNX model takes an input of ${dims.length} axes ("${info.name}"), not a batch of photos.`,
      { remedy: 'Use an image classifier with one input of batch, channels, height and width.' },
    );
  const order = isChannels(dims[3]) && !isChannels(dims[1]) ? nhwc : nchw;
  const [heightAxis = 2, widthAxis = 3, channelAxis = 1] = order;
  const shape: [number, number, number] = [
    fixed(dims[heightAxis]) ?? inputSize[0],
    fixed(dims[widthAxis]) ?? inputSize[1],
    fixed(dims[channelAxis]) ?? 3,
  ];
  if (shape.some((d) => d > largestSide) || (fixed(dims[0]) ?? 1) > largestSide)
    throw new HolotypeError(
      'bad-input',
      `This ONNX model states an impossible input size: ${dims.join(' x ')}.`,
      {
        remedy: 'Download or export the file again.',
      },
    );
  return { batch: fixed(dims[0]) ?? 1, shape, order };
}

/** The one input that is not a weight. */
function photoInput(model: OnnxModel, constants: ReadonlySet<string>): OnnxValueInfo {
  const inputs = model.graph.inputs.filter(({ name }) => !constants.has(name));
  const [input, ...others] = inputs;
  if (input === undefined)
    throw new HolotypeError('bad-input', 'This ONNX model has no input.', {
      remedy: 'Download or export the file again.',
    });
  if (others.length > 0)
    throw new HolotypeError(
      'not-supported',
      `This ONNX model has ${inputs.length} inputs (${inputs.map((i) => i.name).join(', ')}); a photo classifier has one.`,
      { remedy: 'Use an image classifier with one input.' },
    );
  return input;
}

function runNode(builder: GraphBuilder, node: OnnxNode): readonly Value[] {
  const asConstant = (constant: Constant): Value[] => [{ kind: 'constant', constant }];
  if (node.domain !== '') throw unsupported(node);
  if (node.opType === 'Constant') return asConstant(constantNode(node));
  const inputs = node.inputs.map((_, i) => builder.optional(node, i));
  const [first] = inputs;
  if (node.opType === 'Shape' && first?.kind === 'view') {
    const shape = logicalShape(first.view);
    const part = shape.slice(numberOf(node, 'start', 0), numberOf(node, 'end', shape.length));
    return asConstant(ints([part.length], part));
  }
  if (inputs.length > 0 && inputs.every((v) => v?.kind !== 'view')) {
    const folded = foldConstants(
      node,
      inputs.map((v) => (v?.kind === 'constant' ? v.constant : undefined)),
    );
    if (folded !== undefined) return asConstant(folded);
  }
  const handler = handlers[node.opType];
  if (handler === undefined || !Object.hasOwn(handlers, node.opType)) throw unsupported(node);
  const result = handler(builder, node);
  return ('axes' in result ? [result] : result).map((view) => ({ kind: 'view', view }));
}

function constantNode(node: OnnxNode): Constant {
  const { attributes } = node;
  const value = attributes.get('value')?.t;
  if (value !== undefined) return readConstant(value);
  for (const [name, float] of [
    ['value_float', true],
    ['value_int', false],
  ] as const)
    if (attributes.has(name)) return { dims: [], data: [numberOf(node, name, 0)], float };
  const floats = attributes.get('value_floats')?.floats;
  if (floats !== undefined) return { dims: [floats.length], data: Float32Array.from(floats), float: true };
  const whole = attributes.get('value_ints')?.ints;
  if (whole !== undefined) return ints([whole.length], whole);
  throw unsupported(node, 'a constant of unknown kind');
}

/** The graph node whose tensor is this output. */
function outputNode(builder: GraphBuilder, info: OnnxValueInfo): string {
  const value = builder.values.get(info.name);
  const fake: OnnxNode = {
    name: info.name,
    opType: 'output',
    domain: '',
    inputs: [],
    outputs: [],
    attributes: new Map(),
  };
  if (value === undefined) throw broken(fake, 'no node makes it');
  if (value.kind === 'constant') throw unsupported(fake, 'it does not depend on the photo');
  const { view } = value;
  const order = builder.orderOf(view);
  if (order === undefined)
    throw unsupported(
      fake,
      'its elements are in an order that has no counterpart here, such as a map flattened by channels',
    );
  return builder.arrange(fake, view, order).node;
}

function build(model: OnnxModel, inputSize: readonly [number, number]): ModelGraph {
  const opset = model.opsets.get('');
  if (opset === undefined)
    throw new HolotypeError('bad-input', 'This ONNX model does not say which operator set it uses.', {
      remedy: 'Download or export the file again.',
    });
  if (opset < 7)
    throw new HolotypeError(
      'not-supported',
      `This ONNX model uses operator set ${opset}; 7 or later is needed.`,
      {
        remedy: 'Convert it with onnx.version_converter, or export it again.',
      },
    );
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const input = photoInput(model, constants);
  const { batch, shape, order } = readInput(input, inputSize);
  const builder = new GraphBuilder(opset, batch);
  const inputName = builder.unique(input.name);
  builder.values.set(input.name, { kind: 'view', view: builder.fresh(inputName, shape, order) });
  const tensors = new Map(model.graph.initializers.map((t) => [t.name, t]));
  for (const node of model.graph.nodes) {
    for (const name of node.inputs) {
      // Weights are read when first used: files may carry ones that nothing reads.
      const tensor = tensors.get(name);
      if (tensor !== undefined && !builder.values.has(name))
        builder.values.set(name, { kind: 'constant', constant: readConstant(tensor) });
    }
    const results = runNode(builder, node);
    for (const [i, name] of node.outputs.entries()) {
      const value = results[i];
      if (value !== undefined && name !== '') builder.values.set(name, value);
    }
  }
  const outputs = model.graph.outputs.map((info) => outputNode(builder, info));
  if (outputs.length === 0)
    throw new HolotypeError('bad-input', 'This ONNX model has no output.', {
      remedy: 'Download or export the file again.',
    });
  return simplify({
    input: { name: inputName, shape },
    nodes: builder.nodes,
    outputs,
    weights: builder.weights,
  });
}

/**
 * Reads an ONNX image classifier or feature extractor. The result shares float weights with `bytes` where
 * their layout allows, so `bytes` must not be changed afterwards.
 *
 * NCHW and NHWC inputs are recognized; the graph's input is always [height, width, channels].
 * @throws HolotypeError `not-supported` naming the operation and node that have no counterpart in the
 *   graph; `bad-input` when the file is damaged or contradicts itself
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): ModelGraph {
  const model = decodeModel(bytes);
  try {
    const graph = build(model, options.inputSize ?? [224, 224]);
    inferShapes(graph);
    return graph;
  } catch (cause) {
    if (cause instanceof HolotypeError) throw cause;
    throw new HolotypeError('bad-input', 'This ONNX model is damaged: its parts contradict each other.', {
      remedy: 'Download or export the file again.',
      cause,
    });
  }
}
