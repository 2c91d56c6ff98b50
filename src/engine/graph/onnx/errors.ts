import { HolotypeError } from '../../../contract/errors.ts';
import type { OnnxNode } from '../onnx-proto.ts';

const label = (node: OnnxNode): string => {
  const op = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
  const name = node.name === '' ? (node.outputs[0] ?? '') : node.name;
  return `${op} (node "${name}")`;
};

/** The file is fine, but this importer can't express what the node does. */
export function unsupported(node: OnnxNode, why?: string): HolotypeError {
  return new HolotypeError(
    'not-supported',
    `This ONNX model uses ${label(node)}${why === undefined ? ', which Holotype does not know' : `: ${why}`}.`,
    {
      remedy:
        'Use an image classifier made of ordinary convolution layers, or export the model without this operation.',
      details: { op: node.opType, node: node.name },
    },
  );
}

/** The file contradicts itself. */
export function broken(node: OnnxNode, why: string): HolotypeError {
  return new HolotypeError('bad-input', `This ONNX model is broken at ${label(node)}: ${why}.`, {
    remedy: 'Download or export the file again.',
    details: { op: node.opType, node: node.name },
  });
}
