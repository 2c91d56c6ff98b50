/** The vocabulary of build-tfjs.ts: single layers that TF.js 1.3 and Keras both have, with names and weights. */
import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import type { Pads, Pair, Weight } from '../graph.ts';
import { samePads } from './graph-builder.ts';

type Layer = tf.layers.Layer;
export type Symbolic = tf.SymbolicTensor;

/** Unique layer names that TensorFlow accepts as scopes: letters, digits, `_`, `.` and `-`. */
export class LayerNames {
  private readonly taken = new Set<string>();
  private readonly nodes = new Map<string, string>();

  /** @param nodes get their names first, so that no helper of an earlier node takes one */
  constructor(nodes: Iterable<string>) {
    for (const node of nodes) this.nodes.set(node, this.make(node));
  }

  ofNode(node: string): string {
    return this.nodes.get(node) ?? this.make(node);
  }

  make(wanted: string): string {
    let legal = wanted.replace(/[^A-Za-z0-9_.-]/g, '_');
    if (!/^[A-Za-z0-9.]/.test(legal)) legal = `layer${legal}`;
    let unique = legal;
    for (let i = 1; this.taken.has(unique); i++) unique = `${legal}_${i}`;
    this.taken.add(unique);
    return unique;
  }
}

/** Fields of every layer made here; weights are set afterwards, so nothing is spent on random numbers. */
interface Common {
  readonly name: string;
  readonly trainable: boolean;
}

const zeroInitializers = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

/** Size without the batch axis. */
export function sizesOf(tensor: Symbolic): number[] {
  return tensor.shape.slice(1).map((size) => size ?? 0);
}

/** Height, width and channels of an image. */
export function imageOf(tensor: Symbolic): [height: number, width: number, channels: number] {
  const sizes = sizesOf(tensor);
  const [height, width, channels] = sizes;
  if (height === undefined || width === undefined || channels === undefined)
    throw new Error(`"${tensor.name}" is not an image: [${sizes.join(', ')}].`);
  return [height, width, channels];
}

function mutable([height, width]: Pair): [number, number] {
  return [height, width];
}

export function isZero(pads: Pads): boolean {
  return pads.every((pad) => pad === 0);
}

/** Makes the layers of one node. The node's own layer is named after it, helpers after what they do. */
export class LayerStack {
  private readonly names: LayerNames;
  private readonly node: string;
  private readonly trainable: boolean;

  constructor(names: LayerNames, node: string, trainable: boolean) {
    this.names = names;
    this.node = node;
    this.trainable = trainable;
  }

  private common(part?: string): Common {
    const own = this.names.ofNode(this.node);
    const name = part === undefined ? own : this.names.make(`${own}_${part}`);
    return { name, trainable: this.trainable };
  }

  /** Applies a layer and gives it its weights. */
  apply(layer: Layer, inputs: Symbolic | Symbolic[], weights: readonly Weight[] = []): Symbolic {
    const output = layer.apply(inputs);
    if (!(output instanceof tf.SymbolicTensor))
      throw new Error(`The layer "${layer.name}" has several outputs.`);
    if (weights.length > 0) {
      const tensors = weights.map(({ shape, data }) => tfc.tensor(data, [...shape], 'float32'));
      layer.setWeights(tensors);
      tfc.dispose(tensors);
    }
    return output;
  }

  conv(
    x: Symbolic,
    kernel: Weight,
    bias: Weight | undefined,
    options: { strides: Pair; dilations: Pair; padding: 'same' | 'valid'; part?: string },
  ): Symbolic {
    const [kh = 0, kw = 0, , filters = 0] = kernel.shape;
    const layer = tf.layers.conv2d({
      ...this.common(options.part),
      ...zeroInitializers,
      filters,
      kernelSize: [kh, kw],
      strides: [...options.strides],
      dilationRate: [...options.dilations],
      padding: options.padding,
      useBias: bias !== undefined,
    });
    return this.apply(layer, x, bias === undefined ? [kernel] : [kernel, bias]);
  }

  /** @param options.constant whether the weights are never trained */
  depthwise(
    x: Symbolic,
    kernel: Weight,
    bias: Weight | undefined,
    options: { strides: Pair; padding: 'same' | 'valid'; part?: string; constant?: boolean },
  ): Symbolic {
    const common = this.common(options.part);
    const [kh = 0, kw = 0, , depthMultiplier = 0] = kernel.shape;
    const layer = tf.layers.depthwiseConv2d({
      ...common,
      trainable: common.trainable && options.constant !== true,
      depthwiseInitializer: 'zeros',
      biasInitializer: 'zeros',
      depthMultiplier,
      kernelSize: [kh, kw],
      strides: [...options.strides],
      padding: options.padding,
      useBias: bias !== undefined,
    });
    return this.apply(layer, x, bias === undefined ? [kernel] : [kernel, bias]);
  }

  dense(x: Symbolic, kernel: Weight, bias: Weight | undefined): Symbolic {
    const layer = tf.layers.dense({
      ...this.common(),
      ...zeroInitializers,
      units: kernel.shape[1] ?? 0,
      useBias: bias !== undefined,
    });
    return this.apply(layer, x, bias === undefined ? [kernel] : [kernel, bias]);
  }

  batchNorm(x: Symbolic, weights: readonly Weight[], epsilon: number): Symbolic {
    return this.apply(tf.layers.batchNormalization({ ...this.common(), axis: -1, epsilon }), x, weights);
  }

