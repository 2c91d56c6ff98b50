/** What a step of fine-tuning needs of memory. */
import type { ModelGraph } from '../../graph/graph.ts';
import { inferShapes } from '../../graph/shapes.ts';
import type { TailPlan } from './plan.ts';

/** What a step computes between the tail's layers may take this much memory (bytes). */
const stepBytes = 2 * 1024 ** 3;

/**
 * Bytes a step takes for each byte that a layer puts out: the output itself until the way back has passed, its
 * gradient, and what an allocator leaves unused. Measured on our backend: 2.4 for the whole of MobileNetV2, 2.0 for
 * ResNet-50.
 */
const bytesPerByte = 2.4;

/**
 * How many photos can pass through the tail at a time, forward and back, in a sane amount of memory: at least one.
 *
 * @param graph that the plan was made for
 */
export function photosAtOnce({ nodes }: Pick<TailPlan, 'nodes'>, graph: ModelGraph): number {
  const shapes = inferShapes(graph);
  const numbers = nodes.reduce(
    (sum, { name }) => sum + (shapes.get(name) ?? []).reduce((size, side) => size * side, 1),
    0,
  );
  const perPhoto = Math.max(1, numbers) * Float32Array.BYTES_PER_ELEMENT * bytesPerByte;
  return Math.max(1, Math.floor(stepBytes / perPhoto));
}
