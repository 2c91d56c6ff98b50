/**
 * How an ONNX tensor (NCHW, or any reshaping of it) lies in a graph tensor (NHWC).
 *
 * Each ONNX axis is a list of atoms, a size and a stride into the graph's tensor of one photo. Reshape,
 * Transpose, Flatten, Squeeze and Unsqueeze only rearrange atoms and compute nothing; when an operation
 * needs a real layout, {@link contiguous} says whether the view is one.
 */
export interface Atom {
  readonly size: number;
  /** Elements of one photo's tensor between neighbours; Infinity marks the batch axis. */
  readonly stride: number;
}
export type Axis = readonly Atom[];

export interface View {
  /** The graph node (or input) whose tensor this is. */
  readonly node: string;
  /** That tensor's shape, without the batch axis. */
  readonly shape: readonly number[];
  readonly axes: readonly Axis[];
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
export const axisSize = (axis: Axis): number => axis.reduce((n, atom) => n * atom.size, 1);
export const isBatch = (atom: Atom): boolean => atom.stride === Infinity;
/** The ONNX shape, batch axis included. */
export const logicalShape = (view: View): number[] => view.axes.map(axisSize);
export const batchAtom = (size: number): Atom => ({ size, stride: Infinity });

/** Leaves out single elements and joins neighbours, so that equal layouts have equal lists. */
export function canonical(atoms: readonly Atom[]): Atom[] {
  const result: Atom[] = [];
  for (const atom of atoms) {
    if (atom.size === 1 && !isBatch(atom)) continue;
    const last = result.at(-1);
    if (last !== undefined && !isBatch(atom) && last.stride === atom.size * atom.stride)
      result[result.length - 1] = { size: last.size * atom.size, stride: atom.stride };
    else result.push(atom);
  }
  return result;
}

/** A view of a fresh tensor [d0, d1, ...] whose ONNX axes after the batch are the given physical ones, in order. */
export function freshView(
  node: string,
  shape: readonly number[],
  batch: number,
  axes: readonly number[],
): View {
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  return {
    node,
    shape,
    axes: [
      [batchAtom(batch)],
      ...axes.map((axis) => canonical([{ size: shape[axis] ?? 1, stride: strides[axis] ?? 1 }])),
    ],
  };
}

/** The view with other axis sizes in the same row-major order, or undefined where atoms don't divide so. */
export function reshaped(axes: readonly Axis[], sizes: readonly number[]): Axis[] | undefined {
  const queue: Atom[] = canonical(axes.flat());
  const result: Axis[] = [];
  for (const size of sizes) {
    const axis: Atom[] = [];
    let need = size;
    const head = queue[0];
    if (head !== undefined && isBatch(head)) {
      if (head.size !== size) return undefined;
      queue.shift();
      result.push([head]);
      continue;
    }
    while (need > 1) {
      const atom = queue.shift();
      if (atom === undefined || isBatch(atom)) return undefined;
      if (need % atom.size === 0) {
        axis.push(atom);
        need /= atom.size;
      } else if (atom.size % need === 0) {
        const inner = atom.size / need;
        axis.push({ size: need, stride: atom.stride * inner });
        queue.unshift({ size: inner, stride: atom.stride });
        need = 1;
      } else return undefined;
    }
    result.push(axis);
  }
  return queue.length === 0 ? result : undefined;
}

/** Whether these atoms, read in this order, walk the whole graph tensor from start to end. */
export function contiguous(view: View, atoms: readonly Atom[]): boolean {
  const total = product(view.shape);
  const list = canonical(atoms);
  if (total === 1) return list.length === 0;
  return list.length === 1 && list[0]?.stride === 1 && list[0].size === total;
}

/** The offset in the graph's tensor of each element of an axis, in ONNX order. */
export function offsets(axis: Axis): Int32Array {
  let result = new Int32Array(1);
  for (const { size, stride } of axis) {
    const next = new Int32Array(result.length * size);
    for (let i = 0, at = 0; i < result.length; i++)
      for (let j = 0; j < size; j++) next[at++] = (result[i] ?? 0) + j * stride;
    result = next;
  }
  return result;
}
