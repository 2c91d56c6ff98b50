/** The model graph as an ONNX file (operator set 17) that ONNX Runtime runs at full speed. */
import type { GraphNode, ModelGraph } from './graph.ts';
import { encodeModel, onnxAttribute, OnnxType } from './onnx-proto.ts';
import { OnnxWriter, type Tensor } from './onnx/writer.ts';
import { writeLayer } from './onnx/write-layer.ts';
import { writeShape } from './onnx/write-shape.ts';
import { inferShapes } from './shapes.ts';

export interface ExportOnnxOptions {
  /** Type of the input; `uint8` pixels are turned into floats inside the model. Default `float32`. */
  readonly inputType?: 'float32' | 'uint8';
  /** Axes of the input, and of outputs that are maps. Default `nhwc`. */
  readonly inputLayout?: 'nhwc' | 'nchw';
  /** Default: the graph's own name for it. */
  readonly inputName?: string;
  /** One per output; default: the names of the graph's outputs. */
  readonly outputNames?: readonly string[];
  readonly producer?: string;
  /** Free key-value pairs that ONNX tools show. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const opset = 17;
const irVersion = 8;

function writeNode(writer: OnnxWriter, node: GraphNode): Tensor {
  const inputs = node.inputs.map((name) => writer.tensor(name));
  return writeShape(writer, node, inputs) ?? writeLayer(writer, node, inputs);
}

/**
 * Writes an ONNX file with a dynamic batch axis `n`. Maps are [n, c, h, w] inside, so an `nhwc` input costs
 * one transpose at the start, and none follows inside a convolutional network. Vector outputs are [n, c];
 * map outputs follow `inputLayout`.
 */
export function exportOnnx(graph: ModelGraph, options: ExportOnnxOptions = {}): Uint8Array {
  const { inputType = 'float32', inputLayout = 'nhwc', producer = 'Holotype', metadata = {} } = options;
  const shapes = inferShapes(graph);
  const outputNames = graph.outputs.map((name, i) => options.outputNames?.[i] ?? name);
  const inputName = options.inputName ?? graph.input.name;
  const writer = new OnnxWriter(graph, shapes, [inputName, ...outputNames]);

  const [h, w, c] = graph.input.shape;
  const nhwc = inputLayout === 'nhwc';
  let current = inputName;
  if (nhwc) current = writer.emit('Transpose', [current], 'to_nchw', [onnxAttribute('perm', [0, 3, 1, 2])]);
  // Transposed while still bytes: a quarter of the memory traffic.
  if (inputType === 'uint8')
    current = writer.emit('Cast', [current], 'to_float', [onnxAttribute('to', OnnxType.float)]);
  writer.define(graph.input.name, { name: current, shape: [h, w, c], chw: true });
  for (const node of graph.nodes) writer.define(node.name, writeNode(writer, node));

  const outputs = graph.outputs.map((name, i) => {
    const tensor = writer.tensor(name);
    const outputName = outputNames[i] ?? name;
    const shape = tensor.shape;
    const [height = 1, width = 1, channels = 1] = shape;
    const map = shape.length === 3;
    const dims = map ? (nhwc ? [height, width, channels] : [channels, height, width]) : shape;
    if (map && nhwc)
      writer.emitAs('Transpose', [tensor.name], outputName, [onnxAttribute('perm', [0, 2, 3, 1])]);
    else writer.emitAs('Identity', [map ? tensor.name : writer.rowMajor(tensor).name], outputName);
    return { name: outputName, elemType: OnnxType.float, dims: ['n', ...dims] };
  });
  return encodeModel({
    irVersion,
    producerName: producer,
    producerVersion: '',
    opsets: new Map([['', opset]]),
    metadata: new Map(Object.entries(metadata)),
    graph: {
      name: 'model',
      nodes: writer.nodesWithoutIdentities(outputNames),
      initializers: writer.initializers,
      inputs: [
        {
          name: inputName,
          elemType: inputType === 'uint8' ? OnnxType.uint8 : OnnxType.float,
          dims: ['n', ...(nhwc ? [h, w, c] : [c, h, w])],
        },
      ],
      outputs,
    },
  });
}
