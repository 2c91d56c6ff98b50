import { assert, float, property } from 'fast-check';
import { expect, test } from 'vitest';
import { packHalves, toHalf, unpackHalves } from '../../../../src/engine/train/finetune/half.ts';

const back = (value: number): number => {
  const half = new Uint16Array(1);
  const float = new Float32Array(1);
  packHalves(Float32Array.of(value), half);
  unpackHalves(half, float);
  return float[0] ?? Number.NaN;
};

test('every half comes back as itself', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
    (half) => (half & 0x7c00) !== 0x7c00,
  );
  const floats = new Float32Array(halves.length);
  const again = new Uint16Array(halves.length);
  unpackHalves(halves, floats);
  packHalves(floats, again);
  expect(again).toEqual(halves);
});

test('known numbers', () => {
  expect(toHalf(1)).toBe(0x3c00);
  expect(toHalf(-2)).toBe(0xc000);
  expect(toHalf(65504)).toBe(0x7bff);
  expect(toHalf(2 ** -24)).toBe(1);
  expect(toHalf(2 ** -14)).toBe(0x0400);
  expect(toHalf(1 + 2 ** -11)).toBe(0x3c00); // a tie goes to the even neighbour
  expect(toHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
  expect(back(1e6)).toBe(65504);
  expect(back(-Infinity)).toBe(-65504);
  expect(back(Number.NaN)).toBeNaN();
});

test('what lies between two halves goes to the nearer one', () => {
  assert(
    property(float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const unit = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10));
      expect(Math.abs(back(value) - value)).toBeLessThanOrEqual(unit / 2);
    }),
  );
});
