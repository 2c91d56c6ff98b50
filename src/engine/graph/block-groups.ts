/** Which pieces of a network belong together: the rules behind {@link blocksOf}. */
import { weightKeys, type GraphNode, type ModelGraph } from './graph.ts';
import type { Shape } from './shapes.ts';

/** The nodes between two tensors that everything passes through: one node of a chain, or a branching unit. */
export interface Segment {
  readonly nodes: readonly GraphNode[];
  readonly input: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

type Kind =
  | 'light' // no convolution: normalization, activation
  | 'plain' // convolution wider than a pixel
  | 'pointwise' // 1x1 convolution
  | 'depthwise' // depthwise convolution, alone so far
  | 'separable' // depthwise with its pointwise partners
  | 'residual' // branches that end in a sum
  | 'concat' // branches that end in a concat
  | 'growth' // dense block: every unit appends to what it was given
  | 'pooling' // from a map to a vector
  | 'dense';

export interface Group {
  readonly kind: Kind;
  readonly nodes: readonly GraphNode[];
  readonly inputChannels: number;
  readonly outputChannels: number;
}

const channels = (shape: Shape): number => shape.at(-1) ?? 1;
const hasWeights = (node: GraphNode): boolean => weightKeys(node).length > 0;
const isPool = (node: GraphNode): boolean => node.op === 'max-pool' || node.op === 'average-pool';
const isMap = (shape: Shape): boolean => shape.length === 3 && (shape[0] ?? 1) * (shape[1] ?? 1) > 1;

function kindOf(graph: ModelGraph, segment: Segment): Kind | 'attached' {
  const last = segment.nodes.at(-1);
  if (last === undefined) return 'attached';
  if (segment.nodes.length > 1) {
    if (last.op === 'concat') return last.inputs.includes(segment.input) ? 'growth' : 'concat';
    // A product of branches is a gate (squeeze and excitation) on the layer before.
    if (last.op === 'mul') return 'attached';
    return segment.nodes.some(hasWeights) ? 'residual' : 'attached';
  }
  switch (last.op) {
    case 'conv2d': {
      const [kh = 1, kw = 1] = graph.weights.get(last.kernel)?.shape ?? [];
      return kh * kw === 1 ? 'pointwise' : 'plain';
    }
    case 'depthwise-conv2d':
      return 'depthwise';
    case 'dense':
      return 'dense';
    default:
      return isMap(segment.inputShape) && !isMap(segment.outputShape) ? 'pooling' : 'attached';
  }
}

const merged = (a: Group, b: Group, kind: Kind): Group => ({
  kind,
  nodes: [...a.nodes, ...b.nodes],
  inputChannels: a.inputChannels,
  outputChannels: b.outputChannels,
});

/** Normalization right behind a sum, concat or pool prepares the next unit (ResNet v2, DenseNet). */
function opensNextUnit(segment: Segment, before: Group): boolean {
  const [node] = segment.nodes;
  const last = before.nodes.at(-1);
  if (node === undefined || last === undefined) return false;
  const normalizes = node.op === 'batch-norm' || node.op === 'affine';
  return normalizes && (last.op === 'add' || last.op === 'concat' || isPool(last));
}

/** One group per layer with weights or branching unit, with the normalization and activation after it. */
function layers(graph: ModelGraph, segments: readonly Segment[]): Group[] {
  const groups: Group[] = [];
  const join = (group: Group, kind: Kind): void => {
    const before = groups.pop();
    groups.push(before === undefined ? group : merged(before, group, kind));
  };
  for (const segment of segments) {
    const kind = kindOf(graph, segment);
    const group: Group = {
      kind: kind === 'attached' ? 'light' : kind,
      nodes: segment.nodes,
      inputChannels: channels(segment.inputShape),
      outputChannels: channels(segment.outputShape),
    };
    const before = groups.at(-1);
    if (before === undefined) groups.push(group);
    else if (kind === 'attached' && !opensNextUnit(segment, before)) join(group, before.kind);
    else if (before.kind === 'light' && kind !== 'pooling' && kind !== 'dense') join(group, group.kind);
    else groups.push(group);
  }
  // Normalization that no unit followed belongs to the unit before it.
  return joinNeighbours(groups, (a, b) => (b.kind === 'light' ? a.kind : undefined));
}

/** Walks over the groups and joins neighbours for which `join` names what they make together. */
function joinNeighbours(groups: readonly Group[], join: (a: Group, b: Group) => Kind | undefined): Group[] {
  const result: Group[] = [];
  for (const group of groups) {
    const before = result.at(-1);
    const kind = before === undefined ? undefined : join(before, group);
    if (before === undefined || kind === undefined) result.push(group);
    else result[result.length - 1] = merged(before, group, kind);
  }
  return result;
}

const structured: ReadonlySet<Kind> = new Set(['separable', 'residual', 'concat', 'growth']);
const isStem = (group: Group): boolean =>
  group.kind === 'plain' || group.kind === 'pointwise' || group.kind === 'light';
const pools = (group: Group): boolean => group.nodes.some(isPool);

/** A stride-1 convolution goes on at the resolution of the one before. */
const keepsSize = (group: Group): boolean => {
  const first = group.nodes.find((node) => node.op === 'conv2d');
  return first?.op === 'conv2d' && first.strides.every((s) => s === 1);
};

/** The blocks of a network, from its segments. */
export function groupSegments(graph: ModelGraph, segments: readonly Segment[]): Group[] {
  let groups = layers(graph, segments);
  // Inverted residuals and separable convolutions: [expand] depthwise project.
  groups = joinNeighbours(groups, (a, b) =>
    a.kind === 'pointwise' && b.kind === 'depthwise' && a.outputChannels > a.inputChannels && !pools(a)
      ? 'depthwise'
      : undefined,
  );
  groups = joinNeighbours(groups, (a, b) =>
    a.kind === 'depthwise' && b.kind === 'pointwise' ? 'separable' : undefined,
  );
  groups = groups.map((group) => (group.kind === 'depthwise' ? { ...group, kind: 'separable' } : group));
  groups = joinNeighbours(groups, (a, b) => {
    const squeezes = a.kind === 'pointwise' && a.outputChannels < a.inputChannels && !pools(a);
    if (squeezes && b.kind === 'concat') return 'concat';
    return a.kind === 'growth' && b.kind === 'growth' && !pools(a) ? 'growth' : undefined;
  });
  groups = joinNeighbours(groups, (a, b) =>
    a.kind === 'pooling' && (b.kind === 'dense' || b.kind === 'pointwise' || b.kind === 'pooling')
      ? b.kind === 'pooling'
        ? 'pooling'
        : 'dense'
      : undefined,
  );
  groups = joinNeighbours(groups, (a, b) => (b.kind === 'pooling' ? a.kind : undefined));
  const firstUnit = groups.findIndex((group) => structured.has(group.kind));
  const lead = groups.slice(0, Math.max(0, firstUnit));
  if (lead.length > 1 && lead.every(isStem))
    return [lead.reduce((a, b) => merged(a, b, 'plain')), ...groups.slice(firstUnit)];
  return joinNeighbours(groups, (a, b) =>
    a.kind === 'plain' && b.kind === 'plain' && !pools(a) && keepsSize(b) ? 'plain' : undefined,
  );
}

/** What a block is called where the file's names don't help. */
export function roleOf(
  groups: readonly Group[],
  index: number,
): 'stem' | 'block' | 'last-conv' | 'classifier' {
  const group = groups[index];
  if (group === undefined) return 'block';
  const last = groups.length - 1;
  const endsInScores = group.nodes.some((node) => node.op === 'activation' && node.kind === 'softmax');
  if (index === last && (group.kind === 'dense' || endsInScores)) return 'classifier';
  const hasUnits = groups.some((other) => structured.has(other.kind));
  if (!hasUnits) return 'block';
  if (index === 0 && isStem(group)) return 'stem';
  const behind = groups.slice(index + 1);
  return isStem(group) && behind.every((other) => other.kind === 'dense') ? 'last-conv' : 'block';
}
