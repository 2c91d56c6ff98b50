/** MobileNetV2 1.0 and ResNet-50 at 224 x 224 as lists of layers, and their bare inference: the yardstick. */
import { mobileNetStages } from '../../../src/engine/devices/bench-network.ts';
import { resNet50Stages } from '../backend/networks.ts';
import { GraphWriter, type Value } from './graph-writer.ts';
import { random } from './layouts.ts';

export interface Layer {
  readonly from: number;
  readonly kind: 'conv' | 'depthwise' | 'maxpool';
  readonly k: number;
  readonly stride: number;
  readonly co: number;
  readonly act: 'none' | 'relu' | 'relu6';
  /** Index of the layer whose output is added before the activation; -1: none. */
  readonly add: number;
}

export interface Net {
  readonly size: number;
  readonly layers: readonly Layer[];
}

export function mobileNetV2(): Net {
  const layers: Layer[] = [];
  const push = (
    from: number,
    kind: Layer['kind'],
    k: number,
    stride: number,
    co: number,
    act: Layer['act'],
    add = -1,
  ): number => layers.push({ from, kind, k, stride, co, act, add }) - 1;
  let at = push(-1, 'conv', 3, 2, 32, 'relu6');
  let channels = 32;
  for (const [t, c, n, s] of mobileNetStages)
    for (let i = 0; i < n; i++) {
      const input = at;
      const stride = i === 0 ? s : 1;
      if (t > 1) at = push(at, 'conv', 1, 1, channels * t, 'relu6');
      at = push(at, 'depthwise', 3, stride, channels * t, 'relu6');
      at = push(at, 'conv', 1, 1, c, 'none', i > 0 ? input : -1);
      channels = c;
    }
  push(at, 'conv', 1, 1, 1280, 'relu6');
  return { size: 224, layers };
}

export function resNet50(): Net {
  const layers: Layer[] = [];
  const push = (
    from: number,
    kind: Layer['kind'],
    k: number,
    stride: number,
    co: number,
    act: Layer['act'],
    add = -1,
  ): number => layers.push({ from, kind, k, stride, co, act, add }) - 1;
  let at = push(-1, 'conv', 7, 2, 64, 'relu');
  at = push(at, 'maxpool', 3, 2, 64, 'none');
  resNet50Stages.forEach(([width, n], stage) => {
    for (let i = 0; i < n; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      const skip = i === 0 ? push(at, 'conv', 1, stride, width * 4, 'none') : at;
      let branch = push(at, 'conv', 1, 1, width, 'relu');
      branch = push(branch, 'conv', 3, stride, width, 'relu');
      at = push(branch, 'conv', 1, 1, width * 4, 'relu', skip);
    }
  });
  return { size: 224, layers };
}

export interface Info {
  readonly h: number;
  readonly ci: number;
  readonly ho: number;
  readonly pad: readonly [number, number];
}

export function infos(net: Net): Info[] {
  const result: Info[] = [];
  for (const l of net.layers) {
    const h = l.from < 0 ? net.size : (result[l.from]?.ho ?? 0);
    const ci = l.from < 0 ? 3 : (net.layers[l.from]?.co ?? 0);
    const ho = Math.ceil(h / l.stride);
    const total = Math.max(0, (ho - 1) * l.stride + l.k - h);
    const before = Math.floor(total / 2);
    result.push({ h, ci, ho, pad: [before, total - before] });
  }
  return result;
}

/** The yardstick: plain ONNX with constant filters. */
export function inference(net: Net, n: number, classes: number): GraphWriter {
  const g = new GraphWriter();
  const x = g.input([n, 3, net.size, net.size], random(n * 3 * net.size * net.size, 1));
  const all = infos(net);
  const outs: Value[] = [];
  net.layers.forEach((l, i) => {
    const { ci, pad } = all[i] as Info;
    const input = l.from < 0 ? x : (outs[l.from] as Value);
    const pads = [pad[0], pad[0], pad[1], pad[1]];
    let y: Value;
    if (l.kind === 'maxpool')
      y = g.op('MaxPool', [input], { kernel_shape: [l.k, l.k], strides: [l.stride, l.stride], pads });
    else {
      const dw = l.kind === 'depthwise';
      const fan = l.k * l.k * (dw ? 1 : ci);
      const w = g.constant(
        [l.co, dw ? 1 : ci, l.k, l.k],
        random(l.co * fan, i + 2).map((v) => v / Math.sqrt(fan / 3)),
      );
      y = g.op(
        'Conv',
        [
          input,
          w,
          g.constant(
            [l.co],
            random(l.co, i).map((v) => v * 0.1),
          ),
        ],
        { kernel_shape: [l.k, l.k], strides: [l.stride, l.stride], pads, group: dw ? ci : 1 },
      );
    }
    if (l.add >= 0) y = g.op('Add', [y, outs[l.add] as Value]);
    if (l.act === 'relu') y = g.op('Relu', [y]);
    if (l.act === 'relu6') y = g.op('Clip', [y, g.scalar(0), g.scalar(6)]);
    outs.push(y);
  });
  const last = net.layers.at(-1)?.co ?? 0;
  const pooled = g.reshape(g.op('GlobalAveragePool', [outs.at(-1) as Value]), [n, last]);
  g.output(g.op('MatMul', [pooled, g.constant([last, classes], random(last * classes, 9))]), [n, classes]);
  return g;
}
