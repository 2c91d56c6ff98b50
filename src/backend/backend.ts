/** TensorFlow.js' storage over a lazy graph: what is written, what is pending, and when it's computed. */
import {
  DataStorage,
  engine,
  KernelBackend,
  util,
  type BackendValues,
  type DataType,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { isGraphType, type GraphType } from './graph/dtype.ts';
import { Graph } from './graph/graph.ts';
import { Leaf, type HostArray, type Source } from './graph/node.ts';
import { compile, run } from './graph/program.ts';
import { schedule } from './graph/schedule.ts';
import { SessionCache, type CacheLimits } from './graph/session-cache.ts';
import { sameShape, sizeOf, Value } from './graph/value.ts';
import type { Runtime } from './onnx/runtime.ts';
import { newCounters } from './stats.ts';

export type DataId = object;

/**
 * What a tensor's data id stands for. Ids made here are the entries themselves: a training step makes thousands, and
 * a WeakMap of them would be most of the garbage collector's work.
 */
class Entry {
  refCount: number;
  readonly dtype: DataType;
  /** In the graph, ready or pending; undefined for what stays on the host. */
  value: Value | undefined;
  /** Strings and complex numbers. */
  host: BackendValues | undefined;
  /** Why the value could not be computed. */
  failure: Error | undefined;
  /** It was marked as never changing. */
  isConstant = false;
  /** The backend that keeps it; none once it's disposed of. */
  owner: object | undefined;

  constructor(refCount: number, dtype: DataType, value: Value | undefined, host: BackendValues | undefined) {
    this.refCount = refCount;
    this.dtype = dtype;
    this.value = value;
    this.host = host;
  }
}

export interface BackendLimits {
  readonly cache: CacheLimits;
  /** Pending operations above which the graph is evaluated without being asked. */
  readonly pendingNodes: number;
}

/** Ones of at least this many elements are kept as one element: tf.sum's gradient makes them at full size. */
const uniformElements = 4096;

let constants = 0;

export class OnnxRuntimeBackend extends KernelBackend {
  readonly graph = new Graph();
  readonly counters = newCounters();
  readonly cache: SessionCache;
  readonly #runtime: Runtime;
  readonly #limits: BackendLimits;
  /** Data whose id was made by another backend. */
  readonly #moved: DataStorage<Entry>;
  /** How many ids made here are alive. */
  #own = 0;
  readonly #pending = new Set<Entry>();
  #lastOperations: readonly string[] = [];

  constructor(runtime: Runtime, limits: BackendLimits) {
    super();
    this.#runtime = runtime;
    this.graph.block = runtime.block;
    this.#limits = limits;
    this.cache = new SessionCache(limits.cache);
    this.#moved = new DataStorage<Entry>(this, engine());
  }

  // ---- TensorFlow.js' storage

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    return this.#keep(this.#entryOf(values, shape, dtype, 1));
  }

  override move(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    const entry = this.#entryOf(values, shape, dtype, refCount);
    this.#moved.set(dataId, entry);
    if (entry.value?.isReady === false) this.#pending.add(entry);
  }

  #entryOf(values: BackendValues, shape: readonly number[], dtype: DataType, refCount: number): Entry {
    return isGraphType(dtype)
      ? new Entry(refCount, dtype, this.#written(values as HostArray, shape, dtype), undefined)
      : new Entry(refCount, dtype, undefined, values);
  }

  /** Makes an entry a data id of this backend. */
  #keep(entry: Entry): Entry {
    entry.owner = this;
    this.#own++;
    if (entry.value?.isReady === false) this.#pending.add(entry);
    return entry;
  }

  #isOwn(dataId: DataId): dataId is Entry {
    return dataId instanceof Entry && dataId.owner === this;
  }

  /** The data of an id; what another backend has is moved here. */
  #get(dataId: DataId): Entry {
    return this.#isOwn(dataId) ? dataId : this.#moved.get(dataId);
  }

  #written(values: HostArray | ArrayBuffer, shape: readonly number[], dtype: GraphType): Value {
    if (shape.length > 1 && sizeOf(shape) >= uniformElements && isOnes(values)) {
      return this.graph.uniform(dtype, 1, shape);
    }
    return this.leaf(hostCopy(values, dtype), shape, dtype);
  }

  /** A value over data that the caller gives away. */
  leaf(data: HostArray, shape: readonly number[], dtype: GraphType): Value {
    if (data.length !== sizeOf(shape)) {
      throw new Error(`A tensor of shape [${shape.join()}] can't hold ${String(data.length)} values`);
    }
    return new Value(new Leaf(new this.#runtime.Tensor(dtype, data, shape), dtype, shape), 0, shape, null);
  }

  override readSync(dataId: DataId): BackendValues {
    const entry = this.#get(dataId);
    if (entry.value === undefined) return entry.host as BackendValues;
    if (!entry.value.isReady) this.flush();
    if (entry.failure !== undefined) throw entry.failure;
    return (entry.value.source as Leaf).data;
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override refCount(dataId: DataId): number {
    return this.#isOwn(dataId) || this.#moved.has(dataId) ? this.#get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    this.#get(dataId).refCount++;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const isOwn = this.#isOwn(dataId);
    if (!isOwn && !this.#moved.has(dataId)) return true;
    const entry = this.#get(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    this.#pending.delete(entry);
    if (isOwn) this.#own--;
    else this.#moved.delete(dataId);
    const source = entry.value?.source;
    // A tensor that's disposed of but still referenced must not keep its data.
    entry.owner = undefined;
    entry.value = undefined;
    entry.host = undefined;
    // Others may share a constant's data (a cast to its own type does): only its own tensor's end is its end.
    if (entry.isConstant && source?.isLeaf === true) this.cache.releaseConstant(source.constant);
    return true;
  }

  override numDataIds(): number {
    return this.#own + this.#moved.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(f: () => void): Promise<{ kernelMs: number }> {
    this.flush();
    const start = util.now();
    f();
    this.flush();
    return Promise.resolve({ kernelMs: util.now() - start });
  }

  override dispose(): void {
    this.#pending.clear();
    this.cache.clear();
  }

  // ---- what kernels use

  /** A tensor as a value of the graph, under the tensor's own shape. */
  value(info: TensorInfo): Value {
    const entry = this.#get(info.dataId);
    if (entry.failure !== undefined) throw entry.failure;
    if (entry.value === undefined) {
      throw new Error(`A tensor of dtype ${entry.dtype} can't be an operand of an ONNX graph`);
    }
    return sameShape(entry.value.shape, info.shape)
      ? entry.value
      : this.graph.reshape(entry.value, [...info.shape]);
  }

  /** Hands a value to TensorFlow.js as a tensor. */
  tensor(value: Value, dtype: DataType = value.type as GraphType): TensorInfo {
    const dataId = this.#keep(new Entry(1, dtype, value, undefined));
    return { dataId, shape: [...value.shape], dtype };
  }

  /** Same data, perhaps another shape: no new data id. */
  share(info: TensorInfo, shape: readonly number[]): TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  /** Makes room before a kernel adds to the graph. */
  beforeKernel(name: string): void {
    if (this.graph.nodes > this.#limits.pendingNodes) this.flush();
    this.graph.kernel = name;
  }

  /** Compiles this tensor's data into graphs from now on: it must not change. */
  markConstant(info: TensorInfo): void {
    const entry = this.#get(info.dataId);
    if (entry.value === undefined) return;
    if (!entry.value.isReady) this.flush();
    const { source } = entry.value;
    if (!source.isLeaf) return;
    if (source.constant === 0) source.constant = ++constants;
    entry.isConstant = true;
  }

  /** Per operation, how many the graph computed last had. */
  lastOperations(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const op of this.#lastOperations) counts.set(op, (counts.get(op) ?? 0) + 1);
    return counts;
  }

  /**
   * Computes everything pending that is still referenced, in one session.
   * @throws Error naming kernel, operation and shapes; what depended on the graph is lost then
   */
  flush(): void {
    this.graph.nodes = 0;
    if (this.#pending.size === 0) return;
    const { counters } = this;
    const started = performance.now();
    const entries = [...this.#pending];
    this.#pending.clear();
    try {
      const outputs: Value[] = [];
      const seen = new Map<Source, number[]>();
      const places = entries.map((entry) => {
        const plain = this.graph.plain(entry.value as Value);
        let places = seen.get(plain.source);
        if (places === undefined) seen.set(plain.source, (places = []));
        return (places[plain.out] ??= outputs.push(plain) - 1);
      });
      const plan = schedule(outputs);
      const scheduled = performance.now();
      counters.hashingMs += scheduled - started;
      let program = this.cache.get(plan);
      if (program === undefined) {
        program = compile(this.#runtime, plan);
        this.cache.add(plan.hash, program);
        counters.compiles++;
        counters.compileMs += performance.now() - scheduled;
      } else {
        counters.cacheHits++;
      }
      const compiled = performance.now();
      const tensors = run(this.#runtime, program, plan);
      this.#lastOperations = program.operations;
      counters.runs++;
      counters.runNodes += plan.nodes.length;
      counters.runMs += performance.now() - compiled;
      entries.forEach((entry, i) => {
        const tensor = tensors[places[i] as number];
        const { shape, type } = entry.value as Value;
        if (tensor === undefined) throw new Error('ONNX Runtime returned fewer outputs than asked for');
        entry.value = new Value(new Leaf(tensor, type, shape), 0, shape, null);
      });
    } catch (error) {
      for (const entry of entries) entry.failure = error as Error;
      throw error;
    }
    this.graph.nodes = 0;
  }
}

/** A copy, so that what the caller does to the array later can't reach a graph that's still pending. */
function hostCopy(values: HostArray | ArrayBuffer, dtype: GraphType): HostArray {
  // A buffer is copied by `slice`: as an argument of a typed array's constructor it would be shared.
  const source = values instanceof ArrayBuffer ? values.slice(0) : values;
  if (dtype === 'float32') return new Float32Array(source);
  if (dtype === 'int32') return new Int32Array(source);
  return new Uint8Array(source);
}

function isOnes(values: HostArray | ArrayBuffer): boolean {
  if (values instanceof ArrayBuffer) return false;
  for (let i = 0; i < values.length; i++) if (values[i] !== 1) return false;
  return true;
}
