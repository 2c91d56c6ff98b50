import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPlainJson, toPlainJson } from '../../src/store/exact-json.ts';

const through = (value: unknown): unknown => fromPlainJson(JSON.parse(JSON.stringify(toPlainJson(value))));

describe('exact JSON', () => {
  it('keeps every number, and objects that look like its own tags', () => {
    const leaf = fc.oneof(
      fc.double(),
      fc.bigInt(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(-0),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom('$number', '$bigint', '$object', '__proto__'));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        expect(through(original)).toStrictEqual(original);
      }),
    );
  });

  it('leaves out what is undefined, and refuses what has no place in JSON', () => {
    expect(through({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
    for (const value of [new Float32Array(2), new Map(), new Date(), () => 1, Symbol('x')])
      expect(() => toPlainJson({ value })).toThrow(TypeError);
  });
});
