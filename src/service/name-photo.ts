import { basename, dirname } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { NamedPhoto } from '../contract/model-details.ts';
import { decodePhoto } from '../engine/data/decode.ts';
import { createSession } from '../engine/devices/onnx-session.ts';
import { softmaxRows } from '../engine/evaluate/calibration.ts';
import { exportOnnx } from '../engine/graph/export-onnx.ts';
import { withInputNormalization } from '../engine/graph/fold.ts';
import { imagenetClassName } from '../engine/graph/imagenet-classes.ts';
import { inferShapes } from '../engine/graph/shapes.ts';
import { readPhoto } from '../store/photos.ts';
import { loadBackbone } from './models.ts';

/** Answers that are told. */
const told = 5;

/**
 * What a pretrained network, as it comes, takes a photo for among ImageNet's classes: a first look at how near the
 * photos it was trained on are to a person's own.
 *
 * @param idOrPath an installed model that ends in ImageNet's 1000 classes (or 1001, with the background first)
 * @throws HolotypeError('not-supported') for a model that ends in something else, and as loadBackbone and decodePhoto
 */
export async function namePhoto(idOrPath: string, photo: string): Promise<NamedPhoto> {
  const { graph, policy, id } = await loadBackbone(idOrPath, { allowFetch: false });
  const shape = inferShapes(graph).get(graph.outputs[0] ?? '') ?? [];
  const classes = shape.reduce((product, size) => product * size, 1);
  if (classes !== 1000 && classes !== 1001)
    throw new HolotypeError(
      'not-supported',
      `"${id}" does not end in ImageNet's classes, so it can't name photos.`,
      {
        remedy: 'Use a whole ImageNet classifier, such as inception-v3.',
      },
    );
  const pixels = await decodePhoto(await readPhoto(dirname(photo), basename(photo)), policy);
  const session = await createSession(
    exportOnnx(withInputNormalization(graph, policy), { inputType: 'uint8' }),
  );
  try {
    const [scores = new Float32Array(classes)] = await session.run(pixels, [
      1,
      policy.height,
      policy.width,
      3,
    ]);
    // Some files end in a softmax, some before it.
    const sum = scores.reduce((total, score) => total + score, 0);
    const isProbability = Math.abs(sum - 1) < 1e-3 && scores.every((score) => score >= 0);
    const probabilities = isProbability ? scores : softmaxRows(scores, classes);
    const background = classes - 1000;
    const answers = [...probabilities.entries()]
      .slice(background)
      .sort(([, a], [, b]) => b - a)
      .slice(0, told)
      .map(([index, probability]) => ({ name: imagenetClassName(index - background), probability }));
    return { path: photo, answers };
  } finally {
    await session.release();
  }
}
