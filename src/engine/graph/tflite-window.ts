/** Operands that are images, and windows that slide over them. */
import type { TfliteOperator } from './tflite-schema.ts';
import { padsOf, slide } from './tflite-builder.ts';
import type { TfliteBuilder, Value } from './tflite-builder.ts';

const strideFields = { width: 1, height: 2 } as const;

/** Height, width and channels of an operand that must have them. */
export function image(b: TfliteBuilder, op: TfliteOperator, value: Value): [number, number, number] {
  const [height, width, channels] = value.shape;
  if (value.shape.length !== 3 || !height || !width || !channels)
    throw b.refuse(op, `reads a tensor of shape [${value.shape.join(', ')}], not an image`);
  return [height, width, channels];
}

/** Strides and padding of a window that slides over height and width. */
export function windowOf(
  b: TfliteBuilder,
  op: TfliteOperator,
  [height, width]: readonly [number, number, number],
  window: readonly [height: number, width: number],
  dilations: readonly [height: number, width: number] = [1, 1],
) {
  const strides = [op.options.int32(strideFields.height), op.options.int32(strideFields.width)] as const;
  if ([...strides, ...window, ...dilations].some((size) => size < 1))
    throw b.broken(op, `has a window of ${window.join(' x ')} and strides ${strides.join(', ')}`);
  const same = op.options.int8(0) === 0;
  const vertical = slide(height, window[0], strides[0], dilations[0], same);
  const horizontal = slide(width, window[1], strides[1], dilations[1], same);
  if (vertical.size < 1 || horizontal.size < 1)
    throw b.broken(op, `has a window of ${window.join(' x ')} on an image of ${height} x ${width}`);
  return {
    strides,
    dilations,
    pads: padsOf(vertical, horizontal),
    size: [vertical.size, horizontal.size] as const,
  };
}
