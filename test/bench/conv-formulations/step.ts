/**
 * A whole training step (forward, backward, Adam) written by hand with the best formulations: what the backend can
 * reach, and what a step consists of. For timing only: the gradient of ResNet's max pool is a stand-in of like cost.
 */
import { GraphWriter, floats, microsoftDomain, nchwcDomain, type Value } from './graph-writer.ts';
import { random } from './layouts.ts';
import { infos, type Info, type Layer, type Net } from './networks.ts';

export interface StepOptions {
  /** First layer that is trained. */
  readonly from?: number;
  readonly adam?: boolean;
  readonly forwardOnly?: boolean;
}

export function trainingStep(
  net: Net,
  n: number,
  classes: number,
  b: number,
  options: StepOptions = {},
): GraphWriter {
  const g = new GraphWriter();
  const first = options.from ?? 0;
  const all = infos(net);
  const up = (c: number): number => Math.ceil(c / b) * b;
  const image = g.input([n, net.size, net.size, 3], random(n * 3 * net.size * net.size, 1));
  const x0 = g.op('Transpose', [image], { perm: [0, 3, 1, 2] }, '', 'fwd.image');
  let stem = '';
  const op: GraphWriter['op'] = (type, inputs, attributes, domain) =>
    g.op(type, inputs, attributes ?? {}, domain ?? '', `${stem}.${type}`);
  const reshape = (v: Value, dims: readonly number[]): Value => op('Reshape', [v, g.integers(dims)]);
  const transpose = (v: Value, perm: readonly number[]): Value => op('Transpose', [v], { perm });
  const reduceSum = (v: Value, axes: readonly number[]): Value =>
    op('ReduceSum', [v, g.integers(axes)], { keepdims: 0 });
  // All variables lie in one vector.
  const sizes: number[] = [];
  net.layers.forEach((l, i) => {
    if (l.kind === 'maxpool') return sizes.push(0);
    return sizes.push(l.k * l.k * (l.kind === 'depthwise' ? 1 : (all[i] as Info).ci) * l.co);
  });
  const lastC = net.layers.at(-1)?.co ?? 0;
  sizes.push(lastC * classes);
  const weights: Value[] = sizes.map((size, i) => {
    if (size === 0) return '';
    const l = net.layers[i];
    const fan = l === undefined ? lastC : size / l.co;
    const data = random(size, i + 2).map((v) => v / Math.sqrt(fan / 3));
    return i < first ? g.constant([size], data) : g.input([size], data);
  });
  const biases = net.layers.map((l, i) => {
    const v = random(up(l.co), i).map((q, j) => (j < l.co ? q * 0.1 : 0));
    return i < first ? g.constant([up(l.co)], v) : g.input([up(l.co)], v);
  });
  const padded = (v: Value, dims: readonly number[], to: readonly number[]): Value =>
    dims.every((d, i) => d === to[i])
      ? v
      : op('Pad', [v, g.integers([...dims.map(() => 0), ...dims.map((d, i) => (to[i] ?? d) - d)])]);
  /** [kk, ci, co] with channel counts rounded up. */
  const cube = (i: number): { w: Value; kk: number; ci: number; co: number } => {
    const l = net.layers[i] as Layer;
    const ci = l.kind === 'depthwise' ? 1 : (all[i] as Info).ci;
    const kk = l.k * l.k;
    const toCi = ci < b ? ci : up(ci);
    const w = padded(reshape(weights[i] as Value, [kk, ci, l.co]), [kk, ci, l.co], [kk, toCi, up(l.co)]);
    return { w, kk, ci: toCi, co: up(l.co) };
  };
  const outs: Value[] = [];
  net.layers.forEach((l, i) => {
    stem = `fwd.${l.kind}${l.k}`;
    const { pad } = all[i] as Info;
    const pads = [pad[0], pad[0], pad[1], pad[1]];
    const input = l.from < 0 ? x0 : (outs[l.from] as Value);
    const base = { kernel_shape: [l.k, l.k], strides: [l.stride, l.stride], pads };
    if (l.kind === 'maxpool') {
      outs.push(op('MaxPool', [input], base, nchwcDomain));
      return;
    }
    const { w, kk, ci, co } = cube(i);
    let filter: Value;
    if (l.kind === 'depthwise')
      filter = reshape(transpose(reshape(w, [kk, co / b, b]), [1, 0, 2]), [co, 1, l.k, l.k]);
    else if (ci < b)
      filter = reshape(transpose(reshape(w, [kk, ci, co / b, b]), [2, 1, 0, 3]), [co, ci, l.k, l.k]);
    else
      filter = reshape(transpose(reshape(w, [kk, ci / b, b, co / b, b]), [3, 1, 0, 2, 4]), [
        co,
        ci,
        l.k,
        l.k,
      ]);
    const inputs = [input, filter, biases[i] as Value, ...(l.add >= 0 ? [outs[l.add] as Value] : [])];
    outs.push(
      op(
        'Conv',
        inputs,
        {
          ...base,
          group: l.kind === 'depthwise' ? co : 1,
          ...(l.act === 'relu' ? { activation: 'Relu' } : {}),
          ...(l.act === 'relu6' ? { activation: 'Clip', activation_params: floats([0, 6]) } : {}),
        },
        nchwcDomain,
      ),
    );
  });
  stem = 'head';
  const lastI = net.layers.length - 1;
  const lastInfo = all[lastI] as Info;
  const pooled = reshape(op('GlobalAveragePool', [outs[lastI] as Value], {}, nchwcDomain), [n, lastC]);
  const wd = reshape(weights[lastI + 1] as Value, [lastC, classes]);
  const probabilities = op('Softmax', [op('MatMul', [pooled, wd])], { axis: 1 });
  if (options.forwardOnly) {
    g.output(probabilities, [n, classes]);
    return g;
  }
  const oneHot = g.input(
    [n, classes],
    new Float32Array(n * classes).map((_, i) => (i % (classes + 1) === 0 ? 1 : 0)),
  );
  const dLogits = op('Mul', [op('Sub', [probabilities, oneHot]), g.scalar(1 / n)]);
  const gradients: Value[] = sizes.map(() => '');
  const biasGradients: Value[] = net.layers.map(() => '');
  gradients[lastI + 1] = reshape(op('Gemm', [pooled, dLogits], { transA: 1 }), [-1]);
  const hw = lastInfo.ho * lastInfo.ho;
  const dPooled = op('Mul', [op('Gemm', [dLogits, wd], { transB: 1 }), g.scalar(1 / hw)]);
  const grads: (Value | undefined)[] = net.layers.map(() => undefined);
  const accumulate = (i: number, v: Value): void => {
    const known = grads[i];
    stem = 'bwd.sum';
    grads[i] = known === undefined ? v : op('Add', [known, v]);
  };
  grads[lastI] = reshape(
    op('Expand', [reshape(dPooled, [n, lastC / b, 1, b]), g.integers([n, lastC / b, hw, b])]),
    [n, lastC, lastInfo.ho, lastInfo.ho],
  );
  for (let i = lastI; i >= first; i--) {
    const l = net.layers[i] as Layer;
    const { h, ci: realCi, ho, pad } = all[i] as Info;
    let dy = grads[i] as Value;
    if (l.act !== 'none') {
      stem = `bwd.mask`;
      const a = outs[i] as Value;
      const above = op('Greater', [a, g.scalar(0)]);
      const inside = l.act === 'relu' ? above : op('And', [above, op('Less', [a, g.scalar(6)])]);
      dy = op('Mul', [dy, op('Cast', [inside], { to: 1 })]);
    }
    if (l.add >= first) accumulate(l.add, dy);
    const co = up(l.co);
    const [p0, p1] = pad;
    const x = l.from < 0 ? x0 : (outs[l.from] as Value);
    if (l.kind === 'maxpool') {
      // Not the point here: the gradient of a 3x3/2 max pool as a masked nearest enlargement, of like cost.
      stem = 'bwd.maxpool';
      accumulate(l.from, op('Upsample', [dy], { scales: [1, 1, 2, 2] }, nchwcDomain));
      continue;
    }
    stem = `bwd.bias`;
    const flat = op('GlobalAveragePool', [dy], {}, nchwcDomain);
    biasGradients[i] = reshape(op('Mul', [reduceSum(reshape(flat, [n, co]), [0]), g.scalar(ho * ho)]), [-1]);
    const needsDx = l.from >= first;
    if (l.kind === 'depthwise') {
      stem = 'dw.depthwise';
      const after = l.k - 1 + l.stride * (ho - 1) + 1 - h - p0;
      const y = op(
        'Conv',
        [reshape(x, [1, n * co, h, h]), reshape(dy, [n * co, 1, ho, ho])],
        {
          kernel_shape: [ho, ho],
          group: n * co,
          pads: [p0, p0, after, after],
          dilations: [l.stride, l.stride],
        },
        nchwcDomain,
      );
      const sum = reduceSum(reshape(y, [n, co / b, l.k * l.k, b]), [0]);
      gradients[i] = trim(
        reshape(transpose(sum, [1, 0, 2]), [l.k * l.k, 1, co]),
        [l.k * l.k, 1, co],
        [l.k * l.k, 1, l.co],
      );
      if (needsDx) {
        stem = `dx.depthwise.s${l.stride}`;
        const { w, kk } = cube(i);
        const turned = op(
          'Gather',
          [reshape(w, [kk, co / b, b]), g.integers(Array.from({ length: kk }, (_, t) => kk - 1 - t))],
          { axis: 0 },
        );
        const filter = reshape(transpose(turned, [1, 0, 2]), [co, 1, l.k, l.k]);
        const wide =
          l.stride === 1
            ? dy
            : reshape(
                op('Pad', [
                  reshape(dy, [(n * co) / b, ho, 1, ho, 1, b]),
                  g.integers([0, 0, 0, 0, 0, 0, 0, 0, l.stride - 1, 0, l.stride - 1, 0]),
                ]),
                [n, co, ho * l.stride, ho * l.stride],
              );
        const before = l.k - 1 - p0;
        const behind = h - ho * l.stride - before + l.k - 1;
        accumulate(
          l.from,
          op(
            'Conv',
            [wide, filter],
            { kernel_shape: [l.k, l.k], group: co, pads: [before, before, behind, behind] },
            nchwcDomain,
          ),
        );
      }
      continue;
    }
    const ci = realCi < b ? realCi : up(realCi);
    stem = `dw.conv${l.k}`;
    if (ci < b) {
      const px = op('Pad', [x, g.integers([0, 0, p0, p0, 0, 0, p1, p1])]);
      const taps = Array.from({ length: l.k * l.k }, (_, t) => {
        const [ky, kx] = [Math.floor(t / l.k), t % l.k];
        return op('Slice', [
          px,
          g.integers([ky, kx]),
          g.integers([ky + l.stride * (ho - 1) + 1, kx + l.stride * (ho - 1) + 1]),
          g.integers([2, 3]),
          g.integers([l.stride, l.stride]),
        ]);
      });
      const columns = reshape(op('Concat', taps, { axis: 1 }), [n, l.k * l.k * ci, ho * ho]);
      const planes = reshape(op('ReorderOutput', [dy], { channels: l.co, channels_last: 0 }, nchwcDomain), [
        n,
        l.co,
        ho * ho,
      ]);
      gradients[i] = reduceSum(op('FusedMatMul', [columns, planes], { transB: 1 }, microsoftDomain), [0]);
    } else if (l.k === 1) {
      const xs =
        l.stride === 1
          ? x
          : reshape(
              op('Slice', [
                reshape(x, [n, ci / b, h, h, b]),
                g.integers([0, 0]),
                g.integers([h, h]),
                g.integers([2, 3]),
                g.integers([l.stride, l.stride]),
              ]),
              [n, ci, ho, ho],
            );
      gradients[i] = trim(pointwiseGradient(xs, dy, ci, co, ho * ho), [1, ci, co], [1, realCi, l.co]);
    } else {
      gradients[i] = denseGradient(x, dy, ci, co, h, ho, l.k, l.stride, p0, p1);
    }
    if (!needsDx) continue;
    stem = `dx.conv${l.k}.s${l.stride}`;
    const { w, kk } = cube(i);
    const turned =
      l.k === 1
        ? w
        : op('Gather', [w, g.integers(Array.from({ length: kk }, (_, t) => kk - 1 - t))], { axis: 0 });
    const swapped = op('ReorderInput', [reshape(turned, [kk, ci, 1, co])], { channels_last: 0 }, nchwcDomain);
    const filter = reshape(transpose(reshape(swapped, [kk, ci / b, co / b, b * b]), [1, 2, 0, 3]), [
      ci,
      co,
      l.k,
      l.k,
    ]);
    const before = l.k - 1 - p0;
    if (l.stride === 1) {
      const known = grads[l.from];
      const behind = l.k - 1 - p1;
      grads[l.from] = op(
        'Conv',
        [dy, filter, ...(known === undefined ? [] : ['', known])],
        { kernel_shape: [l.k, l.k], pads: [before, before, behind, behind] },
        nchwcDomain,
      );
    } else if (l.k === 1) {
      const small = op('Conv', [dy, filter], { kernel_shape: [1, 1] }, nchwcDomain);
      accumulate(l.from, spread(small, ci, ho, l.stride));
    } else {
      const wide = spread(dy, co, ho, l.stride);
      const behind = h - ho * l.stride - before + l.k - 1;
      accumulate(
        l.from,
        op(
          'Conv',
          [wide, filter],
          { kernel_shape: [l.k, l.k], pads: [before, before, behind, behind] },
          nchwcDomain,
        ),
      );
    }
  }
  function trim(v: Value, from: readonly number[], to: readonly number[]): Value {
    if (from.every((d, i) => d === to[i])) return v;
    return op('Slice', [v, g.integers(to.map(() => 0)), g.integers(to), g.integers(to.map((_, i) => i))]);
  }
  function spread(v: Value, c: number, ho: number, s: number): Value {
    const open = reshape(v, [(n * c) / b, ho, 1, ho, 1, b]);
    return reshape(op('Pad', [open, g.integers([0, 0, 0, 0, 0, 0, 0, 0, s - 1, 0, s - 1, 0])]), [
      n,
      c,
      ho * s,
      ho * s,
    ]);
  }
  function pointwiseGradient(x: Value, dy: Value, ci: number, co: number, size: number): Value {
    const turnX = ci <= co;
    const [p, cp, q, cq] = turnX ? [x, ci, dy, co] : [dy, co, x, ci];
    let y: Value;
    if (size % b === 0) {
      const flat = op('ReorderOutput', [p], { channels: cp, channels_last: 0 }, nchwcDomain);
      const across = op('ReorderInput', [reshape(flat, [n, 1, cp, size])], { channels_last: 1 }, nchwcDomain);
      const parts = op(
        'Conv',
        [reshape(across, [1, n * size, 1, cp]), reshape(q, [n * cq, size, 1, 1])],
        { kernel_shape: [1, 1], group: n },
        nchwcDomain,
      );
      y = reduceSum(reshape(parts, [n, cq / b, cp, b]), [0]);
    } else {
      const flat = op('ReorderOutput', [p], { channels: cp, channels_last: 1 }, nchwcDomain);
      const across = op(
        'ReorderInput',
        [reshape(flat, [1, n * size, 1, cp])],
        { channels_last: 0 },
        nchwcDomain,
      );
      const filter = transpose(reshape(q, [n, cq / b, size * b]), [1, 0, 2]);
      y = reshape(
        op('Conv', [across, reshape(filter, [cq, n * size, 1, 1])], { kernel_shape: [1, 1] }, nchwcDomain),
        [cq / b, cp, b],
      );
    }
    return reshape(transpose(y, turnX ? [1, 0, 2] : [0, 2, 1]), [1, ci, co]);
  }
  function denseGradient(
    x: Value,
    dy: Value,
    ci: number,
    co: number,
    h: number,
    ho: number,
    k: number,
    s: number,
    p0: number,
    p1: number,
  ): Value {
    const size = ho * ho;
    const tapSlices = (v: Value): Value[] =>
      Array.from({ length: k * k }, (_, t) => {
        const [ky, kx] = [Math.floor(t / k), t % k];
        return op('Slice', [
          v,
          g.integers([ky, kx]),
          g.integers([ky + s * (ho - 1) + 1, kx + s * (ho - 1) + 1]),
          g.integers([1, 2]),
          g.integers([s, s]),
        ]);
      });
    if (size % b === 0) {
      const flat = op('ReorderOutput', [dy], { channels: co, channels_last: 0 }, nchwcDomain);
      const across = op('ReorderInput', [reshape(flat, [n, 1, co, size])], { channels_last: 1 }, nchwcDomain);
      const input = reshape(across, [1, n * size, 1, co]);
      const px = op('Pad', [reshape(x, [(n * ci) / b, h, h, b]), g.integers([0, p0, p0, 0, 0, p1, p1, 0])]);
      const parts = tapSlices(px).map((tap) => {
        const y = op(
          'Conv',
          [input, reshape(tap, [n * ci, size, 1, 1])],
          { kernel_shape: [1, 1], group: n },
          nchwcDomain,
        );
        return reshape(transpose(reduceSum(reshape(y, [n, ci / b, co, b]), [0]), [0, 2, 1]), [1, ci * co]);
      });
      return op('Concat', parts, { axis: 0 });
    }
    const rows = op('ReorderOutput', [x], { channels: ci, channels_last: 1 }, nchwcDomain);
    const dyRows = reshape(op('ReorderOutput', [dy], { channels: co, channels_last: 1 }, nchwcDomain), [
      n * size,
      co,
    ]);
    const px = op('Pad', [rows, g.integers([0, p0, p0, 0, 0, p1, p1, 0])]);
    return op(
      'Concat',
      tapSlices(px).map((tap) => op('Gemm', [reshape(tap, [n * size, ci]), dyRows], { transA: 1 })),
      { axis: 0 },
    );
  }
  stem = 'adam';
  const trained = sizes.map((size, i) => ({ size, i })).filter(({ size, i }) => size > 0 && i >= first);
  const parts = [
    ...trained.map(({ i }) => reshape(gradients[i] as Value, [-1])),
    ...biasGradients.filter((v) => v !== ''),
  ];
  const total =
    trained.reduce((s, { size }) => s + size, 0) +
    net.layers.reduce((s, l, i) => s + (biasGradients[i] === '' ? 0 : up(l.co)), 0);
  const gradient = op('Concat', parts, { axis: 0 });
  if (options.adam !== false) {
    const current = g.input([total], random(total, 3));
    const m = g.input([total], random(total, 4));
    const v = g.input([total], random(total, 5).map(Math.abs));
    const m1 = op('Add', [op('Mul', [m, g.scalar(0.9)]), op('Mul', [gradient, g.scalar(0.1)])]);
    const v1 = op('Add', [
      op('Mul', [v, g.scalar(0.999)]),
      op('Mul', [op('Mul', [gradient, gradient]), g.scalar(0.001)]),
    ]);
    const step = op('Div', [op('Mul', [m1, g.scalar(1e-3)]), op('Add', [op('Sqrt', [v1]), g.scalar(1e-7)])]);
    g.output(m1, [total]);
    g.output(v1, [total]);
    g.output(op('Sub', [current, step]), [total]);
  } else g.output(gradient, [total]);
  return g;
}
