/** Images of another size, and the gradients of that. */
import type { Graph } from '../graph/graph.ts';
import { blockedDomain } from '../graph/blocked.ts';
import { int, ints, literal, text } from '../graph/operations.ts';
import { blockOf, physicalAxis } from '../graph/perm.ts';
import type { Value } from '../graph/value.ts';
import { castLikeJs } from './cast.ts';
import { asNchw, fromNchw } from './conv/geometry.ts';
import { nearestInputs, repetition, shares, type Interpolation, type Line } from './interpolation.ts';
import type { Attrs, Host, Kernel, Table } from './kernel.ts';
import { split } from './shape.ts';

type Size = readonly [height: number, width: number];
type Lines = readonly [rows: Line, columns: Line];

/** Both axes of images [n, h, w, c] that become `to`. */
function linesOf(from: readonly number[], to: Size, attrs: Attrs): Lines {
  const line = (axis: 0 | 1): Line => ({
    from: from[axis + 1] as number,
    to: to[axis],
    alignCorners: attrs.flag('alignCorners'),
    halfPixelCenters: attrs.flag('halfPixelCenters'),
  });
  return [line(0), line(1)];
}

/**
 * Maps [n, c, h, w] times one matrix an axis: a resize with the shares as they are, its gradient with them transposed.
 * @param isGradient from what the lines lead to back to where they come from
 */
function throughMatrices(
  g: Graph,
  backend: Host,
  x: Value,
  lines: Lines,
  method: Interpolation,
  isGradient: boolean,
): Value {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const [h, w] = lines.map(({ from, to }) => (isGradient ? from : to)) as [number, number];
  const [rows, columns] = lines;
  const byRows = (y: Value, across: number): Value => {
    const matrix = backend.leaf(shares(rows, method, isGradient), [h, height], 'float32');
    return g.matMul(matrix, y, [n, c, h, across]);
  };
  const byColumns = (y: Value, down: number): Value => {
    const matrix = backend.leaf(shares(columns, method, !isGradient), [width, w], 'float32');
    return g.matMul(y, matrix, [n, c, down, w]);
  };
  // The axis that leaves less to do for the other one.
  return h * width * (height + w) < height * w * (width + h)
    ? byColumns(byRows(x, width), h)
    : byRows(byColumns(x, height), w);
}

const resizeBilinear: Kernel = (g, inputs, attrs, backend) => {
  const given = inputs.get('images');
  const [height, width] = attrs.numbers('size') as [number, number];
  const alignCorners = attrs.flag('alignCorners');
  if (given.size === 0) return undefined;
  const x = asNchw(g, g.cast(given, 'float32'));
  if (alignCorners && (height === 1 || width === 1)) {
    // ONNX would take the first element's place from elsewhere.
    const lines = linesOf(given.shape, [height, width], attrs);
    return fromNchw(throughMatrices(g, backend, x, lines, 'bilinear', false));
  }
  const mode = alignCorners ? 'align_corners' : attrs.flag('halfPixelCenters') ? 'half_pixel' : 'asymmetric';
  return fromNchw(resize(g, x, [height, width], 'linear', mode));
};

/** ONNX's own, of [n, c, h, w]. */
function resize(g: Graph, x: Value, [height, width]: Size, mode: string, coordinates: string): Value {
  const [n, c] = x.shape as [number, number];
  const shape = [n, c, height, width];
  const operands = [x, null, null, g.int64s(shape)];
  const nearest = mode === 'nearest' ? { nearest_mode: text('floor') } : {};
  const attributes = { mode: text(mode), coordinate_transformation_mode: text(coordinates), ...nearest };
  return g.op('Resize', operands, { type: x.type, shape }, attributes);
}

const resizeNearest: Kernel = (g, inputs, attrs) => {
  const given = inputs.get('images');
  const size = attrs.numbers('size') as [number, number];
  const [n, h, w, c] = given.shape as [number, number, number, number];
  if (given.size === 0) return undefined;
  const [rows, columns] = linesOf(given.shape, size, attrs);
  const times = [repetition(rows), repetition(columns)] as const;
  const x = g.dense(given);
  if (times[0] !== undefined && times[1] !== undefined && x.type === 'float32') {
    if (blockOf(x.perm) === 0) return fromNchw(resize(g, asNchw(g, x), size, 'nearest', 'asymmetric'));
    const scales = ints([1, 1, times[0], times[1]]);
    const output = { type: x.type, shape: [n, c, ...size] };
    const attributes = { scales, mode: text('nearest') };
    const y = g.op('Upsample', [g.view(x, [n, c, h, w])], output, attributes, blockedDomain);
    return g.view(y, [n, ...size, c], x.perm);
  }
  const tall = pick(g, x, 1, nearestInputs(rows));
  return pick(g, tall, 2, nearestInputs(columns));
};

/** Rows or columns by number, in the layout that the images have. */
function pick(g: Graph, x: Value, axis: 1 | 2, numbers: readonly number[]): Value {
  const shape = x.shape.map((length, i) => (i === axis ? numbers.length : length));
  const output = { type: x.type, shape, perm: x.perm };
  return g.op('Gather', [x, g.int64s(numbers)], output, { axis: int(physicalAxis(axis, x.perm)) });
}

