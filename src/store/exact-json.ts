/**
 * JSON has no NaN, infinities, -0 or big integers: JSON.stringify turns them into null, 0 or an exception, and
 * training that goes on from such a state is not the training that was stopped. Here they become small tagged
 * objects, `{"$number": "NaN"}`, and come back as they were.
 */

const numberTag = '$number';
const bigintTag = '$bigint';
/** Around an object of the caller's that would itself look like a tag. */
const escapeTag = '$object';
const tags = new Set([numberTag, bigintTag, escapeTag]);

/**
 * A value as plain JSON data. As with JSON.stringify, properties that are undefined are left out.
 *
 * @throws TypeError for what has no place in JSON: functions, symbols, typed arrays, maps, dates
 */
export function toPlainJson(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Object.is(value, -0)) return { [numberTag]: '-0' };
      return Number.isFinite(value) ? value : { [numberTag]: String(value) };
    case 'bigint':
      return { [bigintTag]: String(value) };
    case 'object':
      break;
    default:
      throw new TypeError(`A ${typeof value} can't be stored as JSON.`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(toPlainJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`A ${value.constructor.name} can't be stored as JSON.`);
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  const plain = Object.fromEntries(entries.map(([key, field]) => [key, toPlainJson(field)]));
  return entries.some(([key]) => tags.has(key)) ? { [escapeTag]: plain } : plain;
}

/** The value that {@link toPlainJson} was given. */
export function fromPlainJson(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map(fromPlainJson);
  if (numberTag in plain) return Number(plain[numberTag]);
  if (bigintTag in plain) return BigInt(String(plain[bigintTag]));
  const fields = escapeTag in plain ? Object(plain[escapeTag]) : plain;
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, fromPlainJson(field)]));
}
