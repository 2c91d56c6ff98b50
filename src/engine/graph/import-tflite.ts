/**
 * TensorFlow Lite files to the model graph: float32, float16 weights, and 8-bit quantized networks, whose
 * weights become real numbers and whose ranges become the activations they stand for.
 */
import { HolotypeError } from '../../contract/errors.ts';
import type { ModelGraph } from './graph.ts';
import { TfliteBuilder } from './tflite-builder.ts';
import { handlers } from './tflite-operators.ts';
import { isTflite, readTflite } from './tflite-schema.ts';
import type { TfliteOperator } from './tflite-schema.ts';
import { pixelNormalization } from './tflite-values.ts';

/**
 * Reads a TensorFlow Lite image network.
 *
 * @param bytes a .tflite or .lite file
 * @returns the network as it was trained: takes real (normalized) numbers, not 8-bit codes
 * @throws HolotypeError('not-supported') naming the operator and node this importer doesn't know
 * @throws HolotypeError('bad-input') when the file is damaged, cut off or no TensorFlow Lite file
 */
export function importTflite(bytes: Uint8Array): ModelGraph {
  return guarded(bytes, () => {
    const builder = new TfliteBuilder(bytes);
    for (const operator of neededOperators(builder)) {
      const handler = handlers[operator.op];
      if (handler === undefined)
        throw new HolotypeError(
          'not-supported',
          `Holotype doesn't know the TensorFlow Lite operator ${builder.describe(operator)}.`,
          { remedy: 'Choose another model, or export this one as ONNX.' },
        );
      handler(builder, operator);
    }
    return builder.finish();
  });
}

/**
 * How a quantized network wants its pixels, as its input's scale and zero point say: the real number that the
 * network was trained on is (pixel - mean) / std for a pixel value 0..255.
 *
 * @returns undefined for float networks, which don't say
 * @throws HolotypeError('bad-input') when the file is damaged
 */
export function tfliteInputNormalization(
  bytes: Uint8Array,
): { mean: [number, number, number]; std: [number, number, number] } | undefined {
  return guarded(bytes, () => {
    const model = readTflite(bytes);
    const [index = -1] = model.inputs;
    // Networks with 8-bit insides and a float door quantize first thing: the same scale, one step in.
    const inside = model.operators.find(({ op, inputs }) => op === 'QUANTIZE' && inputs[0] === index);
    for (const candidate of [index, inside?.outputs[0] ?? -1]) {
      const tensor = model.tensors[candidate];
      const found = tensor && pixelNormalization(tensor);
      if (found)
        return { mean: [found.mean, found.mean, found.mean], std: [found.std, found.std, found.std] };
    }
    return undefined;
  });
}

/** The operators that the outputs depend on, in the file's order; shape arithmetic and the like falls away. */
function neededOperators(builder: TfliteBuilder): TfliteOperator[] {
  const needed = new Set<TfliteOperator>();
  const open = [...builder.model.outputs];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const operator = builder.producer(index);
    if (operator === undefined || needed.has(operator)) continue;
    // A float16 weight: the constant is read through its DEQUANTIZE when it is needed.
    if (operator.op === 'DEQUANTIZE' && builder.constant(operator, 0) !== undefined) continue;
    needed.add(operator);
    // A reshape's second operand is a shape somebody may have computed; the result's shape is known anyway.
    const data = operator.op === 'RESHAPE' ? operator.inputs.slice(0, 1) : operator.inputs;
    open.push(...data.filter((input) => input >= 0));
  }
  return builder.model.operators.filter((operator) => needed.has(operator));
}

function guarded<T>(bytes: Uint8Array, read: () => T): T {
  if (!isTflite(bytes))
    throw new HolotypeError('bad-input', 'This is not a TensorFlow Lite file, or it is damaged.', {
      remedy: 'Get the model file again.',
    });
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError)
      throw new HolotypeError(
        'bad-input',
        `The TensorFlow Lite file is damaged or cut off: ${error.message}.`,
        {
          remedy: 'Get the model file again.',
          cause: error,
        },
      );
    throw error;
  }
}
