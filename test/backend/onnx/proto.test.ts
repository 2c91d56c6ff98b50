import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { Message } from '../../../src/backend/onnx/proto.ts';

const schema = protobuf
  .parse(
    `
  syntax = "proto3";
  message Inner { string name = 1; repeated int64 dims = 2; }
  message Outer { int64 number = 1; float slope = 2; bytes raw = 9; repeated Inner inner = 300; string text = 4; }
`,
  )
  .root.lookupType('Outer');

test('what it writes, protobufjs reads', () => {
  fc.assert(
    fc.property(
      fc.record({
        number: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        slope: fc.float({ noNaN: true }),
        raw: fc.uint8Array({ maxLength: 500 }),
        text: fc.string({ unit: 'binary', maxLength: 300 }),
        inner: fc.array(
          fc.record({ name: fc.string({ maxLength: 80 }), dims: fc.array(fc.maxSafeInteger()) }),
          { maxLength: 5 },
        ),
      }),
      ({ number, slope, raw, text, inner }) => {
        const message = new Message().int(1, number).float(2, slope).bytes(9, raw).string(4, text);
        for (const { name, dims } of inner)
          message.message(300, new Message().string(1, name).packed(2, dims));
        const bytes = message.finish();
        expect(bytes).toHaveLength(message.length);
        const read = schema.toObject(schema.decode(bytes), { longs: String, defaults: true }) as {
          number: string;
          slope: number;
          raw: Uint8Array;
          text: string;
          inner: { name: string; dims: string[] }[];
        };
        expect(read.number).toBe(String(number));
        expect(Object.is(read.slope, slope)).toBe(true);
        expect(Array.from(read.raw)).toEqual(Array.from(raw));
        expect(read.text).toBe(text);
        expect(read.inner).toEqual(inner.map(({ name, dims }) => ({ name, dims: dims.map(String) })));
      },
    ),
    { numRuns: 200 },
  );
});
