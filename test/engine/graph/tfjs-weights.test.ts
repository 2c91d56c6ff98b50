import * as tfc from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { decodeWeights, encodeWeights } from '../../../src/engine/graph/tfjs-weights.ts';
import './tfjs-testing.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 });

describe('encodeWeights', () => {
  it('writes what decodeWeights reads back bit for bit, and what tfjs-core reads too', () => {
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 5 }), fc.integer(), (list, seed) => {
        const weights = list.map((shape, i) => {
          const size = shape.reduce((product, one) => product * one, 1);
          const data = Float32Array.from(
            { length: size },
            (_, j) => Math.sin(seed + i * 31 + j) * 10 ** (j % 9),
          );
          return [`layer_${i}/kernel`, { shape, data }] as const;
        });
        const { manifest, bytes } = encodeWeights(weights);
        const again = decodeWeights(manifest, bytes);
        const theirs = tfc.io.decodeWeights(
          new Uint8Array(bytes).buffer,
          manifest.flatMap((group) => group.weights.map((spec) => ({ ...spec, shape: [...spec.shape] }))),
        );
        for (const [name, weight] of weights) {
          expect(again.get(name)).toEqual(weight);
          expect(theirs[name]?.dataSync()).toEqual(weight.data);
        }
        expect(again.size).toBe(weights.length);
        tfc.dispose(theirs);
      }),
      { numRuns: 30 },
    );
  });
});

describe('decodeWeights', () => {
  const cases: { stored: 'uint8' | 'uint16' | 'float16'; bytes: Uint8Array; dtype: 'float32' | 'int32' }[] = [
    { stored: 'uint8', bytes: Uint8Array.of(0, 1, 127, 128, 255, 3), dtype: 'float32' },
    { stored: 'uint8', bytes: Uint8Array.of(0, 1, 127, 128, 255, 3), dtype: 'int32' },
    {
      stored: 'uint16',
      bytes: new Uint8Array(Uint16Array.of(0, 1, 300, 40000, 65535, 7).buffer),
      dtype: 'float32',
    },
    {
      // 1, -2, smallest subnormal, largest, -0.333, 0
      stored: 'float16',
      bytes: new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0xb555, 0x0000).buffer),
      dtype: 'float32',
    },
  ];
  it.each(cases)('restores $stored to $dtype as tfjs-core does', ({ stored, bytes, dtype }) => {
    const quantization =
      stored === 'float16' ? { dtype: stored } : { dtype: stored, scale: 0.013, min: -1.7 };
    const spec = { name: 'a/kernel', shape: [2, 3], dtype, quantization };
    const expected = tfc.io.decodeWeights(new Uint8Array(bytes).buffer, [spec])['a/kernel']?.dataSync() ?? [];
    const actual = decodeWeights([{ paths: ['w'], weights: [spec] }], bytes).get('a/kernel');
    expect(actual?.shape).toEqual([2, 3]);
    // tfjs-core restores in the same formula; int32 it rounds as well.
    expect([...(actual?.data ?? [])]).toEqual([...expected]);
  });

  it('reads int32 and unaligned float32, and doubles of both in several groups', () => {
    const bytes = new Uint8Array(1 + 8 + 8);
    bytes[0] = 1;
    bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    bytes.set(new Uint8Array(Int32Array.of(-7, 1000000).buffer), 9);
    const manifest = [
      {
        paths: ['a'],
        weights: [
          { name: 'flag', shape: [], dtype: 'bool' },
          { name: 'f', shape: [2], dtype: 'float32' },
        ],
      },
      { paths: ['b'], weights: [{ name: 'i', shape: [2], dtype: 'int32' }] },
    ];
    // A Buffer with an offset of its own: its slice() would share memory instead of copying.
    const shifted = Buffer.concat([Buffer.from([9]), bytes]).subarray(1);
    const weights = decodeWeights(manifest, shifted);
    expect([...(weights.get('flag')?.data ?? [])]).toEqual([1]);
    expect([...(weights.get('f')?.data ?? [])]).toEqual([1.5, -2]);
    expect([...(weights.get('i')?.data ?? [])]).toEqual([-7, 1000000]);
  });

  const two = [
    {
      paths: ['w'],
      weights: [
        { name: 'first/kernel', shape: [2], dtype: 'float32' },
        { name: 'second/bias', shape: [3], dtype: 'float32' },
      ],
    },
  ];

  it('names the weight that is cut off, at every length', () => {
    for (let length = 0; length < 20; length++) {
      const name = length < 8 ? 'first/kernel' : 'second/bias';
      expect(() => decodeWeights(two, new Uint8Array(length))).toThrowError(
        expect.objectContaining({
          code: 'bad-input',
          message: expect.stringContaining(`"${name}" is cut off`),
        }),
      );
    }
  });

  it('refuses bytes left over, unknown types, missing lists and names used twice', () => {
    const code = (run: () => unknown): unknown => {
      try {
        run();
        return undefined;
      } catch (error) {
        return error instanceof HolotypeError ? error.code : error;
      }
    };
    const one = (entry: object): unknown => [{ paths: ['w'], weights: [entry] }];
    expect(code(() => decodeWeights(two, new Uint8Array(21)))).toBe('bad-input');
    expect(code(() => decodeWeights(one({ name: 's', shape: [], dtype: 'string' }), new Uint8Array(4)))).toBe(
      'not-supported',
    );
    expect(code(() => decodeWeights(undefined, new Uint8Array(0)))).toBe('bad-input');
    expect(
      code(() => decodeWeights(one({ name: 'x', shape: [-1], dtype: 'float32' }), new Uint8Array(0))),
    ).toBe('bad-input');
    expect(code(() => decodeWeights(one({ shape: [1], dtype: 'float32' }), new Uint8Array(4)))).toBe(
      'bad-input',
    );
    const twice = { name: 'x', shape: [1], dtype: 'float32' };
    expect(code(() => decodeWeights([{ paths: ['w'], weights: [twice, twice] }], new Uint8Array(8)))).toBe(
      'bad-input',
    );
  });
});