const gradient =
  (method: Interpolation): Kernel =>
  (g, inputs, attrs, backend) => {
    const { shape, type } = inputs.get('images');
    const dy = g.dense(g.cast(inputs.get('dy'), 'float32'));
    if (dy.size === 0 || inputs.get('images').size === 0) return undefined;
    const [, height, width] = dy.shape as [number, number, number, number];
    const lines = linesOf(shape, [height, width], attrs);
    const dx =
      (method === 'nearest' ? sumOfRepeated(g, dy, shape, lines) : undefined) ??
      fromNchw(throughMatrices(g, backend, asNchw(g, dy), lines, method, true));
    return castLikeJs(g, dx, method === 'nearest' ? type : 'float32');
  };

/** Where every element was repeated a whole number of times: the sum over these, in the layout that dy has. */
function sumOfRepeated(
  g: Graph,
  dy: Value,
  shape: readonly number[],
  [rows, columns]: Lines,
): Value | undefined {
  const down = repetition(rows);
  const across = repetition(columns);
  if (down === undefined || across === undefined) return undefined;
  const isInOrder = physicalAxis(2, dy.perm) === physicalAxis(1, dy.perm) + 1;
  const ordered = isInOrder ? dy : g.withPerm(dy, null);
  const axis = physicalAxis(1, ordered.perm);
  const { dims } = ordered;
  const split = [...dims.slice(0, axis), rows.from, down, columns.from, across, ...dims.slice(axis + 2)];
  const sum = g.reduce('ReduceSum', g.view(ordered, split), [axis + 1, axis + 3]);
  return g.view(sum, shape, ordered.perm);
}

/**
 * Where a crop's rows (or columns) are read from: [boxes, outputs], in elements of the image. In float64, for a box that
 * ends where the image does must not end beyond it.
 */
function cropPlaces(g: Graph, start: Value, end: Value, size: number, outputs: number): Value {
  const double = (value: number) => g.scalar('float64', value);
  const [from, to] = [start, end].map((edge) =>
    g.zip('Mul', [g.reshape(g.cast(edge, 'float64'), [edge.size, 1]), double(size - 1)]),
  ) as [Value, Value];
  if (outputs === 1) return g.zip('Mul', [g.zip('Add', [from, to]), double(0.5)]);
  const step = g.zip('Div', [g.zip('Sub', [to, from]), double(outputs - 1)]);
  const shape = [start.size, outputs];
  const moved = g.op('Mul', [step, counted(outputs)], { type: 'float64', shape });
  return g.zip('Add', [from, moved]);
}

/** 0, 1, 2, ... A literal, which g.zip would not stretch an operand for. */
const counted = (length: number) =>
  literal(
    'float64',
    Array.from({ length }, (_, i) => i),
    [length],
  );

/** Shares of inputs in outputs, [boxes, outputs, size], and which outputs lie in the image, [boxes, outputs]. */
function cropShares(g: Graph, places: Value, size: number, method: Interpolation) {
  const double = (value: number) => g.scalar('float64', value);
  const nearest = g.map('Floor', g.zip('Add', [places, double(0.5)]));
  const read = g.reshape(method === 'nearest' ? nearest : places, [...places.shape, 1]);
  const shape = [...places.shape, size];
  const distance = g.map('Abs', g.op('Sub', [read, counted(size)], { type: 'float64', shape }));
  const inside = g.zip('And', [
    g.zip('GreaterOrEqual', [places, double(0)], 'bool'),
    g.zip('LessOrEqual', [places, double(size - 1)], 'bool'),
  ]);
  return {
    shares: g.cast(g.zip('Max', [g.zip('Sub', [double(1), distance]), double(0)]), 'float32'),
    inside,
  };
}

const cropAndResize: Kernel = (g, inputs, attrs) => {
  const image = inputs.get('image');
  const boxes = inputs.get('boxes');
  const [height, width] = attrs.numbers('cropSize') as [number, number];
  const [count] = boxes.shape as [number];
  const [, h, w, c] = image.shape as [number, number, number, number];
  if (image.size === 0 || count * height * width === 0) return undefined;
  const method = attrs.any('method') as Interpolation;
  const [y1, x1, y2, x2] = split(g, g.cast(boxes, 'float32'), [1, 1, 1, 1], 1) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const rows = cropShares(g, cropPlaces(g, y1, y2, h, height), h, method);
  const columns = cropShares(g, cropPlaces(g, x1, x2, w, width), w, method);
  const picked = g.op(
    'Gather',
    [asNchw(g, g.cast(image, 'float32')), g.plain(castLikeJs(g, inputs.get('boxInd'), 'int32'))],
    { type: 'float32', shape: [count, c, h, w] },
    { axis: int(0) },
  );
  const across = g.plain(g.relabel(columns.shares, [0, 2, 1]));
  const wide = g.matMul(picked, g.view(across, [count, 1, w, width]), [count, c, h, width]);
  const cropped = g.matMul(g.view(g.plain(rows.shares), [count, 1, height, h]), wide, [
    count,
    c,
    height,
    width,
  ]);
  const inside = g.zip('And', [
    g.view(g.plain(rows.inside), [count, 1, height, 1]),
    g.view(g.plain(columns.inside), [count, 1, 1, width]),
  ]);
  const beyond = g.f32(attrs.number('extrapolationValue', 0));
  return fromNchw(g.zip('Where', [inside, cropped, beyond], 'float32'));
};

export const resizeKernels: Table = {
  ResizeBilinear: resizeBilinear,
  ResizeNearestNeighbor: resizeNearest,
  CropAndResize: cropAndResize,
  ResizeBilinearGrad: gradient('bilinear'),
  ResizeNearestNeighborGrad: gradient('nearest'),
};
