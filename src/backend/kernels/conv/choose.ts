/** Which formulation computes which convolution: see FORMULATIONS.md for what was measured. */
import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/value.ts';
import { isBlockedDense, isBlockedDepthwise } from './blocked.ts';
import { blockedDepthwiseFilterGradient } from './blocked-depthwise-filter-gradient.ts';
import { blockedFilterGradient, isBlockedFilterGradient } from './blocked-filter-gradient.ts';
import { blockedDepthwiseForward, blockedForward } from './blocked-forward.ts';
import {
  blockedDepthwiseInputGradient,
  blockedInputGradient,
  isBlockedDepthwiseInputGradient,
  isBlockedInputGradient,
} from './blocked-input-gradient.ts';
import { columnsFilterGradient, isColumns } from './columns-filter-gradient.ts';
import { depthwiseFilterGradient } from './depthwise-filter-gradient.ts';
import { depthwiseForward } from './depthwise-forward.ts';
import { depthwiseInputGradient } from './depthwise-input-gradient.ts';
import { convFilterGradient } from './filter-gradient.ts';
import { convForward } from './forward.ts';
import type { Geometry } from './geometry.ts';
import { convInputGradient } from './input-gradient.ts';

type Forward = (g: Graph, x: Value, filter: Value, geometry: Geometry, bias?: Value) => Value;
type InputGradient = (g: Graph, dy: Value, filter: Value, geometry: Geometry) => Value;
type FilterGradient = (g: Graph, x: Value, dy: Value, geometry: Geometry) => Value;

/** A constant filter is folded and packed by ONNX Runtime itself, with what follows it. */
const isConstant = ({ source }: Value): boolean => source.isLeaf && source.constant !== 0;

export function forwardOf(g: Graph, filter: Value, geometry: Geometry, isDepthwise: boolean): Forward {
  if (isDepthwise) {
    return isBlockedDepthwise(g, geometry) && !isConstant(filter)
      ? blockedDepthwiseForward
      : depthwiseForward;
  }
  return isBlockedDense(g, geometry) && !isConstant(filter) ? blockedForward : convForward;
}

export function inputGradientOf(g: Graph, geometry: Geometry, isDepthwise: boolean): InputGradient {
  if (isDepthwise) {
    return isBlockedDepthwiseInputGradient(g, geometry)
      ? blockedDepthwiseInputGradient
      : depthwiseInputGradient;
  }
  return isBlockedInputGradient(g, geometry) ? blockedInputGradient : convInputGradient;
}

export function filterGradientOf(g: Graph, geometry: Geometry, isDepthwise: boolean): FilterGradient {
  if (isDepthwise) {
    return isBlockedDepthwise(g, geometry) ? blockedDepthwiseFilterGradient : depthwiseFilterGradient;
  }
  if (isColumns(geometry)) return columnsFilterGradient;
  return isBlockedFilterGradient(g, geometry) ? blockedFilterGradient : convFilterGradient;
}
