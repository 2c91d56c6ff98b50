/** What the benchmark works on: real photos and weights where there are some, drawn and random ones elsewhere. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputPolicy } from '../../src/contract/input-policy.ts';
import { demoPhotos } from '../../src/engine/demo/index.ts';
import { exportOnnx } from '../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../src/engine/graph/graph.ts';
import { loadBackbone } from '../../src/service/models.ts';
import { listFiles, readPhoto } from '../../src/store/photos.ts';
import { Net } from '../engine/graph/networks.ts';

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
  const graph = randomMobileNetV2();
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

/** Sandler et al. 2018, table 2: [expansion, channels, repeats, stride]. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function randomMobileNetV2(): ModelGraph {
  const net = new Net([224, 224, 3]);
  let x = net.act('stem/relu', net.conv('stem', 'input', 32, 3, 2), 'relu6');
  let block = 0;
  for (const [expansion, channels, repeats, first] of stages) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = `block_${block++}`;
      const stride = repeat === 0 ? first : 1;
      let y = x;
      if (expansion > 1)
        y = net.act(
          `${name}/expand_relu`,
          net.conv(`${name}/expand`, y, net.channels(x) * expansion, 1),
          'relu6',
        );
      y = net.act(`${name}/dw_relu`, net.depthwise(`${name}/dw`, y, stride), 'relu6');
      y = net.conv(`${name}/project`, y, channels, 1);
      x = repeat === 0 ? y : net.sum(`${name}/add`, y, x);
    }
  }
  x = net.act('top/relu', net.conv('top', x, 1280, 1), 'relu6');
  return net.graph(net.act('probabilities', net.dense('logits', net.globalPool('pool', x), 1000), 'softmax'));
}
