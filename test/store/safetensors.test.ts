import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/store/safetensors.ts';
import type { TensorToWrite } from '../../src/store/safetensors.ts';

/** A file put together from a header and data, as any other program might. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, data]));
}

function codeOf(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes);
    return 'fine';
  } catch (error) {
    return error instanceof HolotypeError ? error.code : `unexpected: ${String(error)}`;
  }
}

describe('safetensors', () => {
  // Byte by byte from the format's description: 1.5 = 3f c0 00 00, -2 = c0 00 00 00 in big-endian float32.
  const header =
    '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const handMade = new Uint8Array(
    Buffer.concat([
      Buffer.of(padded.length, 0, 0, 0, 0, 0, 0, 0),
      Buffer.from(padded),
      Buffer.of(0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0),
      Buffer.of(7, 8, 9),
    ]),
  );

  it('writes exactly the bytes of a hand-made file', () => {
    const tensors = new Map<string, TensorToWrite>([
      ['b', { shape: [3], data: Uint8Array.of(7, 8, 9) }],
      ['w', { shape: [2, 1], data: Float32Array.of(1.5, -2) }],
    ]);
    expect(encodeSafetensors(tensors, { format: 'pt' })).toEqual(handMade);
  });

  it('reads a hand-made file, wherever it lies in memory', () => {
    for (const shift of [0, 1, 2, 3, 4, 8]) {
      const memory = new Uint8Array(handMade.length + shift);
      memory.set(handMade, shift);
      for (const bytes of [memory.subarray(shift), Buffer.from(memory.buffer, shift)]) {
        const { tensors, metadata } = decodeSafetensors(bytes);
        expect(metadata).toEqual({ format: 'pt' });
        expect([...tensors]).toEqual([
          ['w', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -2) }],
          ['b', { dtype: 'U8', shape: [3], data: Uint8Array.of(7, 8, 9) }],
        ]);
      }
    }
  });

  it('gives back every type, name and shape', () => {
    const data = fc.oneof(
      fc.float32Array({ maxLength: 24 }),
      fc.float64Array({ maxLength: 24 }),
      fc.int8Array({ maxLength: 24 }),
      fc.uint8Array({ maxLength: 24 }),
      fc.int16Array({ maxLength: 24 }),
      fc.uint16Array({ maxLength: 24 }),
      fc.int32Array({ maxLength: 24 }),
      fc.uint32Array({ maxLength: 24 }),
      fc.bigInt64Array({ maxLength: 24 }),
      fc.bigUint64Array({ maxLength: 24 }),
    );
    const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', '0', '1', 'constructor', '"', 'é'));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, data)), (entries) => {
        const tensors = new Map(
          entries
            .filter(([key]) => key !== '__metadata__')
            .map(([key, values]) => [
              key,
              { shape: values.length % 2 ? [values.length] : [2, values.length / 2], data: values },
            ]),
        );
        const decoded = decodeSafetensors(encodeSafetensors(tensors));
        expect(decoded.tensors.size).toBe(tensors.size);
        for (const [key, { shape, data: values }] of tensors) {
          expect(decoded.tensors.get(key)?.shape).toEqual(shape);
          expect(decoded.tensors.get(key)?.data).toEqual(values);
        }
        expect(decoded.metadata).toEqual({});
      }),
    );
  });

  it('keeps scalars, empty tensors and half precision', () => {
    const tensors = new Map<string, TensorToWrite>([
      ['scalar', { shape: [], data: Float32Array.of(3) }],
      ['empty', { shape: [0, 4], data: new Float32Array(0) }],
      ['half', { shape: [1], data: Uint16Array.of(0x3c00), dtype: 'F16' }],
      ['mask', { shape: [2], data: Uint8Array.of(0, 1), dtype: 'BOOL' }],
    ]);
    const decoded = decodeSafetensors(encodeSafetensors(tensors)).tensors;
    for (const [name, tensor] of tensors) expect(decoded.get(name)).toMatchObject(tensor);
  });

  it('refuses every file that was cut, or has a byte too many', () => {
    for (let length = 0; length < handMade.length; length += 1)
      expect(codeOf(handMade.subarray(0, length))).toBe('bad-input');
    expect(codeOf(Uint8Array.from([...handMade, 0]))).toBe('bad-input');
  });

  it('never fails otherwise than by saying so, whatever bit flips', () => {
    for (let at = 0; at < handMade.length * 8; at += 1) {
      const flipped = handMade.slice();
      flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(codeOf(flipped)).toMatch(/^(fine|bad-input)$/);
    }
  });

  const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });
  it.each<[string, Uint8Array]>([
    ['a header longer than allowed', file('{}').fill(0xff, 0, 8)],
    ['no object', file([1])],
    ['metadata that is no text', file({ __metadata__: { a: 1 } })],
    ['an unknown type', file({ a: f32(0, 4, [1], 'F31') }, new Uint8Array(4))],
    ['a type from the prototype', file({ a: f32(0, 4, [1], 'toString') }, new Uint8Array(4))],
    ['a negative size', file({ a: f32(0, 4, [-1]) }, new Uint8Array(4))],
    ['a size that overflows', file({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, new Uint8Array(4))],
    ['a shape that does not fit', file({ a: f32(0, 4, [2]) }, new Uint8Array(4))],
    ['a gap', file({ a: f32(0, 4), b: f32(8, 12) }, new Uint8Array(12))],
    ['an overlap', file({ a: f32(0, 8), b: f32(4, 12) }, new Uint8Array(12))],
    ['an end before the beginning', file({ a: f32(4, 0, []) }, new Uint8Array(4))],
    ['missing offsets', file({ a: { dtype: 'F32', shape: [1] } }, new Uint8Array(4))],
    ['a tensor that is nothing', file({ a: null })],
  ])('refuses %s', (_name, bytes) => {
    expect(codeOf(bytes)).toBe('bad-input');
  });

  it('does not write what it could not read', () => {
    const encode = (name: string, tensor: TensorToWrite) => () =>
      encodeSafetensors(new Map([[name, tensor]]));
    expect(encode('a', { shape: [3], data: new Float32Array(2) })).toThrow('2 values');
    expect(encode('a', { shape: [2], data: new Float32Array(2), dtype: 'I32' })).toThrow('I32');
    expect(encode('__metadata__', { shape: [2], data: new Float32Array(2) })).toThrow('name');
  });
});
