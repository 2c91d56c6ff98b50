/** Readable names for blocks: what the file's own node names have in common, where that tells blocks apart. */
import type { GraphNode } from './graph.ts';
import { roleOf, type Group } from './block-groups.ts';

const isLayer = (node: GraphNode): boolean =>
  node.op === 'conv2d' || node.op === 'depthwise-conv2d' || node.op === 'dense';

/** "stage1/block0/conv1" as ["stage1/", "block0/", "conv1"]: each part with the separator behind it. */
const parts = (name: string): string[] => name.split(/(?<=[/._:])/);
const trimmed = (prefix: string): string => prefix.replace(/[/._:]+$/, '');

function commonParts(names: readonly string[]): string[] {
  const [first = '', ...rest] = names;
  const others = rest.map(parts);
  const common: string[] = [];
  for (const [i, part] of parts(first).entries()) {
    if (!others.every((other) => other[i] === part)) break;
    common.push(part);
  }
  return common;
}

/** The shortest beginning that all layers of one group share and no layer of another has. */
function ownPrefix(own: readonly string[], others: readonly string[]): string | undefined {
  const common = commonParts(own);
  for (let n = 1; n <= common.length; n++) {
    const prefix = common.slice(0, n).join('');
    if (!others.some((name) => name.startsWith(prefix))) return trimmed(prefix);
  }
  return undefined;
}

const allDifferent = (names: readonly (string | undefined)[]): boolean => {
  const known = names.filter((name) => name !== undefined);
  return new Set(known).size === known.length;
};

/** Names from the file, shortened where that keeps them different. */
function fileNames(groups: readonly Group[]): (string | undefined)[] {
  const layers = groups.map(({ nodes }) => nodes.filter(isLayer).map((node) => node.name));
  const shared = commonParts(layers.flat()).join('').length;
  const prefixes = layers.map((own, i) => {
    const prefix = own.length === 0 ? undefined : ownPrefix(own, layers.filter((_, j) => j !== i).flat());
    const rest = prefix?.slice(shared);
    return rest === undefined || rest === '' || /^\d+$/.test(rest) ? undefined : rest;
  });
  // PyTorch repeats the path: features/features.3 is features.3.
  const last = prefixes.map((prefix) => prefix?.split('/').at(-1));
  return allDifferent(last) && last.every((name) => name === undefined || !/^\d*$/.test(name))
    ? last
    : prefixes;
}

/** One name per group, all different. */
export function nameBlocks(groups: readonly Group[]): string[] {
  const found = fileNames(groups);
  const inner = found.filter((_, i) => roleOf(groups, i) === 'block');
  const useful = inner.length > 0 && inner.every((name) => name !== undefined);
  const taken = new Set<string>();
  let number = 0;
  return groups.map((_, i) => {
    const role = roleOf(groups, i);
    const fallback = role === 'block' ? `block${++number}` : role;
    const base = (useful ? found[i] : undefined) ?? fallback;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  });
}
