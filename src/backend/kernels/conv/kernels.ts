/** TensorFlow.js' convolution kernels; each formulation is a file of its own beside this one. */
import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/value.ts';
import { activate, finishFused } from '../activation.ts';
import { castLikeJs } from '../cast.ts';
import type { Inputs, Kernel, Table } from '../kernel.ts';
import { filterGradientOf, forwardOf, inputGradientOf } from './choose.ts';
import { convGeometry, fromChannelsLast, isEmpty, toChannelsLast, type Geometry } from './geometry.ts';

const float = (g: Graph, inputs: Inputs, name: string): Value => g.cast(inputs.get(name), 'float32');

/** tf.conv2dTranspose takes a tensor larger than the convolution's output; the host reads a part of it. */
function isOutput(dy: Value, { output, isChannelsFirst }: Geometry): boolean {
  const first = isChannelsFirst ? 2 : 1;
  return dy.shape[first] === output[0] && dy.shape[first + 1] === output[1];
}

function forward(isDepthwise: boolean, isFused: boolean): Kernel {
  return (g, inputs, attrs) => {
    const x = float(g, inputs, 'x');
    const filter = float(g, inputs, 'filter');
    const geometry = convGeometry(x.shape, filter.shape, attrs, isDepthwise);
    if (isEmpty(geometry)) return undefined;
    const { isChannelsFirst } = geometry;
    if (isChannelsFirst && isFused) return undefined;
    const compute = forwardOf(g, filter, geometry, isDepthwise);
    const bias = isFused ? inputs.find('bias') : undefined;
    const isVector =
      bias?.type === 'float32' && bias.size === geometry.outChannels && bias.shape.at(-1) === bias.size;
    const y = compute(
      g,
      toChannelsLast(g, x, isChannelsFirst),
      filter,
      geometry,
      isVector ? g.reshape(bias, [geometry.outChannels]) : undefined,
    );
    const shaped = fromChannelsLast(g, y, isChannelsFirst);
    if (!isFused) return castLikeJs(g, shaped, inputs.get('x').type);
    return isVector ? activate(g, shaped, inputs, attrs) : finishFused(g, shaped, inputs, attrs);
  };
}

function inputGradient(isDepthwise: boolean): Kernel {
  return (g, inputs, attrs) => {
    const dy = float(g, inputs, 'dy');
    const filter = float(g, inputs, 'filter');
    const geometry = convGeometry(attrs.numbers('inputShape'), filter.shape, attrs, isDepthwise);
    if (isEmpty(geometry) || !isOutput(dy, geometry)) return undefined;
    const { isChannelsFirst } = geometry;
    const compute = inputGradientOf(g, geometry, isDepthwise);
    return fromChannelsLast(
      g,
      compute(g, toChannelsLast(g, dy, isChannelsFirst), filter, geometry),
      isChannelsFirst,
    );
  };
}

function filterGradient(isDepthwise: boolean): Kernel {
  return (g, inputs, attrs) => {
    const x = float(g, inputs, 'x');
    const dy = float(g, inputs, 'dy');
    const geometry = convGeometry(x.shape, attrs.numbers('filterShape'), attrs, isDepthwise);
    if (isEmpty(geometry) || !isOutput(dy, geometry)) return undefined;
    const { isChannelsFirst } = geometry;
    const compute = filterGradientOf(g, geometry, isDepthwise);
    return compute(
      g,
      toChannelsLast(g, x, isChannelsFirst),
      toChannelsLast(g, dy, isChannelsFirst),
      geometry,
    );
  };
}

export const convKernels: Table = {
  Conv2D: forward(false, false),
  FusedConv2D: forward(false, true),
  DepthwiseConv2dNative: forward(true, false),
  FusedDepthwiseConv2D: forward(true, true),
  Conv2DBackpropInput: inputGradient(false),
  Conv2DBackpropFilter: filterGradient(false),
  DepthwiseConv2dNativeBackpropInput: inputGradient(true),
  DepthwiseConv2dNativeBackpropFilter: filterGradient(true),
};
