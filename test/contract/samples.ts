/** Values at random that a schema takes, made from the schema itself. */
import * as fc from 'fast-check';
import { z } from 'zod';

/** The parts of JSON Schema that zod writes for the contract. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly prefixItems?: readonly Shape[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/**
 * So many values, the same ones each time.
 *
 * @param io what goes into the schema, or what comes out of it
 */
export function samplesOf(schema: z.ZodType, io: 'input' | 'output', count: number): unknown[] {
  const known = made[io].get(schema);
  if (known !== undefined && known.length >= count) return known.slice(0, count);
  const shape = z.toJSONSchema(schema, { io, reused: 'inline' }) as Shape;
  // What JSON Schema can't say (no name twice, ...) the schema itself decides.
  const values = arbitrary(shape).filter((value) => schema.safeParse(value).success);
  const samples = fc.sample(values, { numRuns: count, seed: 7 });
  made[io].set(schema, samples);
  return samples;
}

/** Making values takes longer than using them. */
const made = { input: new Map<z.ZodType, unknown[]>(), output: new Map<z.ZodType, unknown[]>() };

function arbitrary(shape: Shape): fc.Arbitrary<unknown> {
  if ('const' in shape) return fc.constant(shape.const);
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(arbitrary));
  if (shape.allOf !== undefined)
    return fc.tuple(...shape.allOf.map(arbitrary)).map((parts) => Object.assign({}, ...parts) as unknown);
  switch (shape.type) {
    case 'object':
      return objects(shape);
    case 'array':
      return arrays(shape);
    case 'string':
      return strings(shape);
    case 'integer':
      // Of a positive whole number zod writes both bounds: the safe integers' and its own.
      return fc.integer({
        min: Math.max(shape.minimum ?? -1000, (shape.exclusiveMinimum ?? -Infinity) + 1, -1e9),
        max: Math.min(shape.maximum ?? 1_000_000, (shape.exclusiveMaximum ?? Infinity) - 1, 1e9),
      });
    case 'number':
      return (
        fc
          .double({
            min: shape.minimum ?? shape.exclusiveMinimum ?? -1e6,
            max: shape.maximum ?? shape.exclusiveMaximum ?? 1e6,
            minExcluded: shape.exclusiveMinimum !== undefined,
            maxExcluded: shape.exclusiveMaximum !== undefined,
            noNaN: true,
          })
          // JSON knows no minus zero.
          .map((n) => n + 0)
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.constantFrom<unknown>('anything', 7, null, [1, 'x'], { a: true });
  }
}

function objects({ properties = {}, required = [], additionalProperties }: Shape): fc.Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, arbitrary(shape)])),
    { requiredKeys: [...required], noNullPrototype: true },
  );
  if (typeof additionalProperties !== 'object' || Object.keys(properties).length > 0) return known;
  return fc.dictionary(fc.stringMatching(/^[a-z][\w ]{1,8}$/), arbitrary(additionalProperties), {
    maxKeys: 3,
    noNullPrototype: true,
  });
}

function arrays({ items = {}, prefixItems, minItems = 0, maxItems = 3 }: Shape): fc.Arbitrary<unknown> {
  if (prefixItems !== undefined) {
    const tuples = fc.tuple(...prefixItems.map(arbitrary));
    // Two numbers are a range, the smaller first: with many ranges in a value, chance would hardly ever hit that.
    const isRange = prefixItems.length === 2 && prefixItems.every(({ type }) => type === 'number');
    return isRange ? tuples.map((pair) => (pair as number[]).toSorted((a, b) => a - b)) : tuples;
  }
  return fc.array(arbitrary(items), {
    minLength: minItems,
    maxLength: Math.max(minItems, Math.min(maxItems, 3)),
  });
}

function strings({ pattern, format, minLength = 0, maxLength = 40 }: Shape): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (format === 'uri') return fc.constant('https://example.org/model.onnx');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  // Names of people and photos are of all alphabets.
  return fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: 'grapheme' });
}
