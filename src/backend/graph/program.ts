/** A schedule as an ONNX model, and the compiled session that runs it. */
import { DeviceError } from '../onnx/device-error.ts';
import {
  elementBytes,
  encodeModel,
  type ModelNode,
  type ModelTensor,
  type ModelValue,
} from '../onnx/model.ts';
import type { NativeSession, OrtTensor, Runtime } from '../onnx/runtime.ts';
import type { GraphNode, Leaf, Literal, Source } from './node.ts';
import type { Schedule } from './schedule.ts';
import { sizeOf } from './value.ts';

/** Below this many output elements in all, a graph runs on one thread. */
const smallElements = 1 << 16;

export interface Program {
  readonly key: Int32Array;
  readonly session: NativeSession;
  /** Per leaf of the schedule, the name it's fed under; undefined for constants. */
  readonly inputNames: readonly (string | undefined)[];
  readonly outputNames: readonly string[];
  /** What the session holds, about: its model, its constants and the arena its activations leave behind. */
  readonly bytes: number;
  /** The ONNX operations it was compiled from. */
  readonly operations: readonly string[];
  /** Constants compiled into it, by number. */
  readonly constants: readonly number[];
}

/**
 * Compiles a schedule.
 * @throws Error naming the kernel, the operation and the shapes when ONNX Runtime refuses the graph
 */
export function compile(runtime: Runtime, plan: Schedule): Program {
  const initializers: ModelTensor[] = [];
  const literalNames = new Map<Literal, string>();
  const inputs: ModelValue[] = [];
  const constants: number[] = [];
  const inputNames = plan.leaves.map((leaf, i) => {
    const name = `x${String(i)}`;
    const value = {
      name,
      type: leaf.types[0] as ModelValue['type'],
      dims: leaf.dims[0] as readonly number[],
    };
    if (leaf.constant === 0) {
      inputs.push(value);
      return name;
    }
    constants.push(leaf.constant);
    const { data } = leaf;
    initializers.push({ ...value, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    return undefined;
  });
  const used = usedOutputs(plan);
  const nodes = plan.nodes.map((node, i): ModelNode => {
    let operand = 0;
    const inputs = node.operation.slots.map((slot) => {
      if (slot === 'none') return '';
      if (slot === 'operand') {
        const name = nameOf(node.sources[operand] as Source, node.outs[operand] as number);
        operand++;
        return name;
      }
      let name = literalNames.get(slot);
      if (name === undefined) {
        name = `c${String(literalNames.size)}`;
        literalNames.set(slot, name);
        initializers.push({ name, type: slot.type, dims: slot.dims, bytes: slot.bytes });
      }
      return name;
    });
    while (inputs.at(-1) === '') inputs.pop();
    const outputs = node.dims.map((_, out) => nameOf(node, out));
    // Positions of the greatest elements cost a slower kernel: only where something reads them.
    if (node.operation.op === 'MaxPool' && used[i]?.has(1) !== true) outputs.length = 1;
    return {
      name: nodeName(node),
      op: node.operation.op,
      domain: node.operation.domain,
      attributes: node.operation.attributes,
      inputs,
      outputs,
    };
  });
  const outputs = plan.outputs.map(({ source, out, type, dims }, i): ModelValue => {
    const name = `y${String(i)}`;
    nodes.push({
      name: `out_${String(i)}`,
      op: 'Identity',
      domain: '',
      attributes: {},
      inputs: [nameOf(source, out)],
      outputs: [name],
    });
    return { name, type, dims };
  });
  const model = encodeModel({ nodes, inputs, outputs, initializers });
  let elements = 0;
  for (const node of plan.nodes) for (const dims of node.dims) elements += sizeOf(dims);
  let session: NativeSession;
  try {
    session = runtime.createSession(model, elements < smallElements);
  } catch (error) {
    throw explain(runtime, 'compile', error, plan);
  }
  return {
    key: plan.key,
    session,
    inputNames,
    outputNames: outputs.map(({ name }) => name),
    bytes: 2 * model.length + peakBytes(plan),
    operations: plan.nodes.map((node) => node.operation.op),
    constants,
  };
}

/**
 * Runs a compiled program on a schedule's data.
 * @param runtime that it was compiled with
 * @returns one tensor per output of the schedule
 * @throws Error naming the kernel, the operation and the shapes; a DeviceError where a device may be at fault
 */
export function run(runtime: Runtime, program: Program, plan: Schedule): OrtTensor[] {
  const feeds: Record<string, OrtTensor> = {};
  plan.leaves.forEach((leaf, i) => {
    const name = program.inputNames[i];
    if (name !== undefined) feeds[name] = leaf.tensor;
  });
  const fetches: Record<string, null> = {};
  for (const name of program.outputNames) fetches[name] = null;
  let results: Record<string, OrtTensor>;
  try {
    results = program.session.run(feeds, fetches, {});
  } catch (error) {
    throw explain(runtime, 'run', error, plan);
  }
  return program.outputNames.map((name) => results[name] as OrtTensor);
}

function nameOf(source: Source, out: number): string {
  if (source.isLeaf) return `x${String(source.index)}`;
  return out === 0 ? `v${String(source.index)}` : `v${String(source.index)}_${String(out)}`;
}

const nodeName = (node: GraphNode): string => `${node.kernel}_${node.operation.op}_${String(node.index)}`;

function usedOutputs(plan: Schedule): Set<number>[] {
  const used = plan.nodes.map(() => new Set<number>());
  const use = (source: Source, out: number): void => {
    if (!source.isLeaf) used[source.index]?.add(out);
  };
  for (const { source, out } of plan.outputs) use(source, out);
  for (const node of plan.nodes) node.sources.forEach((source, i) => use(source, node.outs[i] as number));
  return used;
}

/** The most that lives at once when nodes run in order and every value is freed after its last use. */
function peakBytes(plan: Schedule): number {
  const lastUse = plan.nodes.map((_, i) => i);
  plan.nodes.forEach((node, i) => {
    for (const source of node.sources) if (!source.isLeaf) lastUse[source.index] = i;
  });
  const freed = plan.nodes.map(() => 0);
  let live = 0;
  let peak = 0;
  plan.nodes.forEach((node, i) => {
    const bytes = node.dims.reduce(
      (sum, dims, out) => sum + sizeOf(dims) * elementBytes(node.types[out] as ModelValue['type']),
      0,
    );
    live += bytes;
    peak = Math.max(peak, live);
    freed[lastUse[i] as number] = (freed[lastUse[i] as number] ?? 0) + bytes;
    live -= freed[i] as number;
  });
  return peak;
}

/** Which kernel, which operation, which shapes: found by the node names in ONNX Runtime's message. */
function explain(runtime: Runtime, doing: string, error: unknown, plan: Schedule): Error {
  const message = error instanceof Error ? error.message : String(error);
  let node: GraphNode | undefined;
  for (const candidate of plan.nodes) {
    if (new RegExp(`${nodeName(candidate)}(?![0-9])`).test(message)) node = candidate;
  }
  const where = node === undefined ? `a graph of ${String(plan.nodes.length)} operations` : describe(node);
  const Kind = runtime.onDevice ? DeviceError : Error;
  return new Kind(`The onnxruntime backend could not ${doing} ${where}: ${message}`, { cause: error });
}

function describe(node: GraphNode): string {
  const shapes = node.sources.map((source: GraphNode | Leaf, i) => {
    const out = node.outs[i] as number;
    return `${source.types[out] as string}[${(source.dims[out] as readonly number[]).join()}]`;
  });
  return `kernel ${node.kernel} (ONNX ${node.operation.op} of ${shapes.join(', ')})`;
}
