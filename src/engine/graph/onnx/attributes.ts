import type { OnnxNode } from '../onnx-proto.ts';

/** An integer or float attribute, or the default where the file leaves it out. */
export function numberOf(node: OnnxNode, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return fallback;
  return attribute.type === 1 || (attribute.type === 0 && attribute.f !== 0) ? attribute.f : attribute.i;
}

export const intsOf = (node: OnnxNode, name: string): number[] | undefined => {
  const attribute = node.attributes.get(name);
  return attribute === undefined ? undefined : [...attribute.ints];
};

export const stringOf = (node: OnnxNode, name: string, fallback: string): string =>
  node.attributes.get(name)?.s ?? fallback;
