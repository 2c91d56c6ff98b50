import { basename, dirname } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { InputPolicy } from '../contract/input-policy.ts';
import type { ModelFormat } from '../contract/model-manifest.ts';
import type { ModelGraph } from '../engine/graph/graph.ts';
import { readSidecarPolicy, sidecarPath } from '../store/model-sidecar.ts';

type Triple = [number, number, number];
interface Normalization {
  readonly mean: Triple;
  readonly std: Triple;
}

const symmetric: Normalization = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
const imagenet: Normalization = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };

/**
 * What a model file without a manifest takes: from a sidecar file where somebody said it, from a TFLite file's
 * quantization where the file says it, otherwise the likeliest guess, which is told.
 *
 * @param model.path of the file (for TF.js model.json), for its sidecar and its name
 * @returns the policy, and where it is a guess a sentence that says what was assumed and how to override it
 * @throws HolotypeError('not-supported') when the model doesn't take three colour channels
 */
export async function inputPolicyFor(model: {
  path: string;
  format: ModelFormat;
  bytes: Uint8Array;
  graph: ModelGraph;
}): Promise<{ policy: InputPolicy; guess: string | undefined }> {
  const [height, width, channels] = model.graph.input.shape;
  if (channels !== 3)
    throw new HolotypeError('not-supported', `The model takes ${channels} colour channel(s), not 3.`, {
      remedy: 'Choose a model for colour photos.',
    });
  const stated = await readSidecarPolicy(model.path);
  if (stated !== undefined) {
    if (stated.height !== height || stated.width !== width)
      throw new HolotypeError(
        'bad-input',
        `"${sidecarPath(model.path)}" says ${stated.height} x ${stated.width} pixels, but the model takes ${height} x ${width}.`,
        { remedy: 'Correct height and width in that file.' },
      );
    return { policy: stated, guess: undefined };
  }
  const { normalization, reason } = await normalizationOf(model);
  const teachable = model.format === 'tfjs-layers' || model.format === 'tfjs-graph';
  const policy: InputPolicy = {
    height,
    width,
    resize: 'crop',
    // Teachable Machine cuts out the whole centre square; ImageNet networks are tested on 7/8 of it.
    cropFraction: teachable ? 1 : 0.875,
    mean: [...normalization.mean],
    std: [...normalization.std],
  };
  const guess =
    reason === undefined
      ? undefined
      : `"${basename(model.path)}" doesn't say how it wants its pixels; assumed ${describe(normalization)}, because ${reason}. ` +
        `If results are poor, state it in "${sidecarPath(model.path)}" as {"policy": ${JSON.stringify(policy)}}.`;
  return { policy, guess };
}

async function normalizationOf(model: {
  path: string;
  format: ModelFormat;
  bytes: Uint8Array;
  graph: ModelGraph;
}): Promise<{ normalization: Normalization; reason?: string }> {
  if (model.format === 'tflite') {
    const { tfliteInputNormalization } = await import('../engine/graph/import-tflite.ts');
    const normalization = tfliteInputNormalization(model.bytes);
    if (normalization !== undefined) return { normalization };
    return { normalization: symmetric, reason: 'float TensorFlow Lite models mostly take that' };
  }
  if (model.format !== 'onnx')
    return { normalization: symmetric, reason: 'TensorFlow.js and Teachable Machine models take that' };
  // TensorFlow's own networks carry the alpha and size in their name, or 1001 answers with "background" first.
  const slim = /mobilenet_v[123](_(small|large))?_[0-9.]+_\d{3}/i.test(
    basename(dirname(model.path)) + '/' + basename(model.path),
  );
  if (slim || answersOf(model.graph) === 1001)
    return { normalization: symmetric, reason: 'it is a network of the TensorFlow family' };
  return { normalization: imagenet, reason: 'ONNX models trained on ImageNet mostly take that' };
}

/** Answers of the network's last layer, or undefined where it ends in something else. */
function answersOf(graph: ModelGraph): number | undefined {
  const last = graph.nodes.findLast((node) => node.op === 'dense' || node.op === 'conv2d');
  return last && graph.weights.get(last.kernel)?.shape.at(-1);
}

function describe({ mean, std }: Normalization): string {
  if (mean === symmetric.mean) return 'values from -1 to 1 (x / 127.5 - 1)';
  return `ImageNet's mean ${mean.join(', ')} and standard deviation ${std.join(', ')} of pixel values 0 to 255`;
}
