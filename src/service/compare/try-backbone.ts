import type { Domain } from '../../contract/compare.ts';
import type { Dataset, Photo } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { seededRandom, shuffled } from '../../engine/data/random.ts';
import { openSession } from '../../engine/devices/open-session.ts';
import { domainOf, imagenetClasses } from '../../engine/evaluate/domain.ts';
import { exportOnnx } from '../../engine/graph/export-onnx.ts';
import { withInputNormalization } from '../../engine/graph/fold.ts';
import { inferShapes } from '../../engine/graph/shapes.ts';
import { batchSize, extractFeatures } from '../../engine/train/extract-features.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import { readPhoto } from '../../store/photos.ts';
import type { Backbone } from '../models.ts';

/** Photos that a backbone is tried on: enough for its speed, and for how sure it is to within some 5 points. */
const tried = 96;
/** Photos before that, in which it is compiled and warms up. */
const warmUp = 8;

export interface Tried {
  /** From the file to what the network says. */
  readonly photosPerSecond: number;
  /** Undefined where the network doesn't name ImageNet's things. */
  readonly domain: Domain | undefined;
}

/**
 * Runs a backbone, as it comes, on some of the photos: how fast it is here, and how familiar they look to it. One that
 * doesn't end in ImageNet's answers is run up to its features.
 *
 * @throws HolotypeError('bad-input') when none of the photos can be read any more, the signal's reason
 */
export async function tryBackbone(
  { graph, manifest }: Backbone,
  { trunk, policy }: { readonly trunk: Trunk; readonly policy: InputPolicy },
  { photos, roots }: Pick<Dataset, 'photos' | 'roots'>,
  { device, seed, signal }: { device: DeviceId; seed: number; signal?: AbortSignal | undefined },
): Promise<Tried> {
  const shape = inferShapes(graph).get(graph.outputs[0] ?? '') ?? [];
  const classes = shape.reduce((product, size) => product * size, 1);
  const names = classes === imagenetClasses || classes === imagenetClasses + 1;
  const network = names ? withInputNormalization(graph, policy) : trunk.graph;
  const session = await openSession(exportOnnx(network, { inputType: 'uint8' }), device);
  const run = async (some: readonly Photo[]): Promise<Float32Array[]> => {
    const vectors: Float32Array[] = [];
    const wanted = some.map(({ root, path, bytes }, index) => ({
      index,
      bytes,
      views: [{ flip: false }],
      read: () => readPhoto(roots[root] ?? '', path),
    }));
    const times = { decode: 0, inference: 0 };
    for await (const event of extractFeatures(wanted, policy, session, batchSize(policy), times, signal))
      if (event.type === 'vector') vectors.push(names ? event.vector.slice() : event.vector);
    return vectors;
  };
  try {
    const sample = shuffled(photos, seededRandom(seed)).slice(0, tried);
    await run(sample.slice(0, warmUp));
    const started = performance.now();
    const vectors = await run(sample);
    const seconds = (performance.now() - started) / 1000;
    if (vectors.length === 0)
      throw new HolotypeError('bad-input', 'None of the photos could be read any more.', {
        remedy: 'Check that the drive with the photos is connected.',
      });
    if (!names) return { photosPerSecond: vectors.length / seconds, domain: undefined };
    const answers = new Float32Array(vectors.length * classes);
    for (const [row, vector] of vectors.entries()) answers.set(vector, row * classes);
    const expected = manifest?.imagenetTop1 === undefined ? undefined : manifest.imagenetTop1 / 100;
    return {
      photosPerSecond: vectors.length / seconds,
      domain: domainOf(answers, classes, expected, seed),
    };
  } finally {
    await session.release();
  }
}