  /**
   * x * scale + offset for every channel: a 1 x 1 depthwise convolution. A BatchNormalization layer would say the
   * same in prediction, but in training it would normalize by the batch instead.
   *
   * @param constant numbers that belong to a formula and are never trained
   */
  affine(x: Symbolic, scale: Float32Array, offset: Float32Array, part?: string, constant = false): Symbolic {
    const sizes = sizesOf(x);
    const channels = sizes.at(-1) ?? 1;
    const image = sizes.length === 3 ? x : this.reshape(x, [1, 1, channels], `${part ?? 'affine'}_image`);
    const scaled = this.depthwise(
      image,
      { shape: [1, 1, channels, 1], data: scale },
      { shape: [channels], data: offset },
      {
        strides: [1, 1],
        padding: 'valid',
        constant,
        ...(sizes.length === 3
          ? part === undefined
            ? {}
            : { part }
          : { part: `${part ?? 'affine'}_scaled` }),
      },
    );
    return sizes.length === 3 ? scaled : this.reshape(scaled, sizes, part);
  }

  /** The same two numbers for every channel, never trained. */
  affineConstant(x: Symbolic, scale: number, offset: number, part?: string): Symbolic {
    const channels = sizesOf(x).at(-1) ?? 1;
    return this.affine(
      x,
      new Float32Array(channels).fill(scale),
      new Float32Array(channels).fill(offset),
      part,
      true,
    );
  }

  activation(x: Symbolic, name: ActivationName, part?: string): Symbolic {
    return this.apply(tf.layers.activation({ ...this.common(part), activation: name }), x);
  }

  relu(x: Symbolic, maxValue?: number, part?: string): Symbolic {
    const limit = maxValue === undefined ? {} : { maxValue };
    return this.apply(tf.layers.reLU({ ...this.common(part), ...limit }), x);
  }

  leakyRelu(x: Symbolic, alpha: number): Symbolic {
    return this.apply(tf.layers.leakyReLU({ ...this.common(), alpha }), x);
  }

  /** With alpha 1, the only one that TF.js has. */
  elu(x: Symbolic, part?: string): Symbolic {
    return this.apply(tf.layers.elu({ ...this.common(part), alpha: 1 }), x);
  }

  add(xs: Symbolic[]): Symbolic {
    return this.apply(tf.layers.add(this.common()), this.sameRank(xs));
  }

  multiply(xs: Symbolic[]): Symbolic {
    return this.apply(tf.layers.multiply(this.common()), this.sameRank(xs));
  }

  /** [c] beside [h, w, c] becomes [1, 1, c]: old merge layers place missing axes by their own rule. */
  private sameRank(xs: Symbolic[]): Symbolic[] {
    if (!xs.some((x) => sizesOf(x).length === 3)) return xs;
    return xs.map((x) => {
      const sizes = sizesOf(x);
      return sizes.length === 3 ? x : this.reshape(x, [1, 1, ...sizes], 'as_image');
    });
  }

  concat(xs: Symbolic[], axis: number, part?: string): Symbolic {
    return this.apply(tf.layers.concatenate({ ...this.common(part), axis }), xs);
  }

  reshape(x: Symbolic, targetShape: readonly number[], part?: string): Symbolic {
    return this.apply(tf.layers.reshape({ ...this.common(part), targetShape: [...targetShape] }), x);
  }

  permute(x: Symbolic, dims: readonly number[], part: string): Symbolic {
    return this.apply(tf.layers.permute({ ...this.common(part), dims: [...dims] }), x);
  }

  globalPool(x: Symbolic, kind: 'average' | 'max', part?: string): Symbolic {
    const common = this.common(part);
    const layer =
      kind === 'average'
        ? tf.layers.globalAveragePooling2d({ ...common, dataFormat: 'channelsLast' })
        : tf.layers.globalMaxPooling2d({ ...common, dataFormat: 'channelsLast' });
    return this.apply(layer, x);
  }

  pool(
    x: Symbolic,
    kind: 'average' | 'max',
    options: { window: Pair; strides: Pair; padding: 'same' | 'valid'; part?: string },
  ): Symbolic {
    const config = {
      ...this.common(options.part),
      poolSize: mutable(options.window),
      strides: mutable(options.strides),
      padding: options.padding,
    };
    return this.apply(
      kind === 'average' ? tf.layers.averagePooling2d(config) : tf.layers.maxPooling2d(config),
      x,
    );
  }

  /** 'same' where it means exactly these pads, so that the layer needs no padding layer before it. */
  paddingFor(
    x: Symbolic,
    pads: Pads,
    window: Pair,
    strides: Pair,
    dilations: Pair,
  ): 'same' | 'valid' | undefined {
    if (isZero(pads)) return 'valid';
    const [height, width] = imageOf(x);
    const same = samePads([height, width], window, strides, dilations);
    return same.every((pad, i) => pad === pads[i]) ? 'same' : undefined;
  }

  /** Zeros around an image. */
  zeroPad(x: Symbolic, [top, left, bottom, right]: Pads, part?: string): Symbolic {
    const padding: [[number, number], [number, number]] = [
      [top, bottom],
      [left, right],
    ];
    return this.apply(tf.layers.zeroPadding2d({ ...this.common(part), padding }), x);
  }

  /** Rows and columns cut off. */
  crop(x: Symbolic, [top, left, bottom, right]: Pads, part: string): Symbolic {
    if (top === 0 && left === 0 && bottom === 0 && right === 0) return x;
    const cropping: [[number, number], [number, number]] = [
      [top, bottom],
      [left, right],
    ];
    return this.apply(tf.layers.cropping2D({ ...this.common(part), cropping }), x);
  }

  /** Name and flag for a layer that isn't made here. */
  commonFields(): Common {
    return this.common();
  }
}

export type ActivationName =
  'sigmoid' | 'tanh' | 'softplus' | 'selu' | 'softmax' | 'hardSigmoid' | 'gelu' | 'linear';
