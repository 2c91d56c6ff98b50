/** What the benchmark works on: real photos and weights where there are some, drawn and random ones elsewhere. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputPolicy } from '../../src/contract/input-policy.ts';
import { demoPhotos } from '../../src/engine/demo/index.ts';
import { mobileNet } from '../../src/engine/devices/bench-network.ts';
import { exportOnnx } from '../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../src/engine/graph/graph.ts';
import { loadBackbone } from '../../src/service/models.ts';
import { listFiles, readPhoto } from '../../src/store/photos.ts';

export const backboneId = 'mobilenet_v2_1.0_224';

export interface Backbone {
  readonly name: string;
  readonly graph: ModelGraph;
  readonly policy: InputPolicy;
  /** The file a bare session gets: float32 [n, 3, height, width]. */
  readonly file: Uint8Array;
}

/** The development weights beside the checkout, or a network of the same make with random ones. */
export async function benchBackbone(shared: string): Promise<Backbone> {
  const path = join(shared, 'weights', `${backboneId}.onnx`);
  const policy: InputPolicy = {
    height: 224,
    width: 224,
    resize: 'squash',
    cropFraction: 1,
    mean: [127.5, 127.5, 127.5],
    std: [127.5, 127.5, 127.5],
  };
  if (existsSync(path)) {
    const { graph } = await loadBackbone(path);
    return { name: backboneId, graph, policy, file: new Uint8Array(await readFile(path)) };
  }
  const graph = mobileNet(224, 1000);
  const file = exportOnnx(graph, { inputType: 'float32', inputLayout: 'nchw' });
  return { name: 'MobileNetV2 with random weights', graph, policy, file };
}

/** Some photos' files in memory, evenly taken from a folder, or drawn when it isn't there. */
export async function benchPhotos(folder: string, count: number): Promise<Uint8Array[]> {
  const photos: Uint8Array[] = [];
  if (!existsSync(folder)) {
    for await (const { bytes } of demoPhotos({ seed: 0, perClass: Math.ceil(Math.min(count, 240) / 3) }))
      photos.push(bytes);
    return photos;
  }
  const paths: string[] = [];
  for await (const { path } of listFiles(folder)) if (/\.jpe?g$/i.test(path)) paths.push(path);
  const step = Math.max(1, paths.length / count);
  for (let at = 0; at < paths.length && photos.length < count; at += step)
    photos.push(await readPhoto(folder, paths[Math.floor(at)] ?? ''));
  return photos;
}
