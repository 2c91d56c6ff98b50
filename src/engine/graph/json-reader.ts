/**
 * Reading parsed JSON of unknown shape (a model.json from somebody else's tool): every accessor either
 * returns the type it names or throws a HolotypeError that says where the file is wrong.
 */
import { HolotypeError } from '../../contract/errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws HolotypeError('bad-input') saying that `where` should have been `expected`. */
export function malformed(where: string, expected: string, value: unknown): HolotypeError {
  const shown = JSON.stringify(value) ?? 'missing';
  return new HolotypeError(
    'bad-input',
    `The model file is damaged: ${where} should be ${expected}, but is ${shown.slice(0, 80)}.`,
    { remedy: 'Download or export the model again.' },
  );
}

export function objectAt(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw malformed(where, 'an object', value);
  return value;
}

export function arrayAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(where, 'a list', value);
  return value;
}

export function stringAt(value: unknown, where: string): string {
  if (typeof value !== 'string') throw malformed(where, 'a text', value);
  return value;
}

export function numberAt(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(where, 'a number', value);
  return value;
}

/** A list of non-negative whole numbers: a tensor's shape. */
export function shapeAt(value: unknown, where: string): number[] {
  return arrayAt(value, where).map((size) => {
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw malformed(where, 'a list of sizes', value);
    return size;
  });
}
