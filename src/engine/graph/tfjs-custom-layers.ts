/**
 * The layers that Holotype's TF.js models need beyond those of TF.js itself. A model that has one loads only
 * where this module was imported (importing it registers them).
 */
import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import { channelBand } from './channel-band.ts';
import type { ModelGraph } from './graph.ts';

/** Numbers of the ONNX LRN operator. */
export interface LocalResponseNormalizationConfig {
  readonly name?: string;
  /** Channels in the window: floor((size - 1) / 2) before, ceil((size - 1) / 2) after. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/**
 * x / (bias + alpha / size * sum of x^2 over neighbouring channels) ^ beta, as ONNX LRN defines it.
 * TF.js has the operation (without even windows), but no layer for it.
 */
export class LocalResponseNormalization extends tf.layers.Layer {
  static readonly className = 'LocalResponseNormalization';
  private readonly size: number;
  private readonly alpha: number;
  private readonly beta: number;
  private readonly bias: number;

  constructor(config: LocalResponseNormalizationConfig) {
    super(config.name === undefined ? {} : { name: config.name });
    this.size = config.size;
    this.alpha = config.alpha;
    this.beta = config.beta;
    this.bias = config.bias;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override call(inputs: tfc.Tensor | tfc.Tensor[]): tfc.Tensor {
    return tfc.tidy(() => {
      const [x] = Array.isArray(inputs) ? inputs : [inputs];
      if (x === undefined) throw new Error(`The layer "${this.name}" was called without an input.`);
      const channels = x.shape.at(-1) ?? 1;
      // The sum over a window of channels as a product with a band of ones: differentiable on every backend.
      const squares = tfc.reshape(tfc.square(x), [-1, channels]);
      const sums = tfc.reshape(
        tfc.matMul(squares, tfc.tensor2d(channelBand(channels, this.size), [channels, channels])),
        x.shape,
      );
      const scale = tfc.add(tfc.mul(sums, this.alpha / this.size), this.bias);
      return tfc.div(x, tfc.pow(scale, this.beta));
    });
  }

  override getConfig(): tfc.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      size: this.size,
      alpha: this.alpha,
      beta: this.beta,
      bias: this.bias,
    };
  }
}
tfc.serialization.registerClass(LocalResponseNormalization);

/** Class names of the custom layers that a layers model of this graph contains; empty for most networks. */
export function customLayersOf(graph: ModelGraph): string[] {
  return graph.nodes.some((node) => node.op === 'local-response-norm')
    ? [LocalResponseNormalization.className]
    : [];
}
