import { HolotypeError } from '../../../contract/errors.ts';
import { decodeModel, OnnxType } from '../onnx-proto.ts';
import { modelType } from './wire.ts';

/**
 * An ONNX file that also gives a tensor it computes on its way, as its last output. Everything else in the file stays
 * byte for byte: protobuf merges a message that comes twice
 * (https://protobuf.dev/programming-guides/encoding/#last-one-wins), so the new output is written behind it.
 *
 * @param tensor float32, the output of some node
 * @throws HolotypeError('bad-input') when no node computes such a tensor
 */
export function addOutput(onnx: Uint8Array, tensor: string): Uint8Array {
  const { nodes } = decodeModel(onnx).graph;
  if (!nodes.some(({ outputs }) => outputs.includes(tensor)))
    throw new HolotypeError('bad-input', `The model computes nothing called "${tensor}".`, {
      remedy: 'The file was changed after it was saved: copy the model again, or train again.',
    });
  const output = { name: tensor, type: { tensorType: { elemType: OnnxType.float } } };
  const more = modelType.encode({ graph: { output: [output] } }).finish();
  const whole = new Uint8Array(onnx.length + more.length);
  whole.set(onnx);
  whole.set(more, onnx.length);
  return whole;
}
