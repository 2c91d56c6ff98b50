/**
 * A pending graph as a flat program: its nodes in an order that respects their operands, and a key that two
 * graphs share exactly when they are the same but for the data fed in.
 */
import { elementTypeCode } from '../onnx/model.ts';
import type { GraphNode, Leaf, Source } from './node.ts';
import type { Value } from './value.ts';

export interface Schedule {
  readonly nodes: readonly GraphNode[];
  /** Leaves in the order they're first met; inputs and constants alike. */
  readonly leaves: readonly Leaf[];
  readonly outputs: readonly Value[];
  /** The whole structure as integers: equal keys, equal programs. */
  readonly key: Int32Array;
  /** A hash of the key. */
  readonly hash: number;
}

let epoch = 0;
let key = new Int32Array(1 << 14);
let length = 0;

function put(value: number): void {
  if (length === key.length) {
    const longer = new Int32Array(key.length * 2);
    longer.set(key);
    key = longer;
  }
  key[length++] = value;
}

/** The program that computes these outputs. */
export function schedule(outputs: readonly Value[]): Schedule {
  epoch++;
  length = 0;
  const nodes: GraphNode[] = [];
  const leaves: Leaf[] = [];
  for (const output of outputs) visit(output.source, nodes, leaves);
  put(-1);
  for (const { source, out } of outputs) {
    put(source.isLeaf ? -2 - source.index : source.index);
    put(out);
  }
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x9e3779b1) + (hash >>> 15);
  return { nodes, leaves, outputs, key: key.slice(0, length), hash: hash | 0 };
}

/** Depth first without recursion: graphs are thousands of nodes deep. */
function visit(root: Source, nodes: GraphNode[], leaves: Leaf[]): void {
  if (root.epoch === epoch) return;
  if (root.isLeaf) return addLeaf(root, leaves);
  const stack: GraphNode[] = [root];
  const next: number[] = [0];
  root.epoch = epoch;
  while (stack.length > 0) {
    const top = stack.length - 1;
    const node = stack[top] as GraphNode;
    const operand = next[top] as number;
    if (operand < node.sources.length) {
      next[top] = operand + 1;
      const source = node.sources[operand] as Source;
      if (source.epoch === epoch) continue;
      if (source.isLeaf) {
        addLeaf(source, leaves);
        continue;
      }
      source.epoch = epoch;
      stack.push(source);
      next.push(0);
      continue;
    }
    stack.pop();
    next.pop();
    node.index = nodes.length;
    nodes.push(node);
    put(node.operation.id);
    for (let i = 0; i < node.sources.length; i++) {
      const source = node.sources[i] as Source;
      put(source.isLeaf ? -2 - source.index : source.index);
      put(node.outs[i] as number);
    }
  }
}

function addLeaf(leaf: Leaf, leaves: Leaf[]): void {
  leaf.epoch = epoch;
  leaf.index = leaves.length;
  leaves.push(leaf);
  put(-1);
  put(leaf.constant);
  if (leaf.constant !== 0) return;
  const dims = leaf.dims[0] as readonly number[];
  put(elementTypeCode(leaf.types[0] as Leaf['types'][number]));
  put(dims.length);
  for (const dim of dims) put(dim);
}

export function sameKey(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
